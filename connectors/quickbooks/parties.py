"""Asking for customers, vendors and employees by their names, with quotation marks that queries cannot handle."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from connectors.base import Failure, FailureKind, Got, ReadResult
from connectors.quickbooks.asking import Question, ask_like, ask_with
from connectors.quickbooks.client import Client
from connectors.quickbooks.lists import INACTIVE_MARK, party_from
from domain.copying.booked import NamedParty, NameOwner
from domain.copying.names import DOUBLE_QUOTES, SINGLE_QUOTES, folded

ENTITY_OF_OWNER = {
    NameOwner.CUSTOMER: "Customer",
    NameOwner.VENDOR: "Vendor",
    NameOwner.EMPLOYEE: "Employee",
}
# Inactive records are found only by those who ask for them, and keep their names as well.
_ACTIVE_OR_NOT = "Active IN (true, false)"
# A query with one of the curly ones finds nothing (PHP SDK #395). The straight ones can be asked for, but the other
# system may have a name with the curly form.
_QUOTATION_MARKS = re.compile(f"[{re.escape(SINGLE_QUOTES + DOUBLE_QUOTES)}]")


def find_parties(client: Client, names: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]:
    """The parties with one of these names; one query an owner, and one more for each name with a quotation mark."""
    wanted = {folded(name) for name in names} - {""}
    found: list[NamedParty] = []
    for owner in NameOwner if wanted else ():
        parties = _parties(client, owner, names)
        if isinstance(parties, Failure):
            return parties
        found += [party for party in parties.value if folded(party.name) in wanted]
    return Got(tuple(found))


def read_customers(client: Client, ids: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]:
    result = ask_with(client, _question(NameOwner.CUSTOMER), ids)
    return result if isinstance(result, Failure) else _read(NameOwner.CUSTOMER, result.value)


def _parties(client: Client, owner: NameOwner, names: Collection[str]) -> ReadResult[tuple[NamedParty, ...]]:
    question = replace(_question(owner), field="DisplayName")
    plain = [name for name in names if name.strip() and not _QUOTATION_MARKS.search(name)]
    result = ask_with(client, question, [*plain, *(name + INACTIVE_MARK for name in plain)])
    if isinstance(result, Failure):
        return result
    objects = list(result.value)
    for pattern in sorted(set(_patterns(names))):
        result = ask_like(client, question, pattern)
        if isinstance(result, Failure):
            return result
        objects += result.value
    return _read(owner, objects)


def _read(owner: NameOwner, objects: Collection[Any]) -> ReadResult[tuple[NamedParty, ...]]:
    parties = [party_from(one, owner) for one in objects]
    read = {party.external_id: party for party in parties if party is not None}
    if None in parties:
        # Without it, a name that is taken would seem to be free.
        return Failure(FailureKind.UNAVAILABLE, f"a {owner.value} in the answer cannot be read")
    return Got(tuple(read.values()))


def _patterns(names: Collection[str]) -> Iterator[str]:
    """A pattern for each name with quotation marks: its beginning up to the first one, or its longest part."""
    for name in names:
        first, *others = _QUOTATION_MARKS.split(name)
        if not others:
            continue
        longest = max(others, key=len)
        if first.strip():
            yield f"{first}%"
        elif longest.strip():
            yield f"%{longest}%"


def _question(owner: NameOwner) -> Question:
    return Question(ENTITY_OF_OWNER[owner], condition=_ACTIVE_OR_NOT)
