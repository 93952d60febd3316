"""The options of one connection: each with its type, its rule, and the sentence for a person who breaks the rule.

Options that every connection has are here; those of one vendor are in its folder, in a class that adds to `Options`.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from domain.money import is_currency_code
from domain.push.strategy import PaymentStrategy

PARALLEL_MAX = 32


def a_currency(value: Any) -> Any:
    if not is_currency_code(str(value)):
        raise ValueError(f"'{value}' is not a currency code; write three capital letters such as USD.")
    return value


def a_strategy(value: Any) -> Any:
    if value not in set(PaymentStrategy):
        raise ValueError(f"'{value}' is not a strategy; write one of: {', '.join(PaymentStrategy)}.")
    return value


def a_number_up_to(most: int, what: str) -> Callable[[Any], Any]:
    """A rule for whole numbers from one on."""

    def rule(value: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(f"'{value}' is not valid for {what}; write a whole number from 1 to {most}.")
        return value

    return rule


def an_address(value: Any, given: ValidationInfo) -> Any:
    """A rule for addresses that people enter, not for stored ones: the process decides whether http is allowed."""
    if given.context is None:
        return value
    problem = _problem_with_url(str(value), allows_plain_http=given.context["allows_plain_http"])
    if problem is not None:
        raise ValueError(problem)
    return value


Address = Annotated[str, BeforeValidator(an_address)]


class Options(BaseModel):
    """The options of a connection. An option that was not chosen has its default; an unknown one is left alone.

    Attributes:
        home_currency: the currency to assume if the system names none.
        strategy: how the system keeps payments on an invoice.
        parallel: how many invoices are delivered at the same time; None: as the settings of the process say.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    home_currency: Annotated[str, BeforeValidator(a_currency)] | None = None
    strategy: Annotated[PaymentStrategy, BeforeValidator(a_strategy)] = PaymentStrategy.APPEND
    parallel: Annotated[int, BeforeValidator(a_number_up_to(PARALLEL_MAX, "parallel"))] | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The options in a connection's stored settings."""
        return cls.model_validate(_chosen(settings))

    @classmethod
    def problem_with(cls, settings: Mapping[str, Any], *, allows_plain_http: bool) -> str | None:
        """What is wrong with these settings, as a sentence; they may be only some of them."""
        try:
            cls.model_validate(_chosen(settings), context={"allows_plain_http": allows_plain_http})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            return str(first.get("ctx", {}).get("error", f"{first['loc'][0]}: {first['msg']}"))
        return None


def _chosen(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


def _problem_with_url(url: str, *, allows_plain_http: bool) -> str | None:
    try:
        parts = urlsplit(url)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        return f"'{url}' is not an address."
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_readable:
        return f"'{url}' is not an address; write it as https://name."
    if parts.username is not None or parts.query or parts.fragment:
        return "The address must not contain a user name, a '?' or a '#'."
    if parts.path.strip("/"):
        return "The address must be only the host, without a path."
    if parts.scheme == "http" and not allows_plain_http:
        # The keys travel with every call; on plain http anyone on the way reads them.
        return f"'{url}' is not encrypted; start it with https."
    return None
