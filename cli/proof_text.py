"""How the outcome of `prove` is printed: a table with both sides for people, one document for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from cli.output import note, print_table, say
from domain.money import money_text, plain_amount
from domain.reconciliation.independent import SENTENCES, Disagreement, sums
from domain.reconciliation.untrusted import untrusted_told
from domain.words import Words
from usecases.independent_proof import NotComparable, Proof
from usecases.manifest import CheckedFile
from workers.terminal import Column


def print_not_comparable(outcome: NotComparable) -> None:
    told = untrusted_told(outcome.why, outcome.system)
    note(f"It could not be compared: {told.sentence}")
    note(told.advice)


def not_comparable_document(slug: str, since: date, outcome: NotComparable) -> dict[str, Any]:
    told = untrusted_told(outcome.why, outcome.system)
    return {
        "organization": slug,
        "since": since,
        "comparable": False,
        "agrees": None,
        "system": outcome.system,
        "why": outcome.why.why,
        "detail": outcome.why.detail,
        "sentence": told.sentence,
        "advice": told.advice,
    }


def print_proof(proof: Proof, since: date, files: Sequence[CheckedFile]) -> None:
    words = proof.words
    for one in proof.on_account:
        kind = one.kind.replace("_", " ")
        say(f"Beside the invoices in {words.source}: {kind}, {one.count}, {money_text(one.amount, one.currency)}")
    say(
        f"{proof.invoices} invoices compared, {proof.in_depth} of them payment by payment since {since}; "
        f"{proof.calls} answers, {proof.reads} of them metered."
    )
    for file in files:
        say(f"{file.name}: {file.state}")
    if not proof.disagreements:
        say(f"{words.source} and {words.target} agree to the cent.")
        return
    print_table(_columns(words), [_cells(one, words) for one in proof.disagreements], "")
    for currency, amount in sums(proof.disagreements).items():
        say(f"In dispute: {money_text(amount, currency)}")
    counted = len(proof.disagreements)
    say(f"{words.source} and {words.target} disagree in {counted} {'point' if counted == 1 else 'points'}.")


def _columns(words: Words) -> list[Column]:
    return [
        Column("invoice"),
        Column("what", wraps=True, place="below"),
        Column(f"{words.source} id"),
        Column(f"{words.target} id"),
        Column(words.source, right=True),
        Column(words.target, right=True),
        Column("currency"),
    ]


def _cells(one: Disagreement, words: Words) -> tuple[object, ...]:
    return (
        one.number or "-",
        _sentence(one, words),
        " ".join(one.source_ids) or "-",
        " ".join(one.target_ids) or "-",
        _written(one.source_amount, one.currency) or "-",
        _written(one.target_amount, one.currency) or "-",
        one.currency or "?",
    )


def _written(amount: Decimal | None, currency: str | None) -> str | None:
    return None if amount is None else plain_amount(amount, currency)


def _sentence(one: Disagreement, words: Words) -> str:
    sentence = words.filled(SENTENCES[one.kind])
    days = [day for day in (one.source_dated, one.target_dated) if day is not None]
    return f"{sentence} ({' / '.join(str(day) for day in days)})" if days else sentence


def proof_document(slug: str, since: date, proof: Proof, files: Sequence[CheckedFile]) -> dict[str, Any]:
    return {
        "organization": slug,
        "since": since,
        "comparable": True,
        "agrees": not proof.disagreements,
        "source": proof.words.source,
        "target": proof.words.target,
        "invoices_compared": proof.invoices,
        "invoices_in_depth": proof.in_depth,
        "answers": proof.calls,
        "metered_reads": proof.reads,
        "beside_invoices": [
            {
                "kind": one.kind,
                "count": one.count,
                "amount": plain_amount(one.amount, one.currency),
                "currency": one.currency,
            }
            for one in proof.on_account
        ],
        "disagreements": [_disagreement(one, proof.words) for one in proof.disagreements],
        "in_dispute": [
            {"currency": currency, "amount": plain_amount(amount, currency)}
            for currency, amount in sums(proof.disagreements).items()
        ],
        "files": [{"name": one.name, "state": one.state} for one in files],
    }


def _disagreement(one: Disagreement, words: Words) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "sentence": _sentence(one, words),
        "invoice_number": one.number,
        "currency": one.currency,
        "source_ids": one.source_ids,
        "target_ids": one.target_ids,
        "source_amount": _written(one.source_amount, one.currency),
        "target_amount": _written(one.target_amount, one.currency),
        "difference": plain_amount(one.difference, one.currency),
        "source_date": one.source_dated,
        "target_date": one.target_dated,
    }
