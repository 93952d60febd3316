"""What an action on payments means or has meant, as JSON: the API answers it and the command line prints it."""

from pydantic import BaseModel

from domain.money import plain_amount
from domain.payment_actions import PaymentAction
from models.views.documents import Amount
from usecases.acting_on_payments import Stake, Stakes


class StakeOut(BaseModel):
    """One payment; `why_not` is null where it can be done."""

    id: str
    amount: Amount
    currency: str | None
    why_not: str | None

    @classmethod
    def of(cls, stake: Stake) -> "StakeOut":
        amount = plain_amount(stake.amount, stake.currency)
        return cls(id=stake.external_id, amount=amount, currency=stake.currency, why_not=stake.why_not or None)


class SumOut(BaseModel):
    amount: Amount
    currency: str | None


class StakesOut(BaseModel):
    """How many payments it concerns, and their sum in each currency; each payment with its own answer."""

    action: PaymentAction
    possible: int
    refused: int
    sums: list[SumOut]
    payments: list[StakeOut]

    @classmethod
    def of(cls, stakes: Stakes) -> "StakesOut":
        return cls(
            action=stakes.action,
            possible=len(stakes.possible),
            refused=len(stakes.refused),
            sums=[SumOut(amount=plain_amount(amount, one), currency=one) for amount, one in stakes.sums],
            payments=[StakeOut.of(stake) for stake in stakes.payments],
        )
