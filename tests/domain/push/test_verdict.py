"""Every ending that push can decide on after a look at an invoice, one row each."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from domain.push.effect import ATTEMPTS_MAX, Doubt, EffectState
from domain.push.outcomes import DecideAgain, Done, GiveUp, Gone, Held, Link, Replaced, Send, StayInDoubt, Verdict
from domain.push.strategy import CreatePayment, RemovePayment, SetPayment
from domain.push.verdict import InvoiceNotFound, Look, Owed, Terms, judge
from domain.reasons import Reason
from tests.domain.looks import (
    ANNA,
    APPEND,
    HOLD_TWINS,
    NAMELESS,
    SINGLE,
    SINGLE_HOLD_TWINS,
    SWITCHED_OFF,
    US,
    change,
    creation,
    day,
    entry,
    held_as,
    in_doubt,
    look,
    lost,
    payment,
    removal,
    was,
)


def create(amount: str = "100", on: int = 20) -> Send:
    return Send(CreatePayment(Decimal(amount), day(on)))


def put(payment_id: str, amount: str, on: int = 20) -> Send:
    return Send(SetPayment(payment_id, Decimal(amount), day(on)))


@dataclass(frozen=True)
class Hold:
    """A hold in short: the payments because of which it is held are named by their ids."""

    reason: Reason
    payment_ids: tuple[str, ...]
    detail: str


def held(reason: Reason, *payment_ids: str, detail: str = "") -> Hold:
    return Hold(reason, payment_ids, detail)


def in_short(verdict: Verdict) -> Verdict | Hold:
    if isinstance(verdict, Held):
        return held(verdict.reason, *(one.external_id for one in verdict.beside), detail=verdict.detail)
    return verdict


def remove(payment_id: str) -> Send:
    return Send(RemovePayment(payment_id))


Row = tuple[str, Owed, Look, Terms, Verdict | Hold]

# A row is one line: the case in words, what is owed, what the look shows, the terms, the verdict.
# fmt: off

# A first send: nothing of ours can be there yet.
FIRST_SENDS: list[Row] = [
    ("an empty invoice gets the payment", creation(), look(), APPEND, create()),
    ("another amount on the invoice is other money", creation(), look(payment("1", "30")), APPEND, create()),
    ("a payment of ours for another part stays as it is", creation(), look(payment("1", "50"), entries=(entry("1", "50", allocation=2),)), APPEND, create()),
    ("the same money in another part of ours is not taken for this one", creation(), look(payment("1"), entries=(entry("1", "100", allocation=2),)), APPEND, create()),
    ("a credit of the same amount is no twin", creation(), look(payment("1", foreign=True)), APPEND, create()),
    ("what it pays may be exactly what is open", creation("300"), look(), APPEND, create("300")),
    ("a payment of another date keeps its own date", creation(on=5), look(), APPEND, create(on=5)),
    ("a payment of four days before is other money", creation(), look(payment("1", on=16)), APPEND, create()),
    ("a payment of four days after is other money", creation(), look(payment("1", on=24)), APPEND, create()),
    ("nobody's name is needed for a first send", creation(), look(), NAMELESS, create()),
    ("a send that was only throttled is simply made", creation(), look(), APPEND, create()),
    ("tries that certainly failed are no doubt", creation(attempts=ATTEMPTS_MAX - 1), look(), APPEND, create()),
    ("with the last look certain, a pending effect is sent though it was tried often", creation(attempts=ATTEMPTS_MAX), look(), APPEND, create()),
]

# Somebody typed it by hand, or may have.
TYPED: list[Row] = [
    ("typed on the same day, it is adopted and never ours", creation(), look(payment("1", by=ANNA)), APPEND, Done("1", ours=False)),
    ("typed on the same day, and the partner wants to be asked", creation(), look(payment("1", by=ANNA)), HOLD_TWINS, held(Reason.TWIN_NEARBY, "1")),
    ("of two typed on the same day the older one is adopted", creation(), look(payment("9"), payment("10")), APPEND, Done("9", ours=False)),
    ("ids are compared as numbers", creation(), look(payment("100"), payment("99")), APPEND, Done("99", ours=False)),
    ("typed a day before, a person has to say", creation(), look(payment("1", on=19)), APPEND, held(Reason.TWIN_NEARBY, "1")),
    ("typed three days after, a person has to say", creation(), look(payment("1", on=23)), APPEND, held(Reason.TWIN_NEARBY, "1")),
    ("without a date it may be this one", creation(), look(payment("1", on=None)), APPEND, held(Reason.TWIN_NEARBY, "1")),
    ("one on the day beats one nearby", creation(), look(payment("1", on=19), payment("2")), APPEND, Done("2", ours=False)),
    ("who is asked sees all that are similar", creation(), look(payment("1", on=19), payment("2", on=21)), APPEND, held(Reason.TWIN_NEARBY, "1", "2")),
    ("one that stands for another part is no twin", creation(), look(payment("1"), claimed=("1",)), APPEND, create()),
    ("beside one that stands for another part a typed one is adopted", creation(), look(payment("1"), payment("2"), claimed=("1",)), APPEND, Done("2", ours=False)),
    ("that it bears our name does not make an unknown one ours", creation(), look(payment("1", by=US)), APPEND, Done("1", ours=False)),
    ("called other money, it is created beside it", creation(), look(payment("1", on=19), other_money=("1",)), APPEND, create()),
    ("called other money, also on the very day", creation(), look(payment("1"), other_money=("1",)), HOLD_TWINS, create()),
    ("one that was typed since a person said so is asked about", creation(), look(payment("1", on=19), payment("2", on=19), other_money=("1",)), APPEND, held(Reason.TWIN_NEARBY, "1", "2")),
    ("one typed since on the very day is adopted", creation(), look(payment("1", on=19), payment("2"), other_money=("1",)), APPEND, Done("2", ours=False)),
    ("a twin is told before the balance that it leaves", creation(), look(payment("1", by=ANNA), total="100"), HOLD_TWINS, held(Reason.TWIN_NEARBY, "1")),
    ("an adopted one may pay the invoice in full", creation(), look(payment("1"), total="100"), APPEND, Done("1", ours=False)),
    ("an edit looks for no twin", change("1", "60"), look(payment("1"), payment("2", "60"), entries=(entry("1", "100"),)), APPEND, put("1", "60")),
    ("a removal looks for no twin", removal("1"), look(payment("1"), payment("2"), entries=(entry("1", "100"),)), APPEND, remove("1")),
]

# A person has said which payment is the same money.
LINKED: list[Row] = [
    ("it is linked, whatever its date", creation(same_money_id="1"), look(payment("1", on=2, by=ANNA)), APPEND, Link(payment("1", on=2, by=ANNA))),
    ("it is linked although the partner wants to be asked about twins", creation(same_money_id="1"), look(payment("1")), HOLD_TWINS, Link(payment("1"))),
    ("of two the one that was named is linked", creation(same_money_id="2"), look(payment("1"), payment("2")), APPEND, Link(payment("2"))),
    ("it is gone meanwhile, and is created", creation(same_money_id="1"), look(), APPEND, create()),
    ("it has another amount by now, and is not the same money", creation(same_money_id="1"), look(payment("1", "90")), APPEND, create()),
    ("a credit is never the same money", creation(same_money_id="1"), look(payment("1", foreign=True)), APPEND, create()),
    ("it stands for another part, and is not linked", creation(same_money_id="1"), look(payment("1"), claimed=("1",)), APPEND, create()),
    ("one that outlived its own payment is linked", creation(same_money_id="1"), look(payment("1"), claimed=("1",), outlived=("1",)), APPEND, Link(payment("1"))),
    ("it is linked after several were found", in_doubt(creation(), doubt=Doubt.ASKED, same_money_id="2"), look(payment("1"), payment("2")), APPEND, Link(payment("2"))),
    ("it is linked on an invoice that has nothing open", creation(same_money_id="1"), look(payment("1"), total="100"), APPEND, Link(payment("1"))),
    ("it is linked where somebody else occupies the invoice", creation(same_money_id="1"), look(payment("1", by=ANNA)), SINGLE, Link(payment("1", by=ANNA))),
    ("that the target replaced another is told first", lost(before=(was("1", "30", 2),), same_money_id="1"), look(payment("1")), APPEND, Replaced(("1",))),
    ("a removal asks nobody", removal("1"), look(payment("1", by=US), entries=(entry("1", "100"),)), APPEND, remove("1")),
]

# Voided in QuickBooks and entered anew, while the first one is still on the invoice.
ENTERED_ANEW: list[Row] = [
    ("one that outlived its own payment may be this money", creation(), look(payment("1"), claimed=("1",), outlived=("1",)), APPEND, held(Reason.FORMER_PAYMENT_THERE, "1")),
    ("also a day apart", creation(), look(payment("1", on=19), claimed=("1",), outlived=("1",)), APPEND, held(Reason.FORMER_PAYMENT_THERE, "1")),
    ("also where twins are adopted by themselves", creation(), look(payment("1"), claimed=("1",), outlived=("1",)), APPEND, held(Reason.FORMER_PAYMENT_THERE, "1")),
    ("of another amount it is other money", creation(), look(payment("1", "90"), claimed=("1",), outlived=("1",)), APPEND, create()),
    ("a typed one beside it is adopted", creation(), look(payment("1"), payment("2"), claimed=("1",), outlived=("1",)), APPEND, Done("2", ours=False)),
    ("a typed one nearby is told first, with both", creation(), look(payment("1"), payment("2", on=19), claimed=("1",), outlived=("1",)), APPEND, held(Reason.TWIN_NEARBY, "1", "2")),
    ("called other money, it is created beside it", creation(), look(payment("1"), claimed=("1",), outlived=("1",), other_money=("1",)), APPEND, create()),
    ("one that stays for good is no former payment", creation(), look(payment("1"), claimed=("1",)), APPEND, create()),
    ("it is asked about after a doubt as well", lost(before=(was("1"),)), look(payment("1"), claimed=("1",), outlived=("1",)), APPEND, held(Reason.FORMER_PAYMENT_THERE, "1")),
]

# A creation got no answer.
LOST_ANSWERS: list[Row] = [
    ("it arrived", lost(), look(payment("1", by=US)), APPEND, Done("1")),
    ("it arrived, and the target does not tell by whom", lost(), look(payment("1")), APPEND, Done("1")),
    ("it arrived before we had learned our name", lost(), look(payment("1", by=ANNA)), NAMELESS, Done("1")),
    ("it did not arrive, and is sent again", lost(), look(), APPEND, create()),
    ("what was there before is not ours", lost("30", before=(was("1", "30"),)), look(payment("1", "30"), claimed=("1",)), APPEND, create("30")),
    ("a twin that was there before is adopted after all", lost(before=(was("1"),)), look(payment("1", by=ANNA)), APPEND, Done("1", ours=False)),
    ("what stands for another part is not ours", lost(), look(payment("1"), claimed=("1",)), APPEND, create()),
    ("a credit is never ours", lost(), look(payment("1", foreign=True)), APPEND, create()),
    ("it arrived beside one that was there", lost(before=(was("1"),)), look(payment("1"), payment("2", by=US), claimed=("1",)), APPEND, Done("2")),
    ("one that bears another name needs a person", lost(), look(payment("1", by=ANNA)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("the name tells ours from a typed one", lost(), look(payment("1", by=ANNA), payment("2", by=US)), APPEND, Done("2")),
    ("two that both bear our name need a person", lost(), look(payment("1", by=US), payment("2", by=US)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1", "2")),
    ("two without a name need a person", lost(), look(payment("1"), payment("2")), APPEND, held(Reason.SEVERAL_CANDIDATES, "1", "2")),
    ("two before we have learned our name need a person", lost(), look(payment("1", by=ANNA), payment("2", by=US)), NAMELESS, held(Reason.SEVERAL_CANDIDATES, "1", "2")),
    ("ours beside one without a name needs a person", lost(), look(payment("1"), payment("2", by=US)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1", "2")),
    ("two that others typed need a person", lost(), look(payment("1", by=ANNA), payment("2", by="bob")), APPEND, held(Reason.SEVERAL_CANDIDATES, "1", "2")),
    ("ours with a date that somebody corrected is not sent again", lost(), look(payment("1", on=19)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("also where the date is far off", lost(), look(payment("1", on=1)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("also where the date was taken away", lost(), look(payment("1", on=None)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("ours with another amount is known by our name", lost(), look(payment("1", "99", by=US)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("another amount under another name is other money", lost(), look(payment("1", "99", by=ANNA)), APPEND, create()),
    ("another amount before we have learned our name is other money", lost(), look(payment("1", "99", by=ANNA)), NAMELESS, create()),
    ("a claimed one with our name on another amount is not ours", lost(), look(payment("1", "99", by=US), claimed=("1",)), APPEND, create()),
    ("that a twin is other money says nothing about ours", lost(before=(was("1", on=19),)), look(payment("1", on=19), payment("2", on=21, by=US), other_money=("1",)), APPEND, held(Reason.SEVERAL_CANDIDATES, "2")),
    ("that a twin is other money does not stop a second send", lost(before=(was("1", on=19),)), look(payment("1", on=19), other_money=("1",)), APPEND, create()),
    ("a twin nearby that was there before is asked about", lost(before=(was("1", on=19),)), look(payment("1", on=19, by=ANNA)), APPEND, held(Reason.TWIN_NEARBY, "1")),
    ("arrived while the switch is off, it is ours all the same", lost(), look(payment("1", by=US)), SWITCHED_OFF, Done("1")),
    ("arrived although the payment changed since, it is ours all the same", lost(changed_since=True), look(payment("1", by=US)), APPEND, Done("1")),
    ("arrived at the very last try, it is ours all the same", lost(attempts=ATTEMPTS_MAX), look(payment("1", by=US)), APPEND, Done("1")),
    ("arrived, and nothing else fits on the invoice", lost(), look(payment("1", by=US), total="100"), APPEND, Done("1")),
    ("a look that ended the doubt has ended it for good", lost(state=EffectState.PENDING, doubt=Doubt.NONE), look(payment("1", by=ANNA)), APPEND, Done("1", ours=False)),
    ("typed after the doubt ended, it is never ours, whatever name it bears", creation(), look(payment("1", by=US)), APPEND, Done("1", ours=False)),
]

# The target put ours in the place of other payments, or those went.
HARM: list[Row] = [
    ("an older payment was turned into ours", lost(before=(was("1", "30", 2),)), look(payment("1")), APPEND, Replaced(("1",))),
    ("two older payments were turned into ours", lost(before=(was("1", "30", 2), was("2", "40", 2))), look(payment("1"), payment("2")), APPEND, Replaced(("1", "2"))),
    ("an older payment that somebody edited to another amount is not our doing", lost(before=(was("1", "30", 2),)), look(payment("1", "40", 2)), APPEND, create()),
    ("an older payment vanished when ours came", lost(before=(was("1", "30", 2),)), look(payment("2", by=US)), APPEND, Done("2", replaced=("1",))),
    ("two vanished when ours came", lost(before=(was("1", "30", 2), was("2", "40", 2))), look(payment("3", by=US)), APPEND, Done("3", replaced=("1", "2"))),
    ("one vanished, and ours did not come", lost(before=(was("1", "30", 2),)), look(), APPEND, create()),
    ("one vanished, and several may be ours", lost(before=(was("1", "30", 2),)), look(payment("2"), payment("3")), APPEND, held(Reason.SEVERAL_CANDIDATES, "2", "3")),
    ("an older one stayed and ours came", lost(before=(was("1", "30", 2),)), look(payment("1", "30", 2), payment("2", by=US)), APPEND, Done("2")),
    ("one that had our amount and date before was not replaced by ours", lost(before=(was("1"),)), look(payment("1"), claimed=("1",)), APPEND, create()),
    ("a turned one is told before the candidates", lost(before=(was("1", "30", 2),)), look(payment("1"), payment("2", by=US)), APPEND, Replaced(("1",))),
]

# Held because several may be ours; somebody has tidied up since.
SEVERAL_BEFORE: list[Row] = [
    ("the one that is left is theirs", held_as(Reason.SEVERAL_CANDIDATES, creation()), look(payment("1", by=ANNA)), NAMELESS, Done("1", ours=False)),
    ("the one that is left is ours if it bears our name", held_as(Reason.SEVERAL_CANDIDATES, creation()), look(payment("1", by=US)), APPEND, Done("1")),
    ("the one that is left and bears another name still needs a person", held_as(Reason.SEVERAL_CANDIDATES, creation()), look(payment("1", by=ANNA)), APPEND, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("the one that is left without a name is never ours to change", held_as(Reason.SEVERAL_CANDIDATES, creation()), look(payment("1")), APPEND, Done("1", ours=False)),
    ("none is left, and match decides first", held_as(Reason.SEVERAL_CANDIDATES, creation()), look(), APPEND, DecideAgain()),
    ("still several", held_as(Reason.SEVERAL_CANDIDATES, creation()), look(payment("1"), payment("2")), APPEND, held(Reason.SEVERAL_CANDIDATES, "1", "2")),
    ("a replaced one that is as it was again is decided anew", held_as(Reason.TARGET_REPLACED, creation()), look(), APPEND, DecideAgain()),
    ("a replaced one is still there", in_doubt(creation(), doubt=Doubt.ASKED, image=(was("1", "30", 2),)), look(payment("1")), APPEND, Replaced(("1",))),
    ("one that the target changed, and is not there, is decided anew", held_as(Reason.TARGET_CHANGED_IT, change("1", "60")), look(payment("1"), entries=(entry("1", "100"),)), APPEND, DecideAgain()),
    ("one that the target changed, and that a person set right, is done", held_as(Reason.TARGET_CHANGED_IT, change("1", "60")), look(payment("1", "60"), entries=(entry("1", "100"),)), APPEND, Done("1")),
    ("what came back pending is decided anew as well", change("1", "60", doubt=Doubt.AMISS), look(payment("1"), entries=(entry("1", "100"),)), APPEND, DecideAgain()),
]

# Nothing arrived, and the doubt ends elsewhere than in another send.
ENDS_OF_DOUBT: list[Row] = [
    ("after the last try it is given up", lost(attempts=ATTEMPTS_MAX), look(), APPEND, GiveUp()),
    ("one try is left", lost(attempts=ATTEMPTS_MAX - 1), look(), APPEND, create()),
    ("it changed meanwhile, and match decides first", lost(changed_since=True), look(), APPEND, DecideAgain()),
    ("syncing was switched off meanwhile", lost(), look(), SWITCHED_OFF, DecideAgain()),
    ("giving up is told before the change", lost(attempts=ATTEMPTS_MAX, changed_since=True), look(), SWITCHED_OFF, GiveUp()),
    ("a change that may have been made and was not is made again", in_doubt(change("1", "60")), look(payment("1"), entries=(entry("1", "100"),)), APPEND, put("1", "60")),
    ("a change that was made is done", in_doubt(change("1", "60")), look(payment("1", "60"), entries=(entry("1", "100"),)), APPEND, Done("1")),
    ("a change that is overtaken is decided anew", in_doubt(change("1", "60"), changed_since=True), look(payment("1"), entries=(entry("1", "100"),)), APPEND, DecideAgain()),
    ("a removal that was made is done", in_doubt(removal("1")), look(entries=(entry("1", "100"),)), APPEND, Done("1")),
    ("a removal that was not made is made again", in_doubt(removal("1")), look(payment("1"), entries=(entry("1", "100"),)), APPEND, remove("1")),
    ("a removal after the last try is given up", in_doubt(removal("1"), attempts=ATTEMPTS_MAX), look(payment("1"), entries=(entry("1", "100"),)), APPEND, GiveUp()),
    ("a removal with the switch off is decided anew", in_doubt(removal("1")), look(payment("1"), entries=(entry("1", "100"),)), SWITCHED_OFF, DecideAgain()),
    ("the doubt ends before the balance is asked", lost(changed_since=True), look(payment("1", "300")), APPEND, DecideAgain()),
    ("a pending one is not decided anew because it changed: intend sees to that", creation(changed_since=True), look(), APPEND, create()),
]

# The invoice is not to be found.
MISSING: list[Row] = [
    ("a first send is held", creation(), InvoiceNotFound(), APPEND, held(Reason.TARGET_INVOICE_MISSING)),
    ("an edit is held", change(), InvoiceNotFound(), APPEND, held(Reason.TARGET_INVOICE_MISSING)),
    ("a removal is held", removal(), InvoiceNotFound(), APPEND, held(Reason.TARGET_INVOICE_MISSING)),
    ("a doubt stays", lost(), InvoiceNotFound(), APPEND, StayInDoubt()),
    ("a doubt stays after the last try", lost(attempts=ATTEMPTS_MAX), InvoiceNotFound(), APPEND, StayInDoubt()),
    ("a doubt about a change stays", in_doubt(change()), InvoiceNotFound(), APPEND, StayInDoubt()),
    ("a doubt about a removal stays", in_doubt(removal()), InvoiceNotFound(), APPEND, StayInDoubt()),
    ("a doubt stays with the switch off", lost(), InvoiceNotFound(), SWITCHED_OFF, StayInDoubt()),
    ("what is held in doubt stays in doubt", held_as(Reason.SEVERAL_CANDIDATES, creation()), InvoiceNotFound(), APPEND, StayInDoubt()),
]

# Corrections of a payment that stands for this part alone.
CORRECTIONS: list[Row] = [
    ("an edit is made", change("1", "60"), look(payment("1", by=US), entries=(entry("1", "100"),)), APPEND, put("1", "60")),
    ("an edit of the date alone is made", change("1", "100", 21), look(payment("1", by=US), entries=(entry("1", "100"),)), APPEND, put("1", "100", 21)),
    ("an edit that a person made is done", change("1", "60"), look(payment("1", "60", by=US), entries=(entry("1", "100"),)), APPEND, Done("1")),
    ("the right amount on another day is not done", change("1", "60"), look(payment("1", "60", 19, by=US), entries=(entry("1", "100"),)), APPEND, put("1", "60")),
    ("a payment that is gone cannot be edited", change("1", "60"), look(entries=(entry("1", "100"),)), APPEND, Gone("1")),
    ("a removal is made", removal("1"), look(payment("1", by=US), entries=(entry("1", "100"),)), APPEND, remove("1")),
    ("a removal that a person made is done", removal("1"), look(entries=(entry("1", "100"),)), APPEND, Done("1")),
    ("a removal needs no open balance", removal("1"), look(payment("1", by=US), total="100", balance="0", entries=(entry("1", "100"),)), APPEND, remove("1")),
    ("a removal is made on an invoice that takes no payments", removal("1"), look(payment("1", by=US), payable=False, entries=(entry("1", "100"),)), APPEND, remove("1")),
    ("one that a look found under another name is not ours to edit", change("1", "60"), look(payment("1", by=ANNA), entries=(entry("1", "100"),), found_by_look=("1",)), APPEND, held(Reason.NOT_OURS_TO_CHANGE, "1")),
    ("one that a look found under another name is not ours to remove", removal("1"), look(payment("1", by=ANNA), entries=(entry("1", "100"),), found_by_look=("1",)), APPEND, held(Reason.NOT_OURS_TO_CHANGE, "1")),
    ("one that a look found is not ours to remove before we know our name", removal("1"), look(payment("1", by=US), entries=(entry("1", "100"),), found_by_look=("1",)), NAMELESS, held(Reason.NOT_OURS_TO_CHANGE, "1")),
    ("one that a look found under our name is ours to remove", removal("1"), look(payment("1", by=US), entries=(entry("1", "100"),), found_by_look=("1",)), APPEND, remove("1")),
    ("one that a look found where names are not told is ours to remove", removal("1"), look(payment("1"), entries=(entry("1", "100"),), found_by_look=("1",)), APPEND, remove("1")),
    ("one that was answered is ours, whatever name it bears by now", removal("1"), look(payment("1", by=ANNA), entries=(entry("1", "100"),)), APPEND, remove("1")),
    ("an edit that needs more than is open is held", change("1", "150"), look(payment("1", by=US), payment("2", "180", 2), entries=(entry("1", "100"),)), APPEND, held(Reason.EXCEEDS_BALANCE, "1", "2", detail="50.00 USD to pay, 20.00 USD still open")),
    ("an edit to less is made on a paid invoice", change("1", "60"), look(payment("1", by=US), total="100", entries=(entry("1", "100"),)), APPEND, put("1", "60")),
    ("an edit to less is made on an invoice that takes no payments", change("1", "60"), look(payment("1", by=US), payable=False, entries=(entry("1", "100"),)), APPEND, put("1", "60")),
    ("an edit to more is not made on an invoice that takes no payments", change("1", "160"), look(payment("1", by=US), payable=False, entries=(entry("1", "100"),)), APPEND, held(Reason.TARGET_INVOICE_NOT_PAYABLE)),
]

# One payment for the whole invoice.
ONE_PAYMENT: list[Row] = [
    ("the first part is created", creation("30"), look(), SINGLE, create("30")),
    ("a second part is added to ours", creation("30"), look(payment("1", "50", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, put("1", "80")),
    ("the later date counts", creation("30", 18), look(payment("1", "50", by=US), entries=(entry("1", "50", 19, allocation=2),)), SINGLE, put("1", "80", 19)),
    ("somebody else's payment occupies the invoice", creation("30"), look(payment("1", "70", by=ANNA)), SINGLE, held(Reason.TARGET_OCCUPIED, "1")),
    ("a credit does not occupy it", creation("30"), look(payment("1", "70", foreign=True)), SINGLE, create("30")),
    ("somebody's payment beside ours does not occupy it", creation("30"), look(payment("1", "50", by=US), payment("2", "70", by=ANNA), entries=(entry("1", "50", allocation=2),)), SINGLE, put("1", "80")),
    ("a typed one is adopted and not added to ours", creation("30"), look(payment("1", "50", by=US), payment("2", "30"), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("2", ours=False)),
    ("a typed one is asked about and not added to ours", creation("30"), look(payment("1", "50", by=US), payment("2", "30"), entries=(entry("1", "50", allocation=2),)), SINGLE_HOLD_TWINS, held(Reason.TWIN_NEARBY, "2")),
    ("the sum is there already", creation("30"), look(payment("1", "80", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("1")),
    ("ours that is gone cannot be added to", creation("30"), look(entries=(entry("1", "50", allocation=2),)), SINGLE, Gone("1")),
    ("ours that only a look found is not added to under another name", creation("30"), look(payment("1", "50", by=ANNA), entries=(entry("1", "50", allocation=2),), found_by_look=("1",)), SINGLE, held(Reason.TARGET_OCCUPIED, "1")),
    ("only what is added has to fit", creation("30"), look(payment("1", "50", by=US), total="80", entries=(entry("1", "50", allocation=2),)), SINGLE, put("1", "80")),
    ("what is added does not fit", creation("31"), look(payment("1", "50", by=US), total="80", entries=(entry("1", "50", allocation=2),)), SINGLE, held(Reason.EXCEEDS_BALANCE, "1", detail="31.00 USD to pay, 30.00 USD still open")),
    ("one of two parts is edited", change("1", "40"), look(payment("1", "80", by=US), entries=(entry("1", "30"), entry("1", "50", allocation=2))), SINGLE, put("1", "90")),
    ("one of two parts is taken back", removal("1"), look(payment("1", "80", by=US), entries=(entry("1", "30"), entry("1", "50", 19, allocation=2))), SINGLE, put("1", "50", 19)),
    ("the last part is taken back with the payment", removal("1"), look(payment("1", "30", by=US), entries=(entry("1", "30"),)), SINGLE, remove("1")),
    ("a part that a person took out is taken back already", removal("1"), look(payment("1", "50", 19, by=US), entries=(entry("1", "30"), entry("1", "50", 19, allocation=2))), SINGLE, Done("1")),
    ("taking a part back never puts money onto the invoice", removal("1"), look(payment("1", "10", by=US), entries=(entry("1", "50"), entry("1", "30", allocation=2))), SINGLE, Done("1")),
    ("a part of a payment that is gone is taken back already", removal("1"), look(entries=(entry("1", "50"), entry("1", "30", allocation=2))), SINGLE, Done("1")),
    ("a shared payment is corrected as one, whatever the setting says by now", change("1", "40"), look(payment("1", "80", by=US), entries=(entry("1", "30"), entry("1", "50", allocation=2))), APPEND, put("1", "90")),
    ("a part of it is taken back as one, whatever the setting says by now", removal("1"), look(payment("1", "80", by=US), entries=(entry("1", "30"), entry("1", "50", allocation=2))), APPEND, put("1", "50")),
    ("where payments are added, ours is not added to", creation("30"), look(payment("1", "50", by=US), entries=(entry("1", "50", allocation=2),)), APPEND, create("30")),
]

# One payment for the whole invoice, and a lost answer.
ONE_PAYMENT_IN_DOUBT: list[Row] = [
    ("the part arrived in ours", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "80", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("1")),
    ("the part did not arrive", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "50", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, put("1", "80")),
    ("a person changed the sum in the doubt", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "75", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("the sum is what it was before the send", lost("30", sent_into="1", before=(was("1", "60"),)), look(payment("1", "60", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, put("1", "80")),
    ("it arrived at a sum that a person had changed before", lost("30", sent_into="1", before=(was("1", "60"),)), look(payment("1", "80", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("1")),
    ("another part was added meanwhile, and ours arrived", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "100", by=US), entries=(entry("1", "50", allocation=2), entry("1", "20", allocation=3))), SINGLE, Done("1")),
    ("another part was added meanwhile, and ours did not arrive", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "70", by=US), entries=(entry("1", "50", allocation=2), entry("1", "20", allocation=3))), SINGLE, put("1", "100")),
    ("a typed payment beside it is not taken for ours", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "80", by=US), payment("2", "30", by=ANNA), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("1")),
    ("somebody's payment that goes while ours grows stops nothing", lost("30", sent_into="1", before=(was("1", "50"), was("2", "20", 1))), look(payment("1", "80", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("1")),
    ("the payment that it was added to is gone", lost("30", sent_into="1", before=(was("1", "50"),)), look(entries=(entry("1", "50", allocation=2),)), SINGLE, Gone("1")),
    ("the setting changed in the doubt, and it arrived in ours", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "80", by=US), entries=(entry("1", "50", allocation=2),)), APPEND, Done("1")),
    ("the setting changed in the doubt, and it did not arrive", lost("30", sent_into="1", before=(was("1", "50"),)), look(payment("1", "50", by=US), entries=(entry("1", "50", allocation=2),)), APPEND, create("30")),
    ("sent as one of its own, it is found although the setting is another by now", lost("30", before=(was("1", "50"),)), look(payment("1", "50", by=US), payment("2", "30", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("2")),
    ("held because of its sum, and a person set it right", in_doubt(creation("30"), doubt=Doubt.ASKED, sent_into="1", image=(was("1", "50"),)), look(payment("1", "80", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, Done("1")),
    ("held because of its sum, and a person took it out", in_doubt(creation("30"), doubt=Doubt.ASKED, sent_into="1", image=(was("1", "50"),)), look(payment("1", "50", by=US), entries=(entry("1", "50", allocation=2),)), SINGLE, DecideAgain()),
    ("the first one of an invoice with a date that somebody changed", lost("30"), look(payment("1", "30", 19)), SINGLE, held(Reason.SEVERAL_CANDIDATES, "1")),
    ("taking a part back got no answer and was not done", in_doubt(removal("1")), look(payment("1", "80", by=US), entries=(entry("1", "30"), entry("1", "50", allocation=2))), SINGLE, put("1", "50")),
    ("taking a part back got no answer and was done", in_doubt(removal("1")), look(payment("1", "50", by=US), entries=(entry("1", "30"), entry("1", "50", allocation=2))), SINGLE, Done("1")),
]

# What is open on the invoice.
BALANCES: list[Row] = [
    ("more than is open", creation("301"), look(), APPEND, held(Reason.EXCEEDS_BALANCE, detail="301.00 USD to pay, 300.00 USD still open")),
    ("a cent more than is open", creation("300.01"), look(), APPEND, held(Reason.EXCEEDS_BALANCE, detail="300.01 USD to pay, 300.00 USD still open")),
    ("the invoice is paid", creation(), look(payment("1", "300", 2)), APPEND, held(Reason.EXCEEDS_BALANCE, "1", detail="100.00 USD to pay, 0.00 USD still open")),
    ("the balance says less than the list of payments", creation(), look(balance="40"), APPEND, held(Reason.EXCEEDS_BALANCE, detail="100.00 USD to pay, 40.00 USD still open")),
    ("the balance lags behind the list of payments", creation(), look(payment("1", "250", 2), balance="300"), APPEND, held(Reason.EXCEEDS_BALANCE, "1", detail="100.00 USD to pay, 50.00 USD still open")),
    ("an overpaid invoice has nothing open", creation(), look(payment("1", "310", 2)), APPEND, held(Reason.EXCEEDS_BALANCE, "1", detail="100.00 USD to pay, 0.00 USD still open")),
    ("a negative balance is nothing open", creation(), look(balance="-5"), APPEND, held(Reason.EXCEEDS_BALANCE, detail="100.00 USD to pay, 0.00 USD still open")),
    ("credits count as paid", creation(), look(payment("1", "250", foreign=True)), APPEND, held(Reason.EXCEEDS_BALANCE, "1", detail="100.00 USD to pay, 50.00 USD still open")),
    ("an invoice that takes no payments", creation(), look(payable=False), APPEND, held(Reason.TARGET_INVOICE_NOT_PAYABLE)),
    ("an invoice that takes no payments, after a doubt", lost(), look(payable=False), APPEND, held(Reason.TARGET_INVOICE_NOT_PAYABLE)),
    ("after a doubt the balance counts as well", lost(), look(payment("1", "250", 2, by=ANNA), total="300"), APPEND, held(Reason.EXCEEDS_BALANCE, "1", detail="100.00 USD to pay, 50.00 USD still open")),
]

# fmt: on

ROWS = [
    *FIRST_SENDS,
    *TYPED,
    *LINKED,
    *ENTERED_ANEW,
    *LOST_ANSWERS,
    *HARM,
    *SEVERAL_BEFORE,
    *ENDS_OF_DOUBT,
    *MISSING,
    *CORRECTIONS,
    *ONE_PAYMENT,
    *ONE_PAYMENT_IN_DOUBT,
    *BALANCES,
]


@pytest.mark.parametrize(
    ("owed", "seen", "terms", "verdict"), [row[1:] for row in ROWS], ids=[row[0].replace(" ", "_") for row in ROWS]
)
def test_verdict(owed: Owed, seen: Look, terms: Terms, verdict: Verdict | Hold) -> None:
    assert in_short(judge(owed, seen, terms)) == verdict
