"""What the commands about webhooks and about notifications share: finding one, and printing what was sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cli.failures import Refusal
from cli.opening import find_organization
from cli.output import moment_text, print_json, print_table, say
from domain.notices.kinds import KIND_LABELS, NoticeKind
from domain.notices.trying import STATE_LABELS, NoticeState
from workers.terminal import Column

if TYPE_CHECKING:
    from tasks.context import Context
    from usecases.notices import Log, Logged
    from usecases.results import Rejected

T = TypeVar("T")


def organization_id_of(context: Context, slug: str) -> int:
    with context.database.reading() as session:
        return find_organization(session, slug).id


def there(found: T | Rejected | None, noun: str = "webhook") -> T:
    """What was found.

    Raises:
        Refusal: it is not there, or was rejected.
    """
    from usecases.results import Rejected

    match found:
        case None:
            raise Refusal(f"there is no such {noun} or notice; see: python -m cli {noun}s list ORG")
        case Rejected(message):
            raise Refusal(message)
        case _:
            return found


def print_log(log: Log, *, as_json: bool) -> None:
    """A page of the log, with how to ask for the next one."""
    from usecases.endpoints_out import NoticesOut

    document = NoticesOut.of(log)
    if as_json:
        print_json(document.model_dump(mode="json"))
        return
    tries, answer = Column("tries", right=True), Column("last answer", wraps=True, place="below")
    columns: list[str | Column] = ["id", "when", "news", "payment", "state", tries, answer]
    print_table(columns, [_cells(one) for one in log.rows], "Nothing that fits was sent.")
    if document.next_cursor is not None:
        say(f"There are more: --cursor {document.next_cursor}")


def _cells(logged: Logged) -> tuple[object, ...]:
    from domain.notices.trying import Reply

    one, tries = logged.notice, logged.tries
    last = Reply(tries[-1].status, tries[-1].detail).told if tries else "not tried yet"
    kind, state = KIND_LABELS[NoticeKind(one.kind)], STATE_LABELS[NoticeState(one.state)]
    return (one.id, moment_text(one.occurred_at), kind, one.about, state, len(tries), last)
