"""One row of the comparison: payments of both sides that belong together, or one that has no counterpart."""

from dataclasses import dataclass
from enum import StrEnum

from domain.comparing.parts import SourcePart
from domain.comparing.sides import KnownPart
from domain.records import TargetPayment


class RowKind(StrEnum):
    """A closed list; `domain/comparing/words.py` has a sentence for each."""

    # Paired by our ledger.
    SAME = "same"
    DATE_DIFFERS = "date_differs"
    AMOUNT_DIFFERS = "amount_differs"
    # The same amount and date, and nothing says that it is the same money.
    PERHAPS_SAME = "perhaps_same"
    # At the source only.
    ON_ITS_WAY = "on_its_way"
    HELD = "held"
    SKIPPED = "skipped"
    NOT_HEARD_OF = "not_heard_of"
    # Our ledger names a target payment that is not on the invoice.
    MISSING_AT_TARGET = "missing_at_target"
    # At the target only.
    TYPED_AT_TARGET = "typed_at_target"
    PERHAPS_TWICE = "perhaps_twice"
    # Ours, or linked by us, and the source's payment is no longer on the invoice.
    LEFT_AT_TARGET = "left_at_target"
    OF_TARGETS_OWN_PRODUCT = "of_targets_own_product"
    # No money.
    CREDIT_AT_SOURCE = "credit_at_source"
    CREDIT_AT_TARGET = "credit_at_target"
    # A payment of the source that could not be read.
    UNREADABLE = "unreadable"
    # The other side was not read.
    NOT_COMPARED = "not_compared"


# Money on one side that the other side does not have, or has with another amount.
OPEN_KINDS = frozenset(
    {
        RowKind.AMOUNT_DIFFERS,
        RowKind.ON_ITS_WAY,
        RowKind.HELD,
        RowKind.SKIPPED,
        RowKind.NOT_HEARD_OF,
        RowKind.MISSING_AT_TARGET,
        RowKind.TYPED_AT_TARGET,
        RowKind.PERHAPS_TWICE,
        RowKind.LEFT_AT_TARGET,
        RowKind.OF_TARGETS_OWN_PRODUCT,
        RowKind.CREDIT_AT_SOURCE,
        RowKind.CREDIT_AT_TARGET,
        RowKind.UNREADABLE,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """Payments that belong together.

    Attributes:
        parts: of the source; several where one target payment stands for all of them (strategy `single`).
        target: the target's payment; None if there is none.
        known: what our books say about these parts, in their order; also where the source no longer has the payment.
        missing_id: the target payment that our ledger names and the target does not have.
        unread_id: the source's payment that could not be read.
    """

    kind: RowKind
    parts: tuple[SourcePart, ...] = ()
    target: TargetPayment | None = None
    known: tuple[KnownPart, ...] = ()
    missing_id: str = ""
    unread_id: str = ""
