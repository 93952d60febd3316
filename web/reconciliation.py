"""Reconciliation: what the last comparison says, every difference with its way out, and comparing now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.money import plain_amount
from domain.reconciliation.breaks import BreakKind
from domain.reconciliation.bridge import BridgeRow
from domain.reconciliation.roll_forward import Standing
from domain.reconciliation.verdict import BreakSum, amounts_told
from domain.reconciliation.words import STANDING_LABELS, break_label, bridge_told
from domain.words import Words
from models.reconciliation_breaks import BreakFilter, breaks_in
from usecases.reconciliation_overview import last_comparison
from usecases.reconciling import start_reconciliation
from usecases.results import Rejected
from usecases.words import words_of
from web.break_rows import ShownBreak, shown_breaks
from web.pages import render
from web.payments import ID_MAX
from web.signed_in import FormInOrganization, InOrganization, Member, context_of
from web.table_file import table_file
from web.typed_text import plain

router = APIRouter(include_in_schema=False)

ROWS_PER_PAGE = 50
# A spreadsheet with more rows is no longer read by a person; a filter gives the rest.
ROWS_IN_TABLE_MAX = 20_000
NUMBER_CHARACTERS_MAX = 100
CSV_HEADS = (
    "Difference",
    "Invoice",
    "Customer",
    "What",
    "Standing",
    "QuickBooks amount",
    "ConnectWise amount",
    "Difference of the balances",
    "Currency",
    "QuickBooks date",
    "ConnectWise date",
    "QuickBooks invoice id",
    "ConnectWise invoice id",
    "QuickBooks payments",
    "ConnectWise payments",
    "First seen (UTC)",
    "Why",
    "What to do",
    "Accepted by",
    "Accepted because",
)


@dataclass(frozen=True, slots=True)
class NarrowedBreaks:
    """The list's filter; what cannot be read filters nothing."""

    chosen: BreakFilter

    def as_query(self, **more: str | int) -> str:
        values = {
            "standing": self.chosen.standing.value if self.chosen.standing else "",
            "kind": self.chosen.kind.value if self.chosen.kind else "",
            "number": self.chosen.search,
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value != ""})

    @property
    def is_any(self) -> bool:
        """Whether anything is filtered."""
        return self.chosen != BreakFilter()


def _narrowed(
    standing: str = "", kind: str = "", number: Annotated[str, Query(max_length=NUMBER_CHARACTERS_MAX)] = ""
) -> NarrowedBreaks:
    return NarrowedBreaks(
        BreakFilter(
            standing=Standing(standing) if standing in list(Standing) else None,
            kind=BreakKind(kind) if kind in list(BreakKind) else None,
            search=plain(number),
        )
    )


Narrowed = Annotated[NarrowedBreaks, Depends(_narrowed)]
EVERYTHING = NarrowedBreaks(BreakFilter())
AfterId = Annotated[int, Query(ge=0, le=ID_MAX)]


@router.get("/reconciliation")
def reconciliation_page(request: Request, member: InOrganization, narrowed: Narrowed, after: AfterId = 0) -> Response:
    return _page(request, member, narrowed, after)


@router.get("/live/reconciliation")
def reconciliation_fragment(request: Request, member: InOrganization) -> Response:
    values = _values(request, member, EVERYTHING, 0)
    return render(request, "reconciliation_live.html", viewer=member.viewer, **values)


@router.get("/live/reconciliation/breaks")
def breaks_fragment(request: Request, member: InOrganization, narrowed: Narrowed, after: AfterId = 0) -> Response:
    values = _values(request, member, narrowed, after)
    return render(request, "reconciliation_breaks_live.html", viewer=member.viewer, **values)


@router.post("/reconciliation/compare")
def compare_now(request: Request, member: FormInOrganization) -> Response:
    """Asks for a run; the page shows how far it is. One that is under way already is as good."""
    started = start_reconciliation(context_of(request), member.organization_id)
    if isinstance(started, Rejected):
        return _page(request, member, EVERYTHING, problem=started.message, status_code=409)
    return RedirectResponse("/reconciliation", 303)


@router.get("/reconciliation.csv")
def breaks_as_table(request: Request, member: InOrganization, narrowed: Narrowed) -> Response:
    """What is filtered; the first rows if there are very many."""
    with context_of(request).database.reading() as session:
        words = words_of(session, member.organization_id)
        rows = breaks_in(session, member.organization_id, narrowed.chosen, ROWS_IN_TABLE_MAX)
        found = shown_breaks(session, member.organization_id, rows, words)
    return table_file("reconciliation.csv", CSV_HEADS, [_cells(one) for one in found])


def _cells(one: ShownBreak) -> list[str]:
    row, found = one.row, one.found

    def amount(value: Decimal | None) -> str:
        return "" if value is None else plain_amount(value, row.currency)

    return [
        str(row.id),
        row.number,
        row.customer,
        one.label,
        STANDING_LABELS[one.standing],
        amount(row.source_amount),
        amount(row.target_amount),
        amount(row.share),
        row.currency or "",
        row.source_date.isoformat() if row.source_date else "",
        row.target_date.isoformat() if row.target_date else "",
        row.source_invoice_id,
        row.target_invoice_id,
        ", ".join(found.source_payment_ids),
        ", ".join(found.target_payment_ids),
        row.first_seen_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        one.told.sentence,
        one.told.advice,
        row.accepted_by or "",
        row.accepted_note,
    ]


@dataclass(frozen=True, slots=True)
class KindRow:
    """All breaks of one kind that stand alike."""

    kind: BreakKind
    label: str
    standing: Standing
    breaks: int
    sums: str


def kind_rows(sums: Iterable[BreakSum], words: Words) -> list[KindRow]:
    """What a person has to do something about first, then by the list of kinds."""
    standings, kinds = list(Standing), list(BreakKind)
    grouped: dict[tuple[Standing, BreakKind], list[BreakSum]] = {}
    for one in sums:
        grouped.setdefault((one.standing, one.kind), []).append(one)
    return [
        KindRow(
            kind,
            break_label(kind, words),
            standing,
            sum(one.breaks for one in there),
            amounts_told((one.currency, one.share) for one in there),
        )
        for (standing, kind), there in sorted(
            grouped.items(), key=lambda item: (standings.index(item[0][0]), kinds.index(item[0][1]))
        )
    ]


def bridges(rows: Iterable[BridgeRow], words: Words) -> list[tuple[str, list[tuple[BridgeRow, str, str]]]]:
    """The lines of each currency, each with its name and what is in it."""
    by_currency: dict[str, list[tuple[BridgeRow, str, str]]] = {}
    for row in rows:
        told = bridge_told(row.line, words)
        by_currency.setdefault(row.currency or "", []).append((row, told.sentence, told.advice))
    return list(by_currency.items())


def _values(request: Request, member: Member, narrowed: NarrowedBreaks, after: int) -> dict[str, Any]:
    organization_id = member.organization_id
    with context_of(request).database.reading() as session:
        words = words_of(session, organization_id)
        last = last_comparison(session, organization_id, words)
        found = breaks_in(session, organization_id, narrowed.chosen, ROWS_PER_PAGE + 1, after)
        rows = shown_breaks(session, organization_id, found[:ROWS_PER_PAGE], words)
    has_more = len(found) > ROWS_PER_PAGE
    return {
        "last": last,
        "words": words,
        "kinds": kind_rows(last.sums, words),
        "bridges": bridges(last.run.bridge_rows, words) if last.run is not None else [],
        "rows": rows,
        "narrowed": narrowed,
        "is_first": not after,
        "more_query": narrowed.as_query(after=rows[-1].row.id) if has_more else None,
        "first_query": narrowed.as_query(),
        "live_query": narrowed.as_query(after=after or ""),
        "Standing": Standing,
    }


def _page(
    request: Request,
    member: Member,
    narrowed: NarrowedBreaks,
    after: int = 0,
    *,
    problem: str | None = None,
    status_code: int = 200,
) -> Response:
    values = _values(request, member, narrowed, after)
    return render(
        request,
        "reconciliation.html",
        status_code,
        viewer=member.viewer,
        problem=problem,
        kind_choices=[(kind, break_label(kind, values["words"])) for kind in BreakKind],
        **values,
    )
