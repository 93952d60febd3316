"""Whatever is kept by a name of ours is shown in words."""

from typing import get_args

from connectors.base import WriteOutcome
from domain.comparing.outcomes import InvoiceOrder, Outcome, Owed
from domain.comparing.rows import RowKind
from domain.copying.billed import InvoiceKind, LineKind
from domain.copying.states import CopyAction, CopyState, ItemState, RunState
from domain.push.effect import EffectState
from tasks.push.results import NotBegun
from web import invoice_wording, labels
from web.copy_filters import EMPTY_TABS, TAB_NAMES, TAB_STATES, Tab
from web.labels import EFFECT_STATE_LABELS, OUTCOME_LABELS
from web.sync_runs import CONFIRM_WORDS, MEANINGS


def test_every_end_of_a_try_has_words() -> None:
    assert set(OUTCOME_LABELS) == {one.__name__.lower() for one in (*get_args(WriteOutcome), NotBegun)}


def test_every_state_of_an_effect_has_words() -> None:
    assert set(EFFECT_STATE_LABELS) == set(EffectState)


def test_every_state_and_kind_of_the_sync_tool_has_words() -> None:
    for table in (labels.COPY_STATE_LABELS, labels.COPY_STATE_SENTENCE_LABELS, labels.COPY_STATE_BADGES):
        assert set(table) == set(CopyState)
    for table in (labels.COPY_ACTION_LABELS, CONFIRM_WORDS, MEANINGS):
        assert set(table) == set(CopyAction)
    assert set(labels.RUN_STATE_LABELS) == set(labels.RUN_STATE_BADGES) == set(RunState)
    assert set(labels.ITEM_STATE_LABELS) == set(labels.ITEM_STATE_BADGES) == set(ItemState)
    assert set(labels.INVOICE_KIND_LABELS) == set(InvoiceKind)
    assert set(labels.LINE_KIND_LABELS) == set(LineKind)


def test_every_invoice_is_on_one_tab_of_the_list() -> None:
    assert sorted(state for states in TAB_STATES.values() for state in states) == sorted(CopyState)
    assert set(TAB_NAMES) == set(EMPTY_TABS) == set(Tab)


def test_every_outcome_order_and_row_of_an_invoice_has_words() -> None:
    for table in (
        invoice_wording.COMPARED_LABELS,
        invoice_wording.COMPARED_BADGES,
        invoice_wording.NONE_COMPARED_LABELS,
    ):
        assert set(table) == set(Outcome)
    assert set(invoice_wording.OWED_LABELS) == set(Owed)
    assert set(invoice_wording.INVOICE_ORDER_LABELS) == set(InvoiceOrder)
    assert set(invoice_wording.ROW_LABELS) == set(invoice_wording.ROW_BADGES) == set(RowKind)


def test_no_two_tables_of_words_have_one_name() -> None:
    """The templates know all of them by their names alone."""
    tables = [
        {name for name in vars(one) if name.endswith(("_LABELS", "_BADGES"))} for one in (labels, invoice_wording)
    ]
    assert tables[0] & tables[1] == set()
