"""The filter of the Sync Tool's list, as it stands in the page's address."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from domain.copying.billed import InvoiceKind
from domain.copying.states import ALLOWED, AT_WORK, CopyAction, CopyState
from models.views.copies import CopyFilter
from web.signed_in import InOrganization
from web.typed_text import day_in, plain
from web.writing import writing_of

TEXT_CHARACTERS_MAX = 200


class Tab(StrEnum):
    """The list's tabs: each invoice is on one of them."""

    OPEN = "open"
    HELD = "held"
    UNDER_WAY = "under_way"
    CHANGED = "changed"
    COPIED = "copied"
    PRESENT = "present"
    ELSEWHERE = "elsewhere"


TAB_STATES: dict[Tab, frozenset[CopyState]] = {
    Tab.OPEN: frozenset({CopyState.AVAILABLE}),
    Tab.HELD: frozenset({CopyState.HELD}),
    Tab.UNDER_WAY: AT_WORK,
    Tab.CHANGED: frozenset({CopyState.CHANGED}),
    Tab.COPIED: frozenset({CopyState.COPIED}),
    Tab.PRESENT: frozenset({CopyState.PRESENT}),
    Tab.ELSEWHERE: frozenset({CopyState.ELSEWHERE}),
}
TAB_NAMES = {
    Tab.OPEN: "Not in QuickBooks",
    Tab.HELD: "Held",
    Tab.UNDER_WAY: "Under way",
    Tab.CHANGED: "Changed after the copy",
    Tab.COPIED: "Copied",
    Tab.PRESENT: "Marked as present",
    Tab.ELSEWHERE: "Handled elsewhere",
}
# What is told where nothing is on a tab.
EMPTY_TABS = {
    Tab.OPEN: "Every Closed invoice of ConnectWise that we know of is in QuickBooks, marked, or held. Nothing to do.",
    Tab.HELD: "No invoice is held: nothing needs you.",
    Tab.UNDER_WAY: "Nothing is being copied, marked or taken back at the moment.",
    Tab.CHANGED: "No copy was taken out of its batch in ConnectWise.",
    Tab.COPIED: "Nothing has been copied yet. Choose invoices under “Not in QuickBooks” and preview copying them.",
    Tab.PRESENT: "No invoice is marked as present in QuickBooks.",
    Tab.ELSEWHERE: "No invoice was batched or reopened by another tool or a person.",
}
# A held invoice is either not in the books, or its copy there is not finished: there is nothing to update or to leave.
_NOT_OFFERED = {Tab.HELD: frozenset({CopyAction.UPDATE, CopyAction.LEAVE})}


def actions_on(tab: Tab) -> list[CopyAction]:
    """What can be asked for about the invoices of a tab."""
    left_out = _NOT_OFFERED.get(tab, frozenset())
    return [action for action in CopyAction if TAB_STATES[tab] & ALLOWED[action] and action not in left_out]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The list's filter; what cannot be read filters nothing."""

    tab: Tab
    chosen: CopyFilter

    def as_query(self, **more: str | int) -> str:
        one = self.chosen
        values = {
            "state": "" if self.tab is Tab.OPEN else self.tab.value,
            "customer": one.customer,
            "since": one.since.isoformat() if one.since else "",
            "until": one.until.isoformat() if one.until else "",
            "location": one.location,
            "kind": one.kind.value if one.kind else "",
            "search": one.search,
        }
        return urlencode({name: value for name, value in (values | more).items() if value != ""})

    def on(self, tab: Tab) -> "Narrowed":
        """The same filter on another tab."""
        return Narrowed(tab, replace(self.chosen, states=TAB_STATES[tab]))

    @property
    def is_any(self) -> bool:
        """Whether anything but the tab is filtered."""
        return self.chosen != CopyFilter(states=self.chosen.states)


Text = Annotated[str, Query(max_length=TEXT_CHARACTERS_MAX)]


def _narrowed(
    member: InOrganization,
    state: str = "",
    customer: Text = "",
    since: str = "",
    until: str = "",
    location: Text = "",
    kind: str = "",
    search: Text = "",
) -> Narrowed:
    tab = Tab(state) if state in list(Tab) else Tab.OPEN
    return Narrowed(
        tab,
        CopyFilter(
            states=TAB_STATES[tab],
            kind=InvoiceKind(kind) if kind in list(InvoiceKind) else None,
            customer=plain(customer),
            location=plain(location),
            since=day_in(since),
            until=day_in(until),
            search=plain(search),
            searched_total=writing_of(member.organization.locality).amount_in(search),
        ),
    )


NarrowedList = Annotated[Narrowed, Depends(_narrowed)]
