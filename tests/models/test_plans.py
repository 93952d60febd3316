"""What the steps ask for again and again is found through an index, however much has been done before.

The planner of PostgreSQL decides by statistics, which a test's few rows are too small for: `make bench ARGS=idle-sweep`
shows its plans. SQLite's planner only looks at the statement, so what it says here is what it does in production.
"""

import re
from datetime import timedelta
from functools import partial

import pytest

from benchmarks.counting import counted, plan_of
from domain.comparing.outcomes import InvoiceOrder, Outcome
from domain.notices.trying import NoticeState
from domain.reasons import Reason
from models.alarms import organizations_to_watch
from models.claims import claimed_payment_ids, claims_on_invoices, parts_with_claims, unwanted_and_staying
from models.database import Database
from models.decisions import decisions_in_force
from models.due import as_they_stand, due_allocations
from models.due_owners import owners
from models.effects import abandoned_sends, due_heads, targets_with_due_effects, what_waits
from models.effects_in_force import unsettled_effects
from models.endpoints import endpoints_told
from models.held_payments import HeldFilter
from models.inbox import connections_with_waiting_events, inbox_of, waiting_events
from models.invoice_facts import known_parts
from models.invoices import (
    ChangedInvoices,
    invoices_for_documents,
    invoices_with_number,
    match_invoices_again,
    owners_of,
)
from models.ledger import synced_and_taken_back
from models.looks import due_looks, targets_with_due_looks
from models.notices import NoticeFilter, due_notices, endpoints_with_due_notices, list_notices, outdated_notices
from models.payments import organizations_with_due_allocations
from models.previews import organizations_with_due_previews
from models.replays import ReplayShare, organizations_with_due_replays
from models.replays import next_items as next_replay_items
from models.source_pictures import source_pictures, source_pictures_with_namesakes
from models.undos import Undo, UndoItemState, next_items, organizations_with_due_undos
from models.views.all_organizations import list_organizations
from models.views.days import has_synced, outcomes_by_day, syncs_by_day
from models.views.held_list import list_held
from models.views.invoice_list import InvoiceFilter, count_by_outcome, list_invoices
from models.views.oldest_payment import oldest_unsynced
from tests.models.rows import NOW, Books

IN_FUTURE = NOW + timedelta(days=1)
ASKED = {
    "sweep, inbox": (
        owners,
        (IN_FUTURE, connections_with_waiting_events),
        "inbox_event USING INDEX ix_inbox_event_waiting",
    ),
    "ingest": (inbox_of, (1, IN_FUTURE, 20), "inbox_event USING INDEX ix_inbox_event_waiting"),
    "ingest, content": (waiting_events, (1, IN_FUTURE, 500), "inbox_event USING INDEX ix_inbox_event_waiting"),
    "sweep, allocations": (
        owners,
        (IN_FUTURE, organizations_with_due_allocations),
        "allocation USING COVERING INDEX ix_allocation_organization_id_match_due_at",
    ),
    "match": (
        due_allocations,
        (1, IN_FUTURE, 200),
        "allocation USING INDEX ix_allocation_organization_id_match_due_at",
    ),
    "sweep, effects": (
        owners,
        (IN_FUTURE, targets_with_due_effects),
        "effect USING INDEX (ix_effect_due|uq_effect_open)",
    ),
    "push": (due_heads, (1, IN_FUTURE, 50), "effect USING INDEX ix_effect_due"),
    "push, what waits": (what_waits, (1, IN_FUTURE, 50), "effect USING INDEX ix_effect_due"),
    "push, facts": (parts_with_claims, (1, [7]), "ledger_entry USING INDEX ix_ledger_entry_invoice"),
    "sweep, alarms": (
        organizations_to_watch,
        (IN_FUTURE, 100),
        "alarm_watch USING COVERING INDEX ix_alarm_watch_due_at",
    ),
    "sweep, notices": (
        owners,
        (IN_FUTURE, endpoints_with_due_notices),
        "notice USING (COVERING )?INDEX ix_notice_due_at",
    ),
    "notify": (due_notices, (1, IN_FUTURE, 16), "notice USING INDEX ix_notice_due_at"),
    "notify, what is over": (outdated_notices, (1, IN_FUTURE, 500), "notice USING (COVERING )?INDEX ix_notice_due_at"),
    "news, endpoints": (endpoints_told, (1,), "endpoint USING INDEX ix_endpoint_organization_id_id"),
    "log": (list_notices, (1, NoticeFilter(), 50), "notice USING INDEX ix_notice_endpoint_id_id"),
    "log, failed": (
        list_notices,
        (1, NoticeFilter(NoticeState.FAILED), 50),
        "notice USING INDEX ix_notice_endpoint_id_state",
    ),
    "push, abandoned": (abandoned_sends, (1,), "effect USING INDEX ix_effect_due"),
    "match, namesakes": (source_pictures_with_namesakes, (1, ["7"]), "INDEX ix_source_invoice_connection_id_number"),
    "match, now": (as_they_stand, ([7],), "effect USING INDEX sqlite_autoindex_effect_1"),
    "ingest, namesakes": (
        match_invoices_again,
        (1, 1, ChangedInvoices(frozenset(["7"]), frozenset(["INV-1"])), IN_FUTURE),
        "allocation USING INDEX ix_allocation_organization_id_document_id",
    ),
    "match, nearby": (invoices_with_number, (1, ["INV-1"]), "invoice USING INDEX ix_invoice_organization_id_number"),
    "match, pictures": (source_pictures, (1, ["7"]), "source_invoice USING INDEX sqlite_autoindex_source_invoice_1"),
    "match, records": (
        invoices_for_documents,
        (1, ["7"], ["INV-1"]),
        "invoice USING INDEX sqlite_autoindex_invoice_1",
    ),
    "match, ledger": (synced_and_taken_back, ([7],), "ledger_entry USING INDEX ix_ledger_entry_allocation_id"),
    "preview, decisions": (
        decisions_in_force,
        ([7],),
        "decision USING INDEX (uq_decision_current|ix_decision_allocation_id)",
    ),
    "preview, effects": (unsettled_effects, ([7],), "effect USING INDEX ix_effect_allocation_id"),
    "sweep, previews": (owners, (IN_FUTURE, organizations_with_due_previews), "preview USING INDEX ix_preview_due_at"),
    "sweep, spans": (owners, (IN_FUTURE, organizations_with_due_undos), "undo USING INDEX ix_undo_due_at"),
    "span, next payments": (
        next_items,
        (Undo(id=1, after_id=7), UndoItemState.LISTED, 200),
        "undo_item USING INDEX ix_undo_item_undo_id_payment_id",
    ),
    "sweep, replays": (
        owners,
        (IN_FUTURE, organizations_with_due_replays),
        "replay_share USING INDEX ix_replay_share_due_at",
    ),
    "replay, next payments": (
        next_replay_items,
        (ReplayShare(id=1, after_id=7), 200),
        "replay_item USING INDEX sqlite_autoindex_replay_item_1",
    ),
    "held, all": (list_held, (HeldFilter(),), "payment USING INDEX ix_payment_held_listed_on"),
    "held, one reason": (
        list_held,
        (HeldFilter(reason=Reason.IN_DOUBT),),
        "payment USING INDEX ix_payment_held_reason",
    ),
    "operator, oldest payments": (
        list_organizations,
        (),
        "payment USING COVERING INDEX ix_payment_organization_id_status",
    ),
    "match, owners": (owners_of, (1, ["7"]), "invoice USING INDEX ix_invoice_organization_id_target_id"),
    "sweep, looks": (
        owners,
        (IN_FUTURE, targets_with_due_looks),
        "invoice_look USING (COVERING )?INDEX ix_invoice_look_due",
    ),
    "look again": (due_looks, (1, IN_FUTURE, 50), "invoice_look USING INDEX ix_invoice_look_due"),
    "invoices, first page": (
        list_invoices,
        (1, InvoiceFilter()),
        "invoice USING INDEX ix_invoice_organization_id_number",
    ),
    "invoices, by customer": (
        partial(list_invoices, order=InvoiceOrder.CUSTOMER),
        (1, InvoiceFilter()),
        "invoice USING INDEX ix_invoice_organization_id_customer",
    ),
    "invoices, by total": (
        partial(list_invoices, order=InvoiceOrder.TOTAL),
        (1, InvoiceFilter()),
        "invoice USING INDEX ix_invoice_organization_id_total",
    ),
    "invoices, newest": (
        partial(list_invoices, order=InvoiceOrder.NEWEST),
        (1, InvoiceFilter()),
        "invoice USING INDEX ix_invoice_organization_id_id",
    ),
    "invoices that differ": (
        list_invoices,
        (1, InvoiceFilter(outcome=Outcome.DIFFERS)),
        "invoice USING INDEX ix_invoice_organization_id_compared_as",
    ),
    "invoices, balances": (
        list_invoices,
        (1, InvoiceFilter()),
        "source_invoice USING INDEX sqlite_autoindex_source_invoice_1",
    ),
    "invoices, counts": (
        count_by_outcome,
        (1,),
        "invoice USING COVERING INDEX ix_invoice_organization_id_compared_as",
    ),
    "invoice, its payments": (
        known_parts,
        (1, "70", None),
        "allocation USING INDEX ix_allocation_organization_id_document_id",
    ),
    "invoice, what stands on it": (
        known_parts,
        (1, None, "200"),
        "ledger_entry USING INDEX ix_ledger_entry_invoice",
    ),
    "overview, outcomes": (
        outcomes_by_day,
        (1, NOW.date(), NOW.date()),
        r"payment USING COVERING INDEX ix_payment_organization_id_listed_on \(organization_id=\? AND listed_on>",
    ),
    "overview, synced": (
        syncs_by_day,
        (1, NOW.date(), NOW.date()),
        r"ledger_entry USING COVERING INDEX ix_ledger_entry_day \(organization_id=\? AND entered_on>",
    ),
    "overview, checklist": (has_synced, (1,), "ledger_entry USING COVERING INDEX ix_ledger_entry_day"),
    "overview, oldest": (
        oldest_unsynced,
        (1,),
        r"payment USING INDEX ix_payment_organization_id_status \(organization_id=\? AND status=\?\)",
    ),
    "delivery, claims": (claimed_payment_ids, (1, "7"), "ledger_entry USING INDEX ix_ledger_entry_invoice"),
    "delivery, outlived": (unwanted_and_staying, (1, ["7"]), "ledger_entry USING INDEX ix_ledger_entry_invoice"),
    "delivery, on invoices": (claims_on_invoices, (1, ["7"]), "ledger_entry USING INDEX ix_ledger_entry_invoice"),
}


@pytest.mark.sqlite_decides
@pytest.mark.parametrize("asked", ASKED)
def test_what_is_due_is_found_without_looking_at_what_is_done(database: Database, books: Books, asked: str) -> None:
    assert books
    query, arguments, index = ASKED[asked]
    with counted(database) as statements, database.reading() as session:
        query(session, *arguments)
    plan = [step for statement in statements.seen for step in plan_of(database, *statement)]
    if database.engine.dialect.name == "sqlite":
        assert any(re.search(index, step) for step in plan), plan
    else:
        assert plan
