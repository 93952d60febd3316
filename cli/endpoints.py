"""What the commands about webhooks and about notifications share: a family of endpoints, and what is done to one of it.

The groups themselves (`cli/webhooks.py`, `cli/notifications.py`) have the words, and what only one of them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import moment_text, print_json, print_table, say
from domain.notices.kinds import KIND_LABELS, NoticeKind
from domain.notices.trying import STATE_LABELS, NoticeState
from workers.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from models.endpoints import Endpoint
    from models.notices import NoticeFilter
    from tasks.context import Context
    from usecases.endpoints import Told
    from usecases.notices import Log, Logged
    from usecases.results import Rejected

T = TypeVar("T")


def organization_id_of(context: Context, slug: str) -> int:
    with context.database.reading() as session:
        return find_organization(session, slug).id


@dataclass(frozen=True, slots=True)
class Family:
    """Endpoints that have commands of their own.

    Attributes:
        noun: what a person calls one of them; the group is called like several.
        not_delivered: what a test says that was not taken.
    """

    noun: str
    channels: Collection[str]
    not_delivered: str

    def there(self, found: T | Rejected | None) -> T:
        """What was found.

        Raises:
            Refusal: it is not there, or was rejected.
        """
        from usecases.results import Rejected

        match found:
            case None:
                raise Refusal(f"there is no such {self.noun} or notice; see: python -m cli {self.noun}s list ORG")
            case Rejected(message):
                raise Refusal(message)
            case _:
                return found

    def say(self, endpoint: Endpoint, is_what: str) -> None:
        say(f"{self.noun.capitalize()} {endpoint.id} ({endpoint.name}) is {is_what}.")

    def one(self, context: Context, organization_id: int, endpoint_id: int) -> Endpoint:
        """As it is before it is changed."""
        from usecases.endpoints import list_endpoints

        every = [told.endpoint for told in list_endpoints(context, organization_id, self.channels)]
        return self.there(next((one for one in every if one.id == endpoint_id), None))

    def switch(self, slug: str, endpoint_id: int, *, on: bool) -> None:
        from usecases.endpoints import switch_endpoint

        with opened_context() as context:
            organization_id = organization_id_of(context, slug)
            switched = self.there(switch_endpoint(context, organization_id, endpoint_id, self.channels, on=on))
        self.say(switched, "on" if on else "off")

    def remove(self, slug: str, endpoint_id: int) -> None:
        from usecases.endpoints import remove_endpoint

        with opened_context() as context:
            organization_id = organization_id_of(context, slug)
            removed = self.there(remove_endpoint(context, organization_id, endpoint_id, self.channels))
        self.say(removed, "removed")

    def try_out(self, slug: str, endpoint_id: int, *, as_json: bool) -> None:
        """Sends a test and prints the answer.

        Raises:
            Refusal: it was not taken.
        """
        from usecases.endpoints import send_test
        from usecases.endpoints_out import TestOut

        with opened_context() as context:
            organization_id = organization_id_of(context, slug)
            tested = self.there(send_test(context, organization_id, endpoint_id, self.channels))
        if as_json:
            print_json(TestOut.of(tested).model_dump(mode="json"))
        else:
            say(f"{tested.reply.told} after {tested.reply.milliseconds} ms.")
            if tested.reply.text:
                say(tested.reply.text)
        if not tested.reply.is_success:
            raise Refusal(self.not_delivered)

    def print_log(
        self, slug: str, endpoint_id: int, chosen: NoticeFilter, limit: int, cursor: str | None, *, as_json: bool
    ) -> None:
        """A page of the log, with how to ask for the next one."""
        from cli.paging import place_in
        from domain.cursors import Listed
        from usecases.notices import log_of

        place = place_in(Listed.NOTICES, cursor)
        with opened_context() as context:
            organization_id = organization_id_of(context, slug)
            log = self.there(log_of(context, organization_id, endpoint_id, chosen, limit, place, self.channels))
        _print_log(log, as_json=as_json)

    def resend(self, slug: str, endpoint_id: int, notice_id: int | None, *, failed: bool) -> None:
        """A notice of the log again, or all that failed."""
        from usecases.notices import send_again, send_all_failed_again

        if (notice_id is None) != failed:
            raise Refusal("name either a notice of the log, or --failed")
        with opened_context() as context:
            organization_id = organization_id_of(context, slug)
            if notice_id is None:
                sent = send_all_failed_again(context, organization_id, endpoint_id, self.channels)
                count = self.there(sent)
            else:
                self.there(send_again(context, organization_id, endpoint_id, notice_id, self.channels))
                count = 1
        say(f"Sent again: {count}.")


def print_endpoints(every: Sequence[Told], address: str, none: str, labels: Mapping[str, str] | None = None) -> None:
    """The list.

    Args:
        address: the title above the addresses.
        none: what is said if there are none.
        labels: of the channels; None where all are on the same one.
    """
    rows = []
    for told in every:
        one = told.endpoint
        by = [] if labels is None else [labels[one.channel]]
        state, delivered = "on" if one.is_on else "off", moment_text(one.delivered_at)
        rows.append((one.id, one.name, *by, one.address, state, delivered, told.waiting, told.failed, one.off_because))
    columns: list[str | Column] = [
        "id",
        Column("name", wraps=True),
        *([] if labels is None else ["by"]),
        Column(address, wraps=True),
        "state",
        "last delivered",
        Column("waiting", right=True),
        Column("failed", right=True),
        Column("why off", wraps=True, place="below"),
    ]
    print_table(columns, rows, none)


def _print_log(log: Log, *, as_json: bool) -> None:
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
