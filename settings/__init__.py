"""Typed configuration, read from the environment (and `.env`) once, where a process is composed."""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, create_model, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connectors.registry import VENDORS
from connectors.vendor import SecretList, Vendor, VendorSettings, split_list

# Good for trying things out on one machine; production refuses to start with them.
DEVELOPMENT_SECRET_KEY = "for-development-only-anyone-can-read-this-key"  # noqa: S105
DEVELOPMENT_ENCRYPTION_KEY = "Zm9yLWRldmVsb3BtZW50LW9ubHktbm90LXNlY3JldC0="


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


# A waiting time. Zero would be a loop without a pause, or work that never begins.
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]


class OwnSettings(BaseSettings):
    """The platform's own settings; `Settings` has the vendors' settings as well."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    environment: Environment = Environment.DEVELOPMENT
    log_level: str = "INFO"
    state_dir: Path = Path(".state")
    database_url: str = ""
    redis_url: str = ""
    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET_KEY)
    # Newest first; older ones only open what they once sealed.
    encryption_keys: SecretList = [SecretStr(DEVELOPMENT_ENCRYPTION_KEY)]
    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: str = ""
    flower_port: Port = 5555

    # Hosts of partners' systems that may be called although they are on a network of our own, or although a site of
    # another domain names them; `.example.com` is every host below it.
    outside_hosts: Annotated[list[str], NoDecode, BeforeValidator(split_list)] = []
    # Each limit covers its whole part, however slowly the bytes come: connecting, and from the first byte of the
    # request to the last one of the answer. No exchange takes longer than both together.
    connect_timeout_seconds: Seconds = 5
    read_timeout_seconds: Seconds = 60

    # A step keeps its lane this long without a sign of life; longer than the longest exchange (connect + read).
    lease_seconds: Seconds = 90
    # A worker that gets SIGTERM ends after this time at the latest, whatever its peers do, and drops its open calls.
    # Keep it below the time that its supervisor allows; `make up` allows eight seconds.
    stop_seconds: Seconds = 6
    # A slice ends after this time, so that a tenant with a backlog goes to the back of the queue.
    slice_seconds: Seconds = 2
    # How long a request can still land at the target after its answer was lost. This is an assumption: nothing can
    # prove it from outside. Never below the read time limit.
    settle_seconds: Seconds = 90
    # Payments that wait for a cause to go away are looked at again: soon at first, then at growing intervals.
    recheck_seconds_min: Seconds = 60
    recheck_seconds_max: Seconds = 6 * 3600
    # Rest after a failure of the target: doubles from the first to the second.
    backoff_seconds_min: Seconds = 5
    backoff_seconds_max: Seconds = 1800
    # This many failures in a row of one kind of call open its breaker; its rest doubles from the first to the second.
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds_min: Seconds = 60
    breaker_seconds_max: Seconds = 1800
    push_parallel: int = Field(default=4, ge=1, le=32)
    # How many processes, over all hosts, may call one outside system. While Redis cannot count for all of them, each
    # keeps to its share of the rate limits.
    limit_processes: int = Field(default=5, ge=1)
    sweep_seconds: Seconds = 5
    # Change data capture while webhooks are healthy, and while they are silent; a metered read each time.
    catch_up_seconds: Seconds = 900
    catch_up_silent_seconds: Seconds = 300
    catch_up_overlap_seconds: float = Field(default=300, ge=0, allow_inf_nan=False)
    # Shortest interval between two reads of one company's hinted payments. It grows only while waiting saves reads.
    read_distance_seconds: float = Field(default=1, ge=0, allow_inf_nan=False)
    # Each organization's two systems are compared this often, in at most ten metered reads.
    reconcile_seconds: Seconds = 24 * 3600
    # What came with a report is forgotten so long after it was dealt with; QuickBooks can tell it again for 30 days.
    retain_payloads_days: int = Field(default=90, ge=31)
    # So are attempts to deliver what has long been settled.
    retain_attempts_days: int = Field(default=730, ge=31)
    # Intuit mentions a hundred events and one megabyte at most, but does not promise it.
    webhook_bytes_max: int = Field(default=4 * 1024 * 1024, ge=1)

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.secret_key.get_secret_value() == DEVELOPMENT_SECRET_KEY:
            raise ValueError("SECRET_KEY must be set in production")
        if any(key.get_secret_value() == DEVELOPMENT_ENCRYPTION_KEY for key in self.encryption_keys):
            raise ValueError("ENCRYPTION_KEYS must be set in production")
        of_vendors = [name for name in type(self).model_fields if name not in OwnSettings.model_fields]
        for name in of_vendors:
            if name.endswith("_url") and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name.upper()} must start with https:// in production")
        if self.public_url and not self.public_url.startswith("https://"):
            raise ValueError("PUBLIC_URL must start with https:// in production")
        return self

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        """The start of all links: a scheme, a host, perhaps a port, and nothing else."""
        if not value:
            return value
        parts = urlsplit(value)
        try:
            plain = bool(parts.hostname) and parts.username is None and parts.port != 0
        except ValueError:
            plain = False
        bare = parts.path in ("", "/") and not set(value) & set("?#\\ ") and value.isascii() and value.isprintable()
        if not plain or not bare or parts.scheme not in ("http", "https"):
            raise ValueError("write it as https:// and only the host, such as https://payments.example.com")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @model_validator(mode="after")
    def _lease_outlives_the_wire(self) -> Self:
        if self.lease_seconds <= self.connect_timeout_seconds + self.read_timeout_seconds:
            raise ValueError("LEASE_SECONDS must be more than CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS")
        return self

    @model_validator(mode="after")
    def _settled_requests_have_landed(self) -> Self:
        if self.settle_seconds < self.read_timeout_seconds:
            raise ValueError(
                "SETTLE_SECONDS must not be less than READ_TIMEOUT_SECONDS: the request may still be on its way"
            )
        return self

    def of_vendor(self, name: str, form: type[VendorSettings]) -> VendorSettings:
        """A vendor's settings, in the form that the vendor declares."""
        return form.model_validate({field: getattr(self, f"{name}_{field}") for field in form.model_fields})

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
    fields: dict[str, Any] = {
        f"{vendor.name}_{name}": (info.annotation, info)
        for vendor in vendors
        for name, info in vendor.form.model_fields.items()
    }
    return create_model("Settings", __base__=OwnSettings, **fields)


# The type checker cannot know the vendors; `of_vendor` returns a vendor's settings in their own form.
if TYPE_CHECKING:
    Settings = OwnSettings
else:
    Settings = with_settings_of(VENDORS)


@lru_cache
def load_settings() -> Settings:
    return Settings()


def first_problem(error: ValidationError) -> str:
    """The first error in the settings, in one line, with the name to change and without its value."""
    told = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(str(part) for part in told["loc"]).upper()
    message = told["msg"].removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
