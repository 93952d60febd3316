"""The problems that the API answers with (RFC 9457): every refused call says which one, and what to do about it.

The table below is the only list of them. `type` is a stable address: /problems/NAME shows what it means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

PROBLEM_MEDIA_TYPE = "application/problem+json"
INSTANCE_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table.

    Attributes:
        meaning: for the person who writes the program that gets it, also what to do.
        told: the detail where nothing more exact is known.
    """

    name: str
    status: int
    title: str
    meaning: str
    told: str = ""


class Problem(Enum):
    """Every problem, in the order of its status; the first one of a status stands for all that is not told apart."""

    NOT_READABLE = Kind(
        "not-readable",
        400,
        "The request cannot be read",
        "It is not what HTTP or JSON says a request is. Correct the program that sends it.",
        "Something in the request could not be read.",
    )
    NO_ACCESS = Kind(
        "no-access",
        401,
        "You are not logged in",
        "No token and no session came along, or one that is wrong, revoked or expired. Send a token that is valid as "
        "`Authorization: Bearer`.",
        "Log in, or send an API token.",
    )
    NOT_ALLOWED = Kind(
        "not-allowed",
        403,
        "You may not do this",
        "The token is read-only, the person's role lacks the right, or a form's token is missing or too old.",
        "You are not allowed to do this.",
    )
    NOT_FOUND = Kind(
        "not-found",
        404,
        "This does not exist",
        "The address is wrong, what it names is gone, or it belongs to another organization.",
        "There is nothing at this address.",
    )
    WRONG_METHOD = Kind(
        "wrong-method",
        405,
        "This cannot be called in this way",
        "The address exists, the method does not; the header `Allow` has those that do.",
        "This address cannot be called with this method; the header Allow has those that it takes.",
    )
    TOO_SLOW = Kind(
        "too-slow",
        408,
        "The request took too long to arrive",
        "Its body did not arrive within 20 seconds. Nothing was done; send it again.",
        "The request did not arrive in time.",
    )
    NOT_POSSIBLE = Kind(
        "not-possible",
        409,
        "This cannot be done as things are",
        "Nothing was changed. The detail says why, and what a person can do about it.",
        "This cannot be done as things are.",
    )
    NOT_READY = Kind(
        "not-ready",
        409,
        "The organization is not ready for this",
        "A connection or a choice is missing. A person sets it up on the dashboard; then send the request again.",
        "The organization is not ready for this.",
    )
    UNDER_WAY = Kind(
        "call-under-way",
        409,
        "The first call with this key is still running",
        "Wait as long as `Retry-After` says, and send the same request with the same key again.",
        "The first call with this Idempotency-Key has no answer yet. Ask again in a moment.",
    )
    OUTCOME_UNKNOWN = Kind(
        "outcome-unknown",
        409,
        "It is not known whether the first call did anything",
        "The call with this key ended without an answer that was kept, and doing it twice would not be the same as "
        "doing it once. Look what is there (the list that it would have added to, or /api/activity); if it was not "
        "done, send it with a new key.",
        "The first call with this Idempotency-Key ended without an answer, so it may have been done. Look whether it "
        "was, in the list that it adds to or in /api/activity; if not, send it with a new key.",
    )
    TOO_LARGE = Kind(
        "too-large",
        413,
        "This is too much data",
        "A body may have one megabyte. Send the work in several requests.",
        "The data is larger than anything that belongs here.",
    )
    NOT_VALID = Kind(
        "not-valid",
        422,
        "Some values cannot be accepted",
        "`errors` names each value and what is wrong with it. Nothing was done.",
        "Some values cannot be accepted.",
    )
    KEY_REUSED = Kind(
        "key-reused",
        422,
        "This key belongs to another request",
        "The Idempotency-Key was sent with another method, address or body within the last 24 hours. Every request "
        "needs a key of its own.",
        "This Idempotency-Key was used for another request. Send this one with a key of its own.",
    )
    TOO_MANY = Kind(
        "too-many",
        429,
        "These are too many requests",
        "Wait, and send it again later.",
        "Too many attempts. Wait, and try again later.",
    )
    OUR_FAULT = Kind(
        "our-fault",
        500,
        "Something went wrong on our side",
        "The error is recorded, and no payment is lost. If it stays, tell those who run the platform when it happened.",
        "Something went wrong on our side. The error was recorded; no payment is lost.",
    )
    BUSY = Kind(
        "busy",
        503,
        "Too much is asked for right now",
        "Nothing was done. Wait as long as `Retry-After` says, and send it again.",
        "There are too many requests right now. Try again soon.",
    )
    DATABASE_AWAY = Kind(
        "database-away",
        503,
        "Our database cannot be reached",
        "No payment is lost. Wait as long as `Retry-After` says, and send it again, best with an Idempotency-Key.",
        "Our database cannot be reached, or is too busy. No payment is lost; try again in a minute.",
    )

    @property
    def kind(self) -> Kind:
        return self.value

    @property
    def address(self) -> str:
        return f"/problems/{self.kind.name}"


_OF_STATUS = {one.kind.status: one for one in reversed(Problem)}


def problem_of(status: int) -> Problem:
    """What a status stands for where nothing more exact is known."""
    return _OF_STATUS.get(status, Problem.OUR_FAULT if status >= 500 else Problem.NOT_READABLE)  # noqa: PLR2004


class FieldError(BaseModel):
    """One value that cannot be accepted: where it stands, and what is wrong with it.

    Attributes:
        pointer: of a value in the body, as RFC 6901 writes it; "" is the whole body.
        parameter: of a value in the address or in a header, its name.
    """

    model_config = ConfigDict(extra="forbid")

    pointer: Annotated[str | None, Field(description="Of a value in the body, as RFC 6901 writes it")] = None
    parameter: Annotated[str | None, Field(description="The name of a parameter in the address or a header")] = None
    detail: Annotated[str, Field(description="What is wrong with it, for a person")]


class ProblemOut(BaseModel):
    """The answer to every refused call (RFC 9457)."""

    type: Annotated[str, Field(description="Which problem it is; the address shows what it means")]
    title: Annotated[str, Field(description="The problem in a few words; the same for every one of its kind")]
    status: Annotated[int, Field(description="As in the first line of the answer", ge=400, le=599)]
    detail: Annotated[str, Field(description="What happened here, and what to do about it, for a person")]
    instance: Annotated[str, Field(description="The address that was called")]
    errors: Annotated[list[FieldError] | None, Field(description="The values that cannot be accepted")] = None


@dataclass(frozen=True, slots=True)
class Told:
    """A problem with what is known about this one."""

    problem: Problem
    detail: str = ""
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, instance: str) -> dict[str, Any]:
        kind = self.problem.kind
        told = ProblemOut(
            type=self.problem.address,
            title=kind.title,
            status=kind.status,
            detail=self.detail or kind.told,
            instance=instance[:INSTANCE_CHARACTERS_MAX],
            errors=list(self.errors) or None,
        )
        return told.model_dump(exclude_none=True)

    def response(self, instance: str) -> JSONResponse:
        kind = self.problem.kind
        return JSONResponse(self.document(instance), kind.status, dict(self.headers), PROBLEM_MEDIA_TYPE)


class Refused(HTTPException):
    """Ends a call of the API with this problem."""

    def __init__(
        self,
        problem: Problem,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.told = Told(problem, detail, errors, headers or {})
        super().__init__(problem.kind.status, detail or problem.kind.told, dict(headers or {}))
