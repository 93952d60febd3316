"""How Flower is set up: who may look, what it keeps, how a row of its task list reads, and the way back to us."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

from tornado.template import Loader, Template

from models.private_files import make_private_directory
from settings import Settings
from settings.environment import Environment

OWN_USER = "operator"
# Lane and tenant are in the arguments (`workers/nudges.py`), so they stand beside the name.
COLUMNS = "name,args,state,received,runtime,worker"
# It keeps tasks in memory. Sweeps send no events, so this is hours of work even on a busy day.
TASKS_MAX = 20_000
SAVE_EVERY_MILLISECONDS = 60_000
# A worker that was scaled away leaves the list after this.
OFFLINE_SECONDS = 3600
_END_OF_MENU = "      </ul>\n"


def flower_logins(settings: Settings) -> list[str]:
    """Who may look, each as `user:password`. In development one is made up where none is set, and kept.

    Raises:
        ValueError: none is set, and in production nobody could know the one that is made up.
    """
    given = settings.flower_basic_auth.get_secret_value()
    if given:
        return given.split(",")
    if settings.environment is Environment.PRODUCTION:
        raise ValueError(
            "FLOWER_BASIC_AUTH must be set in production as user:password; Flower shows who works for whom"
        )
    return [_kept_login(settings.state_dir / "flower-login")]


def _kept_login(path: Path) -> str:
    make_private_directory(path.parent)
    # `up` and Flower itself ask for it; whoever comes first makes it.
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{OWN_USER}:{secrets.token_urlsafe(12)}")
    return path.read_text("utf-8").strip()


def flower_options(settings: Settings) -> dict[str, Any]:
    """Flower's options, by its own names."""
    return {
        "basic_auth": flower_logins(settings),
        "url_prefix": settings.flower_url_prefix.strip("/"),
        "read_only": True,
        "tasks_columns": COLUMNS,
        "max_tasks": TASKS_MAX,
        "purge_offline_workers": OFFLINE_SECONDS,
        "persistent": True,
        "db": str(settings.state_dir.resolve() / "flower"),
        "state_save_interval": SAVE_EVERY_MILLISECONDS,
    }


class WithWayBack(Loader):
    """Flower's own templates; the menu has a link to the dashboard, which has the payments and their whole story."""

    def __init__(self, folder: str, address: str) -> None:
        super().__init__(folder)
        self._address = address

    def _create_template(self, name: str) -> Template:
        template = Path(self.root, name).read_text("utf-8")
        if name == "navbar.html":
            template = template.replace(_END_OF_MENU, f"{self._link}{_END_OF_MENU}", 1)
        return Template(template, name=name, loader=self)

    @property
    def _link(self) -> str:
        return (
            '        <li class="nav-item">\n'
            f'          <a class="nav-link" href="{self._address}/">Partner Dashboard</a>\n'
            "        </li>\n"
        )
