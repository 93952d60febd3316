"""`sync-tool choices`: items, tax codes and limits, with the names that QuickBooks has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, note, print_facts, print_json, print_table, say
from cli.sync_tool.options import Org
from domain.copying.billed import LineKind
from domain.copying.terms import CopyTerms, DebtorChoice, LineDetail, TaxAs

if TYPE_CHECKING:
    from cli.sync_tool.working import Seen
    from models.books_lists import BooksLists
    from models.database import Session
    from tasks.context import Context

ITEMS, TAX_CODES = "items", "tax_codes"
# Choices whose value is an id in one of the books' lists.
_LIST_OF = {"tax_item_id": ITEMS, "taxable_code_id": TAX_CODES, "exempt_code_id": TAX_CODES}
_KINDS = {"line_detail": LineDetail, "tax_as": TaxAs, "debtor": DebtorChoice}
_SETTABLE = sorted(CopyTerms().as_stored().keys() - {ITEMS, TAX_CODES})


def choices(
    slug: Org,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change one; may be repeated."),
    ] = None,
    items: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="KIND=ITEM", help="The item of a kind of line, by id or by name."),
    ] = None,
    tax_codes: Annotated[
        list[str] | None,
        typer.Option("--tax-code", metavar="CODE=TAX", help="A ConnectWise tax code's tax code in QuickBooks."),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Read QuickBooks' items and tax codes first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Shows the Sync Tool's choices, and QuickBooks' items and tax codes to choose from; changes what is named.

    Kinds of lines are service, product, expense, agreement and adjustment (which is also the rounding line).
    """
    from models.organizations import organization_by_id
    from usecases.copy_choices import change_terms
    from usecases.results import Rejected

    with opened_context() as context:
        with context.database.reading() as session:
            organization = find_organization(session, slug)
            organization_id, terms = organization.id, organization.copy_terms
        lists = _lists(context, organization_id, refresh)
        changes = _changes(terms, lists, settings or (), items or (), tax_codes or ())
        if changes:
            changed = change_terms(context, organization_id, changes)
            if isinstance(changed, Rejected):
                raise Refusal(changed.message)
        with context.database.reading() as session:
            terms = organization_by_id(session, organization_id).copy_terms
    if as_json:
        print_json(_as_json(terms, lists))
    else:
        _print(terms, lists, is_change=bool(changes))


def _said(name: str) -> str:
    kind = _KINDS.get(name)
    return f"{name} ({' or '.join(one.value for one in kind)})" if kind is not None else name


choices.__doc__ = f"{choices.__doc__}\n\n    Names for --set: {', '.join(map(_said, _SETTABLE))}.\n"


# --- what is to be changed ---


def _changes(
    terms: CopyTerms, lists: _Lists, settings: Sequence[str], items: Sequence[str], tax_codes: Sequence[str]
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in map(_pair, settings):
        key = name.replace("-", "_")
        if key not in _SETTABLE:
            raise Refusal(f"there is no choice called '{name}'; there are: {', '.join(_SETTABLE)}")
        changes[key] = lists.identity(_LIST_OF[key], value) if key in _LIST_OF else value
    if items:
        kinds = [kind.value for kind in LineKind]
        chosen = {kind.value: item for kind, item in terms.items.items()}
        for kind, value in map(_pair, items):
            if kind not in kinds:
                raise Refusal(f"there is no kind of line called '{kind}'; there are: {', '.join(kinds)}")
            chosen[kind] = lists.identity(ITEMS, value)
        changes[ITEMS] = chosen
    if tax_codes:
        chosen = dict(terms.tax_codes)
        for code, value in map(_pair, tax_codes):
            chosen[code] = lists.identity(TAX_CODES, value)
        changes[TAX_CODES] = chosen
    return changes


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Refusal(f"write '{text}' as NAME=VALUE")
    return name.strip(), value.strip()


# --- the books' lists ---


class _Lists:
    """The books' items and tax codes, by id; None where they could not be read."""

    def __init__(self, lists: BooksLists | None) -> None:
        is_read = lists is not None and lists.lists_read_at is not None
        self.names: dict[str, Mapping[str, str]] | None = None
        if lists is not None and is_read:
            self.names = {ITEMS: lists.item_names, TAX_CODES: lists.tax_code_names}

    def identity(self, kind: str, value: str) -> str:
        """The id that a person means who typed an id or a name."""
        if not value or self.names is None or value in self.names[kind]:
            return value
        found = [identity for identity, name in self.names[kind].items() if name.casefold() == value.casefold()]
        if len(found) != 1:
            one = "item" if kind == ITEMS else "tax code"
            several = "several active ones have" if found else "no active one has"
            raise Refusal(f"QuickBooks' {one} '{value}' cannot be chosen: {several} this name or id; see --refresh")
        return found[0]

    def shown(self, kind: str, identity: str) -> str:
        if not identity:
            return "not chosen"
        if self.names is None:
            return identity
        return f"{self.names[kind].get(identity, 'not an active one in QuickBooks')} ({identity})"


def _lists(context: Context, organization_id: int, refresh: bool) -> _Lists:
    """The books' lists as last read, read here and now if that is long ago; the choices can be seen without them."""
    from cli.sync_tool.working import work_until
    from usecases.copying import LISTS_KEPT, books_lists, problem_with_tool, refresh_books_lists

    problem = problem_with_tool(context, organization_id)
    if problem is not None:
        note(f"note: {problem}")
    else:
        age = timedelta(0) if refresh else LISTS_KEPT
        refresh_books_lists(context, organization_id, if_older_than=age)
        try:
            work_until(
                context,
                organization_id,
                lambda session: _reading(context, session, organization_id),
                "The workers read the lists as soon as they run (make up).",
            )
        except Refusal as refusal:
            if refresh:
                raise
            note(f"note: QuickBooks' items and tax codes could not be read: {refusal}")
    with context.database.reading() as session:
        return _Lists(books_lists(session, organization_id))


def _reading(context: Context, session: Session, organization_id: int) -> Seen:
    from cli.sync_tool.working import Seen
    from usecases.copying import books_lists

    lists = books_lists(session, organization_id)
    is_done = lists is None or lists.due_at is None
    # They were asked for at once: a later time is that of the next try.
    is_put_off = lists is not None and lists.due_at is not None and lists.due_at > context.clock.now()
    return Seen(
        is_done, "reading QuickBooks' items and tax codes", "QuickBooks gave no usable answer." if is_put_off else ""
    )


# --- showing them ---


def _print(terms: CopyTerms, lists: _Lists, *, is_change: bool) -> None:
    stored = terms.as_stored()
    facts: dict[str, object] = {}
    for name in stored.keys() - {ITEMS, TAX_CODES}:
        facts[name] = lists.shown(_LIST_OF[name], stored[name]) if name in _LIST_OF else _value(stored[name])
    print_facts({name: facts[name] for name in _SETTABLE})
    say()
    print_facts({f"item {kind.value}": lists.shown(ITEMS, terms.items.get(kind, "")) for kind in LineKind})
    if terms.tax_codes:
        say()
        print_facts({f"tax code {code}": lists.shown(TAX_CODES, one) for code, one in terms.tax_codes.items()})
    if is_change or lists.names is None:
        return
    for kind, title in ((ITEMS, "QuickBooks item"), (TAX_CODES, "QuickBooks tax code")):
        say()
        print_table([title, "id"], [(name, identity) for identity, name in lists.names[kind].items()], f"no {title}")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _as_json(terms: CopyTerms, lists: _Lists) -> dict[str, Any]:
    books = {
        kind: [{"id": identity, "name": name} for identity, name in names.items()]
        for kind, names in (lists.names or {}).items()
    }
    return {"choices": terms.as_stored(), "quickbooks": books or None}
