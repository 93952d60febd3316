"""`prove`: what both systems say, compared without trust in our own tables."""

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest
import simplejson

from sandbox.faults import Fault
from tests.cli.conftest import Ended, Run
from tests.pages import OPERATIONS
from tests.world import BothInvoices, World

SINCE = "2026-11-01"


def proved(run: Run, *more: str) -> Ended:
    return run("prove", "northwind", "--since", SINCE, "--json", *more)


def kinds(ended: Ended) -> list[str]:
    return [one["kind"] for one in ended.json["disagreements"]]


def both_have(world: World, number: str, paid: str = "", on: str = "2026-11-20") -> BothInvoices:
    """An invoice that is in both systems with the same payment, entered by hand on both sides."""
    invoice = world.invoice(number)
    if paid:
        world.pay(paid, (invoice, paid), on=on)
        world.connectwise.type_payment(invoice.connectwise_id, paid, payment_date=day(on))
    return invoice


day = date.fromisoformat


def test_two_systems_that_agree_end_with_zero(run: Run, world: World) -> None:
    both_have(world, "INV-1", "100.00")
    both_have(world, "INV-2", "40.00")
    both_have(world, "INV-3")
    world.quickbooks.add_credit_memo(world.customer_id, "5.00", "CM-1")
    ended = proved(run)
    assert (ended.code, ended.json["agrees"], ended.json["invoices_compared"]) == (0, True, 3)
    assert ended.json["beside_invoices"] == [{"kind": "credit_memo", "count": 1, "amount": "-5.00", "currency": "USD"}]
    text = run("prove", "northwind", "--since", SINCE)
    assert text.code == 0
    assert "QuickBooks and ConnectWise agree to the cent." in text.out
    assert "reading what is open in QuickBooks" in text.err


def test_it_finds_an_error_in_connectwise_that_our_database_does_not_know_of(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1", "500.00")
    payment = world.pay("100.00", (invoice, "100.00"))
    world.notice()
    assert proved(run).code == 0
    (ours,) = world.on(invoice)
    world.connectwise.change_payment(invoice.connectwise_id, ours.id, amount="1000.00")
    ended = proved(run)
    assert ended.code == 1
    (found,) = ended.json["disagreements"]
    assert (found["kind"], found["source_ids"], found["target_ids"]) == ("amount_differs", [payment], [str(ours.id)])
    assert (found["source_amount"], found["target_amount"]) == ("100.00", "1000.00")
    assert ended.json["in_dispute"] == [{"currency": "USD", "amount": "900.00"}]
    assert "In dispute: 900.00 USD" in run("prove", "northwind", "--since", SINCE).out


def test_a_payment_that_only_quickbooks_has(run: Run, world: World) -> None:
    world.pay("30.00", (both_have(world, "INV-1"), "30.00"))
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["payment_missing_at_target"])


def test_a_payment_that_only_connectwise_has(run: Run, world: World) -> None:
    world.connectwise.type_payment(both_have(world, "INV-1").connectwise_id, "30.00")
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["payment_missing_at_source"])


def test_the_same_payment_on_another_date(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("100.00", (invoice, "100.00"), on="2026-11-18")
    world.connectwise.type_payment(invoice.connectwise_id, "100.00", payment_date=day("2026-11-19"))
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["date_differs"])
    assert ended.json["disagreements"][0]["source_date"] == "2026-11-18"
    assert ended.json["in_dispute"] == [{"currency": "USD", "amount": "0.00"}]


def test_a_payment_that_stands_there_twice(run: Run, world: World) -> None:
    invoice = both_have(world, "INV-1", "40.00")
    world.connectwise.type_payment(invoice.connectwise_id, "40.00", payment_date=day("2026-11-20"))
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["counted_twice"])


def test_invoices_that_only_one_system_has(run: Run, world: World) -> None:
    world.invoice("INV-1", in_connectwise=False)
    world.connectwise.add_invoice("INV-2", "70.00")
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["invoice_missing_at_target", "invoice_missing_at_source"])


@pytest.mark.parametrize("side", ["quickbooks", "connectwise"])
def test_a_number_that_two_invoices_have(run: Run, world: World, side: str) -> None:
    world.invoice("INV-1", "100.00", connectwise_total="90.00")
    if side == "quickbooks":
        world.quickbooks.add_invoice(world.customer_id, "55.00", "INV-1")
    else:
        paid = world.connectwise.add_invoice("INV-1", "55.00")
        world.connectwise.type_payment(paid, "55.00")
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["number_not_unique"])


def test_an_invoice_whose_total_or_currency_differs(run: Run, world: World) -> None:
    world.invoice("INV-1", "100.00", connectwise_total="90.00")
    world.invoice("INV-2", currency="EUR")
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["total_differs", "currency_differs"])


def test_a_credit_that_only_one_system_has_applied(run: Run, world: World) -> None:
    first, second, third = (both_have(world, number) for number in ("INV-1", "INV-2", "INV-3"))
    world.quickbooks.apply_credit_memo(first.quickbooks_id, "20.00")
    world.connectwise.type_payment(second.connectwise_id, "15.00", credit_memo="CM-9")
    world.quickbooks.apply_credit_memo(third.quickbooks_id, "10.00")
    world.connectwise.type_payment(third.connectwise_id, "10.00", credit_memo="CM-8")
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["credit_differs", "credit_differs"])


def test_money_on_the_invoice_form_has_to_be_in_connectwise_too(run: Run, world: World) -> None:
    world.quickbooks.add_invoice(world.customer_id, "100.00", "INV-1", deposit="25.00")
    invoice_id = world.connectwise.add_invoice("INV-1", "100.00")
    assert kinds(proved(run)) == ["payment_missing_at_target"]
    world.connectwise.type_payment(invoice_id, "25.00", payment_date=world.clock.now().date())
    assert proved(run).code == 0


def test_a_tenant_with_one_payment_for_each_invoice_agrees_by_the_sum(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("60.00", (invoice, "60.00"))
    world.pay("40.00", (invoice, "40.00"))
    world.connectwise.type_payment(invoice.connectwise_id, "100.00")
    assert proved(run).code == 0


def test_old_payments_matter_only_where_the_balances_differ(run: Run, world: World) -> None:
    old = world.invoice("INV-1")
    world.quickbooks.record_payment(
        world.customer_id, "40", [(old.quickbooks_id, "40")], payment_date="2026-09-01", at="2026-09-01T12:00:00Z"
    )
    world.connectwise.type_payment(old.connectwise_id, "40", payment_date=day("2026-09-02"))
    assert proved(run).code == 0
    assert kinds(run("prove", "northwind", "--since", "2026-08-01", "--json")) == ["date_differs"]


def test_an_old_invoice_that_is_open_on_one_side_only_has_its_counterpart(run: Run, world: World) -> None:
    old = world.invoice("INV-1", at="2026-09-01T12:00:00Z")
    world.quickbooks.record_payment(
        world.customer_id, "100", [(old.quickbooks_id, "100")], payment_date="2026-09-01", at="2026-09-01T12:00:00Z"
    )
    assert kinds(proved(run)) == ["payment_missing_at_target"]


def test_a_report_that_is_cut_short_proves_nothing(run: Run, world: World) -> None:
    for number in range(4):
        both_have(world, f"INV-{number}")
    world.quickbooks.set_switches(report_cells_max=14)
    ended = proved(run)
    assert (ended.code, ended.json["comparable"], ended.json["agrees"]) == (2, False, None)
    assert (ended.json["system"], ended.json["why"]) == ("QuickBooks", "truncated")
    assert "It could not be compared: QuickBooks cut its report short" in ended.err


def test_a_page_that_fails_in_the_middle_proves_nothing(run: Run, world: World) -> None:
    both_have(world, "INV-1")
    world.connectwise.faults.add(Fault("error", path="/finance/invoices$"))
    ended = proved(run)
    assert (ended.code, ended.json["system"], ended.json["why"]) == (2, "ConnectWise", "page_failed")


def test_a_member_without_the_right_to_see_invoices_proves_nothing(run: Run, world: World) -> None:
    both_have(world, "INV-1")
    world.connectwise.set_permissions(inquire=False)
    assert proved(run).json["why"] == "permission"


def test_a_member_who_sees_only_a_part_never_agrees(run: Run, world: World) -> None:
    both_have(world, "INV-1")
    world.connectwise.limit_locations(["Elsewhere"])
    ended = proved(run)
    assert (ended.code, kinds(ended)) == (1, ["invoice_missing_at_target"])
    assert "may not see it" in ended.json["disagreements"][0]["sentence"]


def test_an_organization_that_is_not_connected_cannot_be_compared(run: Run, organization: str) -> None:
    ended = run("prove", organization, "--since", SINCE)
    assert ended.code == 2
    assert "cannot be read as a whole" in ended.err


def test_invoices_that_are_paid_and_untouched_are_not_read_in_depth(run: Run, world: World) -> None:
    for number in range(30):
        old = world.quickbooks.add_invoice(world.customer_id, "10", f"OLD-{number}", at="2026-08-01T12:00:00Z")
        world.quickbooks.record_payment(
            world.customer_id, "10", [(old, "10")], payment_date="2026-08-02", at="2026-08-02T12:00:00Z"
        )
    both_have(world, "INV-1", "40.00")
    ended = proved(run)
    assert (ended.code, ended.json["invoices_compared"], ended.json["invoices_in_depth"]) == (0, 1, 1)
    assert ended.json["metered_reads"] <= 10
    assert world.connectwise.calls.count("GET /finance/invoices/{id}/payments") == 1


def test_the_files_of_a_manifest_are_checked(run: Run, world: World, tmp_path: Path) -> None:
    names = {"statement.csv": b"INV-1,100.00\n", "statement.html": b"<p>100.00</p>"}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    files = [{"name": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in names.items()]
    manifest = tmp_path / "manifest.json"
    manifest.write_text(simplejson.dumps({"files": files}))
    assert proved(run, "--manifest", str(manifest)).code == 0
    (tmp_path / "statement.csv").write_bytes(b"INV-1,900.00\n")
    (tmp_path / "statement.html").unlink()
    ended = proved(run, "--manifest", str(manifest))
    assert (ended.code, ended.json["agrees"]) == (1, True)
    assert ended.json["files"] == [
        {"name": "statement.csv", "state": "changed"},
        {"name": "statement.html", "state": "missing"},
    ]


def test_the_commands_of_the_handbook_do_what_it_says(run: Run, world: World, tmp_path: Path) -> None:
    section = OPERATIONS.read_text().split("## Prove that both systems agree")[1].partition("\n## ")[0]
    lines = [line.removeprefix("python -m cli ") for line in section.splitlines() if line.startswith("python -m cli ")]
    assert len(lines) == 3
    (tmp_path / "statement").mkdir()
    content = b"INV-1,100.00\n"
    (tmp_path / "statement/statement.csv").write_bytes(content)
    form = re.search(r"is JSON, `(.+?)`", section)
    assert form is not None
    manifest = form[1].replace("...", hashlib.sha256(content).hexdigest())
    (tmp_path / "statement/manifest.json").write_text(manifest)
    both_have(world, "INV-1", "100.00")
    for line in lines:
        ended = run(*line.split())
        assert ended.code == 0, f"{line}\n{ended.out}\n{ended.err}"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": [{"name": "../secret", "sha256": "00"}]}'])
def test_what_is_no_manifest_is_refused(run: Run, world: World, tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(text)
    ended = run("prove", "northwind", "--since", SINCE, "--manifest", str(manifest))
    assert ended.code == 2
    assert "is not a manifest" in ended.err
