"""The form with a partner's choices for the Sync Tool: what it shows, and what was typed into it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Form, Request

from domain.copying.billed import LineKind
from domain.copying.booked import TaxMode
from usecases.copying import books_lists
from usecases.words import words_of
from web.signed_in import Member, context_of

# Rows for tax codes of the biller that have no tax code of the books yet.
EMPTY_ROWS = 3


def _typed(
    start_on: Annotated[str, Form()] = "",
    line_detail: Annotated[str, Form()] = "",
    debtor: Annotated[str, Form()] = "",
    tax_as: Annotated[str, Form()] = "",
    tax_item_id: Annotated[str, Form()] = "",
    rounding_max: Annotated[str, Form()] = "",
    prefix: Annotated[str, Form()] = "",
    # A browser leaves out a switch that is off.
    adopt: Annotated[str, Form()] = "",
    zero_totals: Annotated[str, Form()] = "",
    online_payment: Annotated[str, Form()] = "",
    automatic: Annotated[str, Form()] = "",
) -> dict[str, Any]:
    return {
        "start_on": start_on,
        "line_detail": line_detail,
        "debtor": debtor,
        "tax_as": tax_as,
        "tax_item_id": tax_item_id,
        "rounding_max": rounding_max,
        "prefix": prefix,
        "adopt": bool(adopt),
        "zero_totals": bool(zero_totals),
        "online_payment": bool(online_payment),
        "automatic": bool(automatic),
    }


def _items(
    item_service: Annotated[str, Form()] = "",
    item_product: Annotated[str, Form()] = "",
    item_expense: Annotated[str, Form()] = "",
    item_agreement: Annotated[str, Form()] = "",
    item_adjustment: Annotated[str, Form()] = "",
) -> dict[str, str]:
    return {
        LineKind.SERVICE.value: item_service,
        LineKind.PRODUCT.value: item_product,
        LineKind.EXPENSE.value: item_expense,
        LineKind.AGREEMENT.value: item_agreement,
        LineKind.ADJUSTMENT.value: item_adjustment,
    }


def _codes(
    has_tax_codes: Annotated[str, Form()] = "",
    taxable_code_id: Annotated[str, Form()] = "",
    exempt_code_id: Annotated[str, Form()] = "",
    billed_code: Annotated[list[str] | None, Form()] = None,
    booked_code: Annotated[list[str] | None, Form()] = None,
) -> dict[str, Any]:
    """The marker shows that the form had these fields: books that need no tax codes have none."""
    if not has_tax_codes:
        return {}
    pairs = zip(billed_code or [], booked_code or [], strict=False)
    return {
        "taxable_code_id": taxable_code_id,
        "exempt_code_id": exempt_code_id,
        "tax_codes": {billed.strip(): booked for billed, booked in pairs if billed.strip() and booked},
    }


def _terms(
    fields: Annotated[dict[str, Any], Depends(_typed)],
    items: Annotated[dict[str, str], Depends(_items)],
    codes: Annotated[dict[str, Any], Depends(_codes)],
) -> dict[str, Any]:
    return {**fields, "items": items, **codes}


TypedTerms = Annotated[dict[str, Any], Depends(_terms)]


def terms_values(request: Request, member: Member, typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the form shows: the stored choices, or what was typed if that could not be saved."""
    with context_of(request).database.reading() as session:
        lists = books_lists(session, member.organization_id)
        words = words_of(session, member.organization_id)
    rules = lists.known_rules if lists is not None else None
    terms = member.organization.copy_terms.as_stored() | dict(typed or {})
    return {
        "words": words,
        "terms": terms,
        "line_kinds": list(LineKind),
        "item_names": lists.item_names if lists is not None else {},
        "tax_code_names": lists.tax_code_names if lists is not None else {},
        "lists_are_read": lists is not None and lists.lists_read_at is not None,
        "rules": rules,
        "numbers_by_itself": rules is not None and not rules.custom_numbers,
        "needs_tax_codes": rules is not None and rules.tax_mode is TaxMode.EVERY_LINE,
        "has_no_tax": rules is not None and rules.tax_mode is TaxMode.NONE,
        "tax_code_rows": [*terms["tax_codes"].items(), *([("", "")] * EMPTY_ROWS)],
    }
