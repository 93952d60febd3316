"""`invoices list` with its filters, and `invoices show`: one invoice in both systems."""

from models.invoices import Invoice
from sandbox.faults import Fault
from tests.cli.conftest import Run
from tests.world import World


def test_without_live_nothing_is_called(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    world.pay("40.00", (invoice, "40.00"))
    world.notice()
    calls = world.quickbooks.calls.total
    shown = run("invoices", "show", "northwind", "INV-1")
    assert shown.code == 0
    assert "Both systems have not been read for this invoice yet; add --live" in shown.out
    assert "balance in QuickBooks: 60.00 USD" in shown.out
    assert "synced: The payment is on the ConnectWise invoice." in shown.out
    assert world.quickbooks.calls.total == calls


def test_an_invoice_that_agrees_ends_with_zero(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"), reference="CHK-7")
    world.notice()
    shown = run("invoices", "show", "northwind", "INV-1", "--live")
    assert shown.code == 0
    assert "Both systems agree to the cent." in shown.out
    assert f"QuickBooks: payment {payment}, 40.00 USD, 2026-11-20, reference CHK-7" in shown.out
    there = world.on(invoice)[0]
    assert f"ConnectWise: payment {there.id}, 40.00 USD, 2026-11-20, entered by API1 (created by us)" in shown.out
    again = run("invoices", "show", "northwind", "INV-1", "--json")
    assert again.code == 0
    assert again.json["reading"]["sentence"] == "Both systems agree to the cent."
    assert again.json["reading"]["reads"] == 2
    assert [row["kind"] for row in again.json["payments"]] == ["same"]


def test_a_difference_ends_with_one_and_is_told_to_the_cent(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    world.quickbooks.apply_credit_memo(invoice.quickbooks_id, "10.01")
    shown = run("invoices", "show", "northwind", "INV-1", "--live")
    assert shown.code == 1
    assert "They differ: the balance in ConnectWise is 10.01 USD higher than in QuickBooks." in shown.out
    assert "from credit memo" in shown.out
    told = run("invoices", "show", "northwind", "INV-1", "--json")
    assert told.code == 1
    assert (told.json["invoice"]["outcome"], told.json["invoice"]["difference"]) == ("differs", "-10.01")
    (line,) = [one for one in told.json["reading"]["lines"] if one["kind"] == "credits"]
    assert (line["source"], line["target"], line["difference"]) == ("10.01", "0.00", "10.01")


def test_a_side_that_was_not_read_ends_with_one(run: Run, world: World) -> None:
    world.invoice("INV-1")
    world.connectwise.faults.add(Fault(kind="error", status=503, path=r"/finance/invoices", times=None))
    shown = run("invoices", "show", "northwind", "INV-1", "--live", "--json")
    assert shown.code == 1
    assert shown.json["reading"]["target_read_at"] is None
    assert shown.json["reading"]["source_read_at"].endswith("Z")


def test_the_list_has_the_same_filters_as_the_page(run: Run, world: World) -> None:
    paid, open_ = world.invoice("INV-1"), world.invoice("INV-2", "70.00")
    world.pay("100.00", (paid, "100.00"))
    world.pay("20.00", (open_, "20.00"))
    world.notice()
    world.connectwise.type_payment(open_.connectwise_id or 0, "5.00")
    for number in ("INV-1", "INV-2"):
        run("invoices", "show", "northwind", number, "--live")

    def listed(*options: str) -> list[str]:
        return [one["number"] for one in run("invoices", "list", "northwind", *options, "--json").json]

    assert listed() == ["INV-1", "INV-2"]
    assert listed("--state", "differs") == listed("--balance", "open") == listed("--search", "v-2") == ["INV-2"]
    assert listed("--state", "agrees", "--balance", "paid", "--customer", "casc", "--origin", "sync_tool") == ["INV-1"]
    assert listed("--sort", "newest") == ["INV-2", "INV-1"]
    text = run("invoices", "list", "northwind", "--limit", "1", "--offset", "1").out
    assert "differs" in text
    assert "5.00" in text
    assert "There are more: --offset 1" in run("invoices", "list", "northwind", "--limit", "1").out
    assert run("invoices", "list", "northwind", "--search", "zz").out == "There is no such invoice.\n"


def test_a_number_that_is_not_there_or_there_twice_is_one_line(run: Run, world: World) -> None:
    assert run("invoices", "show", "northwind", "INV-9").err.startswith("error: 'northwind' has no invoice INV-9;")
    world.invoice("INV-1")
    world.invoice("INV-1")
    refused = run("invoices", "show", "northwind", "INV-1")
    assert refused.code == 2
    assert "has 2 invoices INV-1; add --record with one of: 1, 2" in refused.err
    with world.context.database.reading() as session:
        ids = [one.id for one in session.query(Invoice).order_by(Invoice.id)]
    assert run("invoices", "show", "northwind", "INV-1", "--record", str(ids[1])).code == 0
    assert (
        "the record 99 is none of invoice INV-1" in run("invoices", "show", "northwind", "INV-1", "--record", "99").err
    )
