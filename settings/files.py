"""Settings that stand in files: SECRET_KEY_FILE=/run/secrets/secret_key instead of SECRET_KEY.

Secrets of containers, of Kubernetes and of systemd are files, and an environment can be read by every process of its
user (`/proc`, `docker inspect`); a file can be given to one process alone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

SUFFIX = "_file"
# Under this name the source tells the model what it could not read, so that all problems are told together.
UNREADABLE = "unreadable_files"
# Far more than any secret; a wrong path must not fill the memory.
_BYTES_MAX = 64 * 1024


class SettingsFromFiles(PydanticBaseSettingsSource):
    """Reads each setting whose `..._FILE` is set; the environment goes before `.env`, in either form."""

    def __init__(self, settings_cls: type[BaseSettings], *places: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._places = places

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Of no use here: `__call__` looks at a setting in both its forms."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        unreadable: dict[str, str] = {}
        for name in self.settings_cls.model_fields:
            for place in self._places:
                direct, path = place.get(name), place.get(name + SUFFIX)
                if path and direct:
                    unreadable[name] = f"is set, and {(name + SUFFIX).upper()} as well: keep one of the two"
                elif path:
                    try:
                        content = _content(Path(path))
                    except (OSError, ValueError) as error:
                        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
                        unreadable[name + SUFFIX] = f"{path} cannot be used: {why}"
                    else:
                        # An empty file is like an empty variable: not set.
                        found |= {name: content} if content else {}
                if path or direct:
                    break
        return {**found, UNREADABLE: unreadable} if unreadable else found


def _content(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(_BYTES_MAX + 1)
    if len(raw) > _BYTES_MAX:
        raise ValueError("it is too large for a setting")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None
