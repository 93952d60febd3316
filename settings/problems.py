"""What is wrong with the settings, all of it at once: pure questions. Each problem says what to do, and no value."""

from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from connectors.mail_server import MailSecurity
from connectors.vendor import VendorSettings
from models.schema import problem_with_address
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY, Environment
from settings.exports import problems_of_exports
from settings.fields import Fields
from settings.problem import Problem
from settings.processes import NEEDS, OWN_SECRETS, Process, process_named

A_NEW_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
A_NEW_ENCRYPTION_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
_REDIS_SCHEMES = ("redis", "rediss", "sentinel")
_BROKER_SCHEMES = (*_REDIS_SCHEMES, "amqp", "amqps")
_MISSING: Mapping[str, str] = {
    "database_url": "must be set in production, such as postgresql+psycopg://user:password@host/name",
    "redis_url": "must be set in production, such as redis://host:6379/0; without it no work is asked for",
    "flower_basic_auth": "must be set in production as user:password; Flower shows who works for whom",
    "public_url": (
        "must be set in production: our links and the vendors' consent pages lead to that address, "
        "such as https://payments.example.com"
    ),
}


def problems_of_fields(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[Problem]:
    """What pydantic found wrong about single settings; one problem each."""
    found: dict[str, Problem] = {}
    for told in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(told["loc"][0]) if told["loc"] else ""
        what = told["msg"].removeprefix("Value error, ")
        default = fields[name].default if name in fields else None
        if default not in (None, "", []) and not isinstance(default, SecretStr | list):
            what = f"{what}; its default is {default}"
        found.setdefault(name, Problem(name, what))
    return list(found.values())


def problems_together(settings: Fields, vendors: Mapping[str, type[VendorSettings]]) -> Iterator[Problem]:
    """What is wrong although each setting by itself is what it should be."""
    yield from _addresses(settings)
    yield from _keys(settings)
    yield from _times(settings)
    yield from _mail(settings)
    yield from problems_of_exports(settings)
    if settings.environment is Environment.PRODUCTION:
        yield from _in_production(settings, vendors)


def what_to_repair(error: ValidationError) -> str:
    """All problems, one in a line, with the names to change and without their values."""
    lines = []
    for told in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in told["loc"]).upper()
        message = told["msg"].removeprefix("Value error, ")
        lines.append(message if not name or message.startswith(f"{name} ") else f"{name}: {message}")
    if len(lines) == 1:
        return f"the settings cannot be used: {lines[0]}"
    return "\n  ".join([f"the settings cannot be used; {len(lines)} things are to be repaired:", *lines])


def _addresses(settings: Fields) -> Iterator[Problem]:
    for name, schemes in (("redis_url", _REDIS_SCHEMES), ("broker_url", _BROKER_SCHEMES)):
        address = getattr(settings, name)
        if address and not all(_has_host(part, schemes) for part in address.split(";")):
            example = "redis://host:6379/0, or sentinel://host:26379/0;sentinel://other:26379/0"
            more = ", or amqp://user:password@host/vhost" if name == "broker_url" else ""
            yield Problem(name, f"is no address that can be used; write it as {example}{more}")
    if settings.database_url and (trouble := problem_with_address(settings.database_url)):
        yield Problem("database_url", trouble)
    for login in filter(None, settings.flower_basic_auth.get_secret_value().split(",")):
        if not all(login.partition(":")):
            yield Problem("flower_basic_auth", "write it as user:password")


def _has_host(address: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address.strip())
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _keys(settings: Fields) -> Iterator[Problem]:
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    if not keys:
        yield Problem("encryption_keys", f"has no key; make one: {A_NEW_ENCRYPTION_KEY}")
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            which = f"its key number {number}" if len(keys) > 1 else "it"
            yield Problem("encryption_keys", f"{which} is no Fernet key; make one: {A_NEW_ENCRYPTION_KEY}")
            return


def _times(settings: Fields) -> Iterator[Problem]:
    if settings.lease_seconds <= settings.connect_timeout_seconds + settings.read_timeout_seconds:
        yield Problem(
            "lease_seconds",
            "LEASE_SECONDS must be more than CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS",
            ("connect_timeout_seconds", "read_timeout_seconds"),
        )
    if settings.settle_seconds < settings.read_timeout_seconds:
        yield Problem(
            "settle_seconds",
            "SETTLE_SECONDS must not be less than READ_TIMEOUT_SECONDS: the request may still be on its way",
            ("read_timeout_seconds",),
        )
    for kind in ("recheck", "backoff", "breaker"):
        least, most = f"{kind}_seconds_min", f"{kind}_seconds_max"
        if getattr(settings, least) > getattr(settings, most):
            yield Problem(least, f"{least.upper()} must not be more than {most.upper()}", (most,))


def _mail(settings: Fields) -> Iterator[Problem]:
    if not settings.smtp_host:
        return
    name, _, domain = parseaddr(settings.smtp_from)[1].rpartition("@")
    if not name or not domain or not settings.smtp_from.isprintable():
        example = "Payments <payments@example.com>"
        yield Problem("smtp_from", f"SMTP_FROM must be an e-mail address, such as {example}", ("smtp_host",))
    is_open = settings.smtp_security is MailSecurity.NONE and bool(settings.smtp_username)
    if is_open and settings.environment is Environment.PRODUCTION:
        what = "SMTP_SECURITY must be starttls or tls in production: the login would be readable"
        yield Problem("smtp_security", what, ("smtp_username",))


def _in_production(settings: Fields, vendors: Mapping[str, type[VendorSettings]]) -> Iterator[Problem]:
    process = process_named(settings.process_name)
    # The command line works with everything; where it keeps its database and Redis is for it to find.
    needed = NEEDS[process].own if process else frozenset({"secret_key", "encryption_keys"})
    if "secret_key" in needed and settings.secret_key.get_secret_value() == DEVELOPMENT_SECRET_KEY:
        yield Problem("secret_key", f"SECRET_KEY must be set in production; make one: {A_NEW_ONE}")
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    if "encryption_keys" in needed and DEVELOPMENT_ENCRYPTION_KEY in keys:
        yield Problem("encryption_keys", f"ENCRYPTION_KEYS must be set in production; make one: {A_NEW_ENCRYPTION_KEY}")
    for name, what in _MISSING.items():
        value = getattr(settings, name)
        if name in needed and not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            yield Problem(name, what)
    if settings.public_url and not settings.public_url.startswith("https://"):
        yield Problem("public_url", "PUBLIC_URL must start with https:// in production")
    for vendor, form in vendors.items():
        yield from _of_vendor(settings, process, vendor, form)


def _of_vendor(settings: Fields, process: Process | None, vendor: str, form: type[VendorSettings]) -> Iterator[Problem]:
    for field in form.model_fields:
        name = f"{vendor}_{field}"
        if field.endswith("_url") and not getattr(settings, name).startswith("https://"):
            yield Problem(name, f"{name.upper()} must start with https:// in production")
    registered_as = f"{vendor}_{form.registered_as}"
    if not form.registered_as or not getattr(settings, registered_as):
        return
    for field, scope in form.secrets.items():
        name = f"{vendor}_{field}"
        value = getattr(settings, name)
        is_set = bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
        if not is_set and process is not None and scope in NEEDS[process].of_vendors:
            yield Problem(name, f"must be set as well, because {registered_as.upper()} is", (registered_as,))


def secret_settings(vendors: Mapping[str, type[VendorSettings]]) -> frozenset[str]:
    """All settings that hold a secret."""
    return OWN_SECRETS | {f"{vendor}_{field}" for vendor, form in vendors.items() for field in form.secrets}
