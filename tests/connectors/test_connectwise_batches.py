"""Accounting batches: how one is found, and what making or removing one ends in. Nothing is sent twice."""

import pytest
import simplejson

from connectors.base import Failure, FailureKind, NotSent, Paced, Refused, Removed, Throttled, Unknown
from connectors.connectwise.batches import batch_body
from connectors.copying import AlreadyBatched, Batched, BatchExists
from connectors.limits import Limiter, Rate
from sandbox.faults import Fault
from tests.connectors.billing import Billing, value_of
from workers.redis_server import free_port

NAME = "AP-IINV-1-7f3a"
POST = "POST /finance/accounting/batches"
DELETE = "DELETE /finance/accounting/batches/{id}"


@pytest.fixture
def entries(billing) -> frozenset[str]:
    """Those of the only invoice; the address is discovered before the bad day begins."""
    return billing.detail(billing.invoice()).entry_ids


@pytest.fixture
def batch_id(billing, entries) -> str:
    assert isinstance(billing.biller.make_batch(NAME, entries), Batched)
    return value_of(billing.biller.find_batch(NAME)).external_id


def held(billing: Billing) -> list[str]:
    """The entries that batches hold."""
    return [str(entry) for batch in billing.sandbox.batches() for entry in batch.gl_entry_ids]


# --- looking for one ---


def test_a_batch_is_found_by_exactly_its_identifier(billing, batch_id):
    found = value_of(billing.biller.find_batch(NAME))
    assert (found.identifier, found.closed, found.made_by) == (NAME, False, "API1")
    for other in (NAME.lower(), NAME + " ", NAME[:-1], ""):
        assert value_of(billing.biller.find_batch(other)) is None


def test_of_two_that_differ_in_letter_case_the_exact_one_is_found(billing, batch_id):
    other = billing.sandbox.add_invoice("INV-2", 5)
    billing.sandbox.batch_invoice(other, NAME.lower())
    assert value_of(billing.biller.find_batch(NAME)).external_id == batch_id


def test_an_identifier_cannot_end_the_condition(billing, batch_id):
    result = billing.biller.find_batch(f'{NAME}" or id>"0')
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.REFUSED
    assert value_of(billing.biller.find_batch("x' or id>0 or batchIdentifier='x")) is None


@pytest.mark.parametrize(
    "body", ["{}", "null", "[null]", '[{"id":1}]', '[{"batchIdentifier":"AP-IINV-1-7f3a"}]', "<html>"]
)
def test_a_batch_that_cannot_be_read_may_be_the_one(billing, entries, body):
    billing.sandbox.faults.add(Fault("error", path="batches$", status=200, body=body))
    assert isinstance(billing.biller.find_batch(NAME), Failure)


def test_two_batches_of_one_name_are_no_answer(billing, entries):
    twice = simplejson.dumps([{"id": number, "batchIdentifier": NAME} for number in (1, 2)])
    billing.sandbox.faults.add(Fault("error", path="batches$", status=200, body=twice))
    assert isinstance(billing.biller.find_batch(NAME), Failure)


def test_the_invoices_of_a_batch_are_listed_to_the_last_page(billing, monkeypatch):
    ids = [billing.sandbox.add_invoice(f"INV-{number}", 5) for number in range(3)]
    [batch_id] = {billing.sandbox.batch_invoice(one, "M-November") for one in ids}
    monkeypatch.setattr("sandbox.connectwise.listing.LARGEST_PAGE_SIZE", 2)
    assert value_of(billing.biller.list_batch_invoices(str(batch_id))) == frozenset(map(str, ids))
    assert billing.calls("GET /finance/accounting/batches/{id}/entries") == 3


def test_a_batch_may_hold_more_than_invoices(billing, batch_id):
    body = '[{"id":1,"invoice":{"id":200}},{"id":2},{"id":3,"invoice":null}]'
    billing.sandbox.faults.add(Fault("error", path="entries$", status=200, body=body))
    assert value_of(billing.biller.list_batch_invoices(batch_id)) == {"200"}
    for unreadable in ('[{"id":1,"invoice":{}}]', '[{"id":1,"invoice":200}]', "[null]", "{}"):
        billing.sandbox.faults.add(Fault("error", path="entries$", status=200, body=unreadable))
        assert isinstance(billing.biller.list_batch_invoices(batch_id), Failure)


@pytest.mark.parametrize("batch_id", ["77", "", "0", "../batches"])
def test_a_batch_that_is_not_there_has_no_invoices(billing, batch_id):
    result = billing.biller.list_batch_invoices(batch_id)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.NOT_FOUND


# --- making one ---


def test_a_batch_holds_all_entries_and_is_never_closed(billing, entries):
    assert billing.biller.make_batch(NAME, entries) == Batched(NAME)
    [made] = billing.sandbox.batches()
    assert (made.identifier, frozenset(held(billing))) == (NAME, entries)
    assert billing.page().invoices == ()
    sent = simplejson.loads(batch_body(NAME, ["12", "9"]))
    assert (sent["processedRecordIds"], sent["exportInvoicesFlag"]) == ([9, 12], True)
    assert "closedFlag" not in sent


@pytest.mark.parametrize("position", ["without_details", "all"])
def test_the_answer_names_the_entries_in_either_form(billing, entries, position):
    billing.sandbox.set_switches(gl_entry_ids=position)
    assert isinstance(billing.biller.make_batch(NAME, entries), Batched)


def test_an_identifier_that_exists_is_told(billing, entries, batch_id):
    other = billing.detail(billing.invoice("INV-2")).entry_ids
    outcome = billing.biller.make_batch(NAME, other)
    assert isinstance(outcome, BatchExists)
    assert f"The batch {NAME} already exists." in outcome.detail
    assert frozenset(held(billing)) == entries


def test_an_identifier_that_takes_more_entries_holds_them_afterwards(billing, batch_id):
    billing.sandbox.set_switches(existing_batch="accept")
    other = billing.detail(billing.invoice("INV-2")).entry_ids
    assert isinstance(billing.biller.make_batch(NAME, other), Batched)
    assert other <= frozenset(held(billing))


@pytest.mark.parametrize("first_entries", [2, None])
def test_entries_of_another_batch_are_told(billing, entries, first_entries):
    billing.sandbox.batch_invoice(200, "M-1", first_entries=first_entries)
    outcome = billing.biller.make_batch(NAME, entries)
    assert isinstance(outcome, AlreadyBatched)
    assert "in a batch already" in outcome.detail


def test_a_batch_that_took_only_the_rest_has_to_be_looked_at(billing, entries):
    billing.sandbox.set_switches(partly_batched="take_rest")
    billing.sandbox.batch_invoice(200, "M-1", first_entries=2)
    outcome = billing.biller.make_batch(NAME, entries)
    assert isinstance(outcome, Unknown)
    assert "does not name 2 of the 7 entries" in outcome.detail
    billing.sandbox.set_switches(existing_batch="accept")
    assert isinstance(billing.biller.make_batch("AP-2", entries), AlreadyBatched)


def test_a_second_tool_that_is_quicker_is_told(billing):
    invoice_id = billing.invoice()
    billing.sandbox.batch_after_next_read(int(invoice_id), "export")
    assert isinstance(billing.biller.make_batch(NAME, billing.detail(invoice_id).entry_ids), AlreadyBatched)


def test_entries_that_are_gone_since_the_invoice_was_opened_are_refused(billing, entries):
    billing.sandbox.reopen_invoice(200)
    outcome = billing.biller.make_batch(NAME, entries)
    assert isinstance(outcome, Refused)
    assert outcome.kind is FailureKind.REFUSED
    assert "does not exist" in outcome.detail


@pytest.mark.parametrize(
    ("name", "ids"),
    [(NAME, []), (NAME, ["1", "x"]), (NAME, ["0"]), ("", ["1"]), (" ", ["1"]), ("A" * 51, ["1"]), ('A"', ["1"])],
)
def test_a_batch_that_could_hold_something_else_or_not_be_found_again_is_not_sent(billing, name, ids):
    assert isinstance(billing.biller.make_batch(name, ids), Refused)
    assert billing.calls(POST) == 0


# Kind of fault, what the write ends in, whether the batch was made.
FAULTS = [
    (Fault("latency", seconds=0.01), Batched, True),
    (Fault("throttle", retry_after=3), Throttled, False),
    (Fault("error", status=500), Unknown, False),
    (Fault("error", status=503, body="html"), Unknown, False),
    (Fault("error", status=408), Unknown, False),
    (Fault("error", status=409, body='{"message":"The record is locked."}'), Refused, False),
    (Fault("error", status=422, body='{"message":"The batchIdentifier must be unique."}'), BatchExists, False),
    (Fault("error", status=400, body='{"message":"Entry 7 was already posted."}'), AlreadyBatched, False),
    (Fault("error", status=400, body="html"), Refused, False),
    (Fault("error", status=200, body="[]"), Unknown, False),
    (Fault("error", status=201, body="{}"), Unknown, False),
    (Fault("error", status=201, body='{"transactions":[]}'), Unknown, False),
    (Fault("error", status=201, body='{"transactions":[null,{"glEntryIds":7,"detail":[1]}]}'), Unknown, False),
    (Fault("error", status=202, body='{"transactions":[]}'), Unknown, False),
    (Fault("error", status=204, body=""), Unknown, False),
    (Fault("error", status=404, body="html"), Unknown, False),
    (Fault("error_after_commit"), Unknown, True),
    (Fault("hang_after_commit", seconds=0.05), Unknown, True),
    (Fault("drop_before_commit"), Unknown, False),
    (Fault("commit_then_drop"), Unknown, True),
    (Fault("truncate"), Unknown, True),
    (Fault("garbage"), Unknown, False),
    (Fault("redirect"), Unknown, False),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "made"), FAULTS, ids=[f"{one.kind}-{one.status}-{one.body}" for one, _, _ in FAULTS]
)
def test_making_a_batch_on_a_bad_day(billing, entries, fault, outcome, made):
    billing.sandbox.faults.add(fault)
    assert type(billing.biller.make_batch(NAME, entries)) is outcome
    assert (len(billing.sandbox.batches()), billing.calls(POST)) == (int(made), 1)


def test_a_batch_whose_answer_was_lost_is_found_and_not_made_again(billing, entries):
    billing.sandbox.faults.add(Fault("commit_then_drop", method="POST"))
    assert isinstance(billing.biller.make_batch(NAME, entries), Unknown)
    found = value_of(billing.biller.find_batch(NAME))
    assert value_of(billing.biller.list_batch_invoices(found.external_id)) == {"200"}
    assert isinstance(billing.biller.make_batch(NAME, entries), BatchExists)


@pytest.mark.parametrize("status", [401, 404])
def test_refused_keys_are_told_as_such(billing, entries, status):
    billing.sandbox.set_switches(bad_credentials=status)
    billing.sandbox.set_keys(private_key="another")
    for outcome in (billing.biller.make_batch(NAME, entries), billing.biller.remove_batch("1")):
        assert isinstance(outcome, Refused)
        assert outcome.kind is FailureKind.CREDENTIALS


def test_a_missing_right_is_named(billing, entries):
    billing.sandbox.set_permissions(accounting_edit=False, accounting_delete=False)
    made, removed = billing.biller.make_batch(NAME, entries), billing.biller.remove_batch("1")
    for outcome, right in ((made, "Add All"), (removed, "Delete All")):
        assert isinstance(outcome, Refused)
        assert outcome.kind is FailureKind.FORBIDDEN
        assert f"Finance > Accounting Interface: {right}" in outcome.detail


def test_what_was_never_sent_is_told(billing, entries):
    billing.biller._client._base_url = f"http://127.0.0.1:{free_port()}/v4_6_release/apis/3.0"
    assert isinstance(billing.biller.make_batch(NAME, entries), NotSent)
    billing.sandbox.faults.add(Fault("error", status=503, body="html"))
    assert isinstance(billing.connect().make_batch(NAME, entries), NotSent)
    billing.sandbox.faults.add(Fault("throttle", retry_after=9))
    assert isinstance(billing.connect().make_batch(NAME, entries), Throttled)
    wire = billing.biller._client._wire
    wire._limiter, wire._rates = Limiter(None), (Rate(1, 3600),)
    assert isinstance(billing.biller.make_batch(NAME, entries), NotSent)
    assert isinstance(billing.biller.make_batch(NAME, entries), Paced)
    assert billing.calls(POST) == 0


# --- removing one ---


def test_a_removed_batch_gives_its_invoices_back(billing, batch_id):
    assert isinstance(billing.biller.remove_batch(batch_id), Removed)
    assert [one.external_id for one in billing.page().invoices] == ["200"]


def test_a_batch_that_somebody_has_removed_is_removed(billing, batch_id):
    billing.sandbox.delete_batch(int(batch_id))
    assert isinstance(billing.biller.remove_batch(batch_id), Removed)


@pytest.mark.parametrize("look", [None, 404, 500])
def test_a_404_for_a_batch_that_may_be_there_proves_nothing(billing, batch_id, look):
    billing.sandbox.faults.add(Fault("error", method="DELETE", status=404))
    if look is not None:
        billing.sandbox.faults.add(Fault("error", method="GET", path="batches$", status=look))
    assert isinstance(billing.biller.remove_batch(batch_id), Unknown)
    assert (len(billing.sandbox.batches()), billing.calls(DELETE)) == (1, 1)


@pytest.mark.parametrize("kind", ["redirect", "error", "commit_then_drop", "garbage_after_commit"])
def test_a_removal_may_be_unknown(billing, batch_id, kind):
    billing.sandbox.faults.add(Fault(kind, method="DELETE"))
    assert isinstance(billing.biller.remove_batch(batch_id), Unknown)
    assert billing.calls(DELETE) == 1


@pytest.mark.parametrize("batch_id", ["", "0", "x", "../invoices/200"])
def test_what_is_no_record_number_is_not_removed(billing, batch_id):
    assert isinstance(billing.biller.remove_batch(batch_id), Refused)
    assert billing.sandbox.calls.total == 0
