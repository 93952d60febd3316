"""Typed configuration, read from the environment (and `.env`) once, where a process is composed."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import ModelWrapValidatorHandler, ValidationError, create_model, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from connectors.mail_server import MailServer
from connectors.registry import VENDORS
from connectors.vendor import Vendor, VendorSettings
from settings.environment import Environment
from settings.exports import header_values
from settings.fields import Fields
from settings.files import SUFFIX, UNREADABLE, SettingsFromFiles
from settings.problem import Problem
from settings.problems import problems_of_fields, problems_together, what_to_repair


class OwnSettings(Fields):
    """The platform's own settings; `Settings` has the vendors' settings as well.

    Each can also stand in a file that a variable with `_FILE` at its end names (`settings/files.py`).
    """

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    vendor_forms: ClassVar[Mapping[str, type[VendorSettings]]] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _with_every_problem(cls, given: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuses wrong settings with all that is wrong about them: whoever repairs one should not meet the next."""
        unreadable: dict[str, str] = given.pop(UNREADABLE, {}) if isinstance(given, dict) else {}
        problems = [Problem(name, what) for name, what in unreadable.items()]
        try:
            made = build(given)
        except ValidationError as error:
            problems += problems_of_fields(error, cls.model_fields)
            wrong = {problem.name for problem in problems}
            # With their defaults in place of the wrong ones, the others still show what is wrong about them.
            made = build({name: value for name, value in given.items() if name not in wrong})
        told = {problem.name.removesuffix(SUFFIX) for problem in problems}
        problems += [one for one in problems_together(made, cls.vendor_forms) if not told & {one.name, *one.others}]
        if problems:
            raise ValidationError.from_exception_data(cls.__name__, [one.as_error() for one in problems])
        return made

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a folder of files; ours are named one by one
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        places = [one.env_vars for one in (env_settings, dotenv_settings) if isinstance(one, EnvSettingsSource)]
        return init_settings, SettingsFromFiles(settings_cls, *places), env_settings, dotenv_settings

    def of_vendor(self, name: str, form: type[VendorSettings]) -> VendorSettings:
        """A vendor's settings, in the form that the vendor declares."""
        return form.model_validate({field: getattr(self, f"{name}_{field}") for field in form.model_fields})

    @property
    def mail_server(self) -> MailServer | None:
        if not self.smtp_host:
            return None
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port,
            security=self.smtp_security,
            sender=self.smtp_from,
            username=self.smtp_username,
            password=self.smtp_password.get_secret_value(),
        )

    @property
    def traces_endpoint(self) -> str:
        """Where spans go; "" if they go nowhere."""
        parts = urlsplit(self.traces_url)
        return (
            self.traces_url if parts.path.strip("/") or not parts.netloc else f"{self.traces_url.rstrip('/')}/v1/traces"
        )

    @property
    def traces_header_values(self) -> dict[str, str]:
        """The headers that go with the spans, by name."""
        return header_values(self.traces_headers.get_secret_value())

    @property
    def effective_database_url(self) -> str:
        """DATABASE_URL, or the embedded default: SQLite in the state directory."""
        return self.database_url or f"sqlite:///{(self.state_dir / 'payments.sqlite').resolve()}"

    @property
    def public_address(self) -> str:
        """The start of every link to us. It never comes from a request, because a caller can write anything there.

        Raises:
            ValueError: it is not set, and in production we must not guess it.
        """
        if self.public_url:
            return self.public_url
        if self.environment is Environment.PRODUCTION:
            raise ValueError(
                "PUBLIC_URL must be set in production: our links and the vendors' consent pages lead to that address"
            )
        # "Listen everywhere" is not an address that a browser can open.
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - only compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def allows_plain_http(self) -> bool:
        return self.environment is Environment.DEVELOPMENT


def with_settings_of(vendors: Iterable[type[Vendor]]) -> type[OwnSettings]:
    """The settings with those that vendors declare in their folders: `api_url` of acme is ACME_API_URL."""
    vendors = tuple(vendors)
    fields: dict[str, Any] = {
        f"{vendor.name}_{name}": (info.annotation, info)
        for vendor in vendors
        for name, info in vendor.form.model_fields.items()
    }
    settings = create_model("Settings", __base__=OwnSettings, **fields)
    settings.vendor_forms = {vendor.name: vendor.form for vendor in vendors}
    return settings


# The type checker cannot know the vendors; `of_vendor` returns a vendor's settings in their own form.
if TYPE_CHECKING:
    Settings = OwnSettings
else:
    Settings = with_settings_of(VENDORS)


@lru_cache
def load_settings() -> Settings:
    return Settings()


def load_settings_or_exit() -> Settings:
    """For processes: wrong settings end it with one line for each thing to repair, and not with a traceback."""
    try:
        return load_settings()
    except ValidationError as error:
        raise SystemExit(f"error: {what_to_repair(error)}") from None
