"""The platform's own settings, one by one, with what each of them means and what it is unless it is set."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from connectors.mail_server import MailSecurity
from connectors.vendor import SecretList, split_list
from settings.environment import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET_KEY, Environment

# A waiting time. Zero would be a loop without a pause, or work that never begins.
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class Fields(BaseSettings):
    """Each by itself; `settings/problems.py` knows which of them contradict each other."""

    environment: Environment = Environment.DEVELOPMENT
    log_level: Annotated[LogLevel, BeforeValidator(str.upper)] = "INFO"
    state_dir: Path = Path(".state")
    database_url: str = ""
    # redis://, rediss://, or the Sentinels that know the master: sentinel://host:26379/0;sentinel://other:26379/0
    redis_url: str = ""
    redis_sentinel_master: str = "mymaster"
    redis_sentinel_password: SecretStr = SecretStr("")
    # Only where messages do not go through Redis: amqp:// of a RabbitMQ. Limits are counted in Redis all the same.
    broker_url: str = ""
    # Which line of the Procfile this process is (`push`, `push.2`); each line sets it, and is asked only for its own
    # secrets. Empty for the command line.
    process_name: str = ""
    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET_KEY)
    # Newest first; older ones only open what they once sealed.
    encryption_keys: SecretList = [SecretStr(DEVELOPMENT_ENCRYPTION_KEY)]
    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: str = ""
    flower_port: Port = 5555
    # Where a proxy shows Flower below the dashboard's own address: `flower` is https://payments.example.com/flower.
    flower_url_prefix: str = ""
    # user:password, several of them separated by commas.
    flower_basic_auth: SecretStr = SecretStr("")

    # Hosts of partners' systems that may be called although they are on a network of our own, or although a site of
    # another domain names them; `.example.com` is every host below it.
    outside_hosts: Annotated[list[str], NoDecode, BeforeValidator(split_list)] = []
    # The mail server by which notifications go out; without a host none do.
    smtp_host: str = ""
    smtp_port: Port = 587
    smtp_security: MailSecurity = MailSecurity.STARTTLS
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    # Where spans go by OTLP over HTTP, such as http://collector:4318; none are made without it.
    traces_url: str = ""
    # What the receiver wants to know who sends: name=value, several of them separated by commas.
    traces_headers: SecretStr = SecretStr("")
    # How many of the payments are traced: 1 is all of them, 0.05 is every twentieth.
    traces_share: float = Field(default=1, ge=0, le=1, allow_inf_nan=False)
    # Where reports of our own errors go: the DSN of a project at Sentry, or of what understands its protocol.
    sentry_dsn: SecretStr = SecretStr("")
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
