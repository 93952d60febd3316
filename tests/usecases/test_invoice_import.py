import io
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.preferences import InvoiceOrigin
from domain.typed_values import AS_TEXT
from models.invoices import Invoice
from models.organizations import Organization
from tasks.context import Context, Step
from tests.contexts import RecordingNudge
from tests.world import World
from usecases.invoice_import import ImportReport, import_invoices
from usecases.invoice_rows import BadRow
from usecases.organizations import create_organization

HEADER = "number,origin,quickbooks_id,connectwise_id,total,currency,customer"
ROW = "INV-1,sync_tool,11,21,100.00,USD,Cascade Dental"


@pytest.fixture
def organization_id(context: Context) -> int:
    created = create_organization(context, "northwind", "Northwind MSP")
    assert isinstance(created, Organization)
    return created.id


def imported(context: Context, organization_id: int, *rows: str, header: str = HEADER) -> ImportReport:
    return import_invoices(context, organization_id, io.StringIO("\n".join([header, *rows])))


def stored(context: Context, organization_id: int) -> list[Invoice]:
    ours = select(Invoice).where(Invoice.organization_id == organization_id).order_by(Invoice.number)
    with context.database.reading() as session:
        return list(session.scalars(ours))


def nudged(context: Context) -> list[tuple[Step, int]]:
    assert isinstance(context.nudge, RecordingNudge)
    return list(context.nudge.waiting)


def test_an_invoice_comes_in_with_its_origin_and_both_ids(context: Context, organization_id: int) -> None:
    assert imported(context, organization_id, ROW) == ImportReport(new=1, changed=0, unchanged=0, bad=())
    (invoice,) = stored(context, organization_id)
    assert (invoice.number, invoice.origin, invoice.source_id, invoice.target_id) == (
        "INV-1",
        InvoiceOrigin.SYNC_TOOL,
        "11",
        "21",
    )
    assert (invoice.total, invoice.currency, invoice.customer) == (Decimal("100.00"), "USD", "Cascade Dental")
    assert nudged(context) == [(Step.MATCH, organization_id)]


def test_importing_twice_changes_nothing(context: Context, organization_id: int) -> None:
    rows = [ROW, "INV-2,partner_dashboard,,,5,USD,Nobody"]
    imported(context, organization_id, *rows)
    before = [vars(invoice) | {"_sa_instance_state": None} for invoice in stored(context, organization_id)]
    context.nudge.waiting.clear()
    assert imported(context, organization_id, *rows) == ImportReport(new=0, changed=0, unchanged=2, bad=())
    assert [vars(invoice) | {"_sa_instance_state": None} for invoice in stored(context, organization_id)] == before
    assert nudged(context) == []


def test_a_row_is_known_by_its_quickbooks_id(context: Context, organization_id: int) -> None:
    imported(context, organization_id, ROW)
    report = imported(context, organization_id, "INV-1a,sync_tool,11,21,120.00,USD,Cascade Dental")
    assert (report.new, report.changed) == (0, 1)
    (invoice,) = stored(context, organization_id)
    assert (invoice.number, invoice.total) == ("INV-1a", Decimal("120.00"))


def test_a_row_without_an_id_is_known_by_its_number(context: Context, organization_id: int) -> None:
    imported(context, organization_id, "INV-1,sync_tool,,,100,USD,Cascade Dental")
    report = imported(context, organization_id, "INV-1,partner_dashboard,,,100,USD,Cascade Dental")
    assert (report.new, report.changed) == (0, 1)
    assert [invoice.origin for invoice in stored(context, organization_id)] == ["partner_dashboard"]


def test_an_id_that_the_file_has_learned_goes_to_the_invoice_of_that_number(
    context: Context, organization_id: int
) -> None:
    imported(context, organization_id, "INV-1,sync_tool,,,100,USD,Cascade Dental")
    assert imported(context, organization_id, ROW).changed == 1
    assert [invoice.source_id for invoice in stored(context, organization_id)] == ["11"]


def test_two_invoices_with_one_number_stay_two(context: Context, organization_id: int) -> None:
    rows = [ROW, "INV-1,sync_tool,12,22,50.00,USD,Another"]
    assert imported(context, organization_id, *rows).new == 2
    assert imported(context, organization_id, *rows).unchanged == 2


def test_an_id_that_we_found_ourselves_is_not_wiped_by_a_file_that_does_not_know_it(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    row = "INV-1,sync_tool,,,100,USD,Cascade Dental"
    imported(world.context, world.organization_id, row)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert world.reason(payment) == "synced"
    assert imported(world.context, world.organization_id, row) == ImportReport(0, 0, 1, ())
    (known,) = stored(world.context, world.organization_id)
    assert (known.source_id, known.target_id) == (invoice.quickbooks_id, str(invoice.connectwise_id))


@pytest.mark.parametrize("with_id", [True, False])
def test_a_payment_that_waited_for_its_invoice_goes_on(world: World, with_id: bool) -> None:
    world.choose(find_by_number=False)
    invoice = world.invoice("INV-1", origin=None)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert world.reason(payment) == "invoice_unknown"
    quickbooks_id = invoice.quickbooks_id if with_id else ""
    imported(world.context, world.organization_id, f"INV-1,sync_tool,{quickbooks_id},,100,USD,Cascade Dental")
    world.settle()
    assert world.reason(payment) == "synced"


def test_an_id_that_a_spreadsheet_has_filled_up_with_noughts_leads_to_the_same_invoice(world: World) -> None:
    invoice = world.invoice("INV-1", origin=None)
    row = f"INV-1,sync_tool,{invoice.quickbooks_id},00{invoice.connectwise_id},100,USD,Cascade Dental"
    imported(world.context, world.organization_id, row)
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    assert world.reason(payment) == "synced"


# --- what a file may look like ---


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_write_files_in_several_ways(
    context: Context, organization_id: int, start: str, delimiter: str, end: str
) -> None:
    text = start + end.join([HEADER, ROW, ""]).replace(",", delimiter)
    report = import_invoices(context, organization_id, io.StringIO(text, newline=""))
    assert report == ImportReport(1, 0, 0, ())


def test_columns_may_come_in_another_order_and_with_others_between(context: Context, organization_id: int) -> None:
    header = "Customer,Comment,Total,Currency,Number,Origin,QuickBooks_Id,ConnectWise_Id"
    row = '"Dental, Cascade",hello,100.00,usd,INV-1,Sync_Tool,11,21'
    assert imported(context, organization_id, row, header=header).new == 1
    (invoice,) = stored(context, organization_id)
    assert (invoice.customer, invoice.currency, invoice.origin) == ("Dental, Cascade", "USD", "sync_tool")


def test_empty_lines_are_nothing(context: Context, organization_id: int) -> None:
    assert imported(context, organization_id, "", ROW, "   ", "") == ImportReport(1, 0, 0, ())


# --- bad rows ---


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("INV-1,sync_tool,11,21,100.00,USD", "6 fields instead of 7"),
        (",sync_tool,11,21,100.00,USD,Cascade", "number is empty"),
        ("INV-1,sync_tool,11,21,100.00,USD,", "customer is empty"),
        (
            "INV-1,elsewhere,11,21,100.00,USD,Cascade",
            "origin 'elsewhere' is not one of: partner_dashboard, sync_tool, matched",
        ),
        (
            "INV-1,sync_tool,11,21,1e3,USD,Cascade",
            "total '1e3' is not a number such as 1234.50: a spreadsheet shortened it; " + AS_TEXT,
        ),
        (
            'INV-1,sync_tool,11,21,"1,000.00",USD,Cascade',
            "total '1,000.00' is not a number such as 1234.50; write it without thousands separators: 1000.00",
        ),
        ("INV-1,sync_tool,11,21,NaN,USD,Cascade", "total 'NaN' is not a number such as 1234.50"),
        ("INV-1,sync_tool,11,21,-5,USD,Cascade", "total -5 is negative"),
        ("INV-1,sync_tool,11,21,0.001,USD,Cascade", "total 0.001 has more decimal places than USD allows"),
        ("INV-1,sync_tool,11,21,10.5,JPY,Cascade", "total 10.5 has more decimal places than JPY allows"),
        ("INV-1,sync_tool,11,21,100.00,Dollar,Cascade", "currency 'DOLLAR' is not a code such as USD"),
        *(
            (
                f"INV-1,sync_tool,11,{identity},100.00,USD,Cascade",
                f"connectwise_id '{identity}' is not a ConnectWise record number such as 1234",
            )
            for identity in ("INV-1", "0", "000", "-7", "\u0667", "2147483648")
        ),
        (f"{'9' * 51},sync_tool,11,21,100.00,USD,Cascade", "number has 51 characters; at most 50 are allowed"),
        (
            "INV\x001,sync_tool,11,21,100.00,USD,Cascade",
            "number has an invisible character (U+0000 at place 4); delete it",
        ),
        ('"INV-1,sync_tool,11,21,100.00,USD,Cascade', "the quotation marks do not match"),
    ],
)
def test_a_bad_row_is_told_by_line_and_the_good_ones_go_in(
    context: Context, organization_id: int, row: str, reason: str
) -> None:
    good = ["INV-8,sync_tool,18,,8,USD,Eight", "INV-9,sync_tool,19,,9,USD,Nine"]
    report = imported(context, organization_id, good[0], row, good[1])
    assert report == ImportReport(2, 0, 0, (BadRow(3, reason),))
    assert [invoice.number for invoice in stored(context, organization_id)] == ["INV-8", "INV-9"]


def test_the_same_invoice_twice_in_one_file_is_told(context: Context, organization_id: int) -> None:
    by_number = "INV-2,sync_tool,,,5,USD,Nobody"
    report = imported(context, organization_id, ROW, by_number, ROW, by_number)
    assert report.bad == (
        BadRow(4, "QuickBooks id 11 is already in line 2"),
        BadRow(5, "number INV-2 without a QuickBooks id is already in line 3"),
    )
    assert report.new == 2


def test_a_file_without_the_right_columns_says_which_are_missing(context: Context, organization_id: int) -> None:
    report = imported(context, organization_id, ROW, header="number,origin,total,currency,customer")
    assert report.bad == (BadRow(1, "the first line must name the columns; missing: quickbooks_id, connectwise_id"),)
    assert stored(context, organization_id) == []


def test_an_empty_file_is_a_bad_row_and_not_a_traceback(context: Context, organization_id: int) -> None:
    assert import_invoices(context, organization_id, io.StringIO("")).bad[0].line == 1


def test_a_file_in_another_encoding_says_so(context: Context, organization_id: int, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_bytes(f"{HEADER}\n{ROW}\n".encode() + "INV-2,sync_tool,,,5,USD,Zahnärzte\n".encode("latin-1"))
    with file.open(encoding="utf-8", newline="") as text:
        report = import_invoices(context, organization_id, text)
    assert "not UTF-8" in report.bad[0].reason


def test_a_long_file_goes_in_in_several_transactions(context: Context, organization_id: int) -> None:
    rows = [f"INV-{n},sync_tool,{n},,{n}.50,USD,Customer {n}" for n in range(1, 1234)]
    assert imported(context, organization_id, *rows).new == 1233
    assert imported(context, organization_id, *rows).unchanged == 1233
