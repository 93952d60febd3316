"""What spreadsheets and programs make of an invoice file: read right, or refused by line with what to do."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.invoice_store import InvoiceRow
from usecases import invoice_file
from usecases.invoice_columns import COLUMNS
from usecases.invoice_file import text_of
from usecases.invoice_rows import BAD_ROWS_MAX, BadRow, GoodRow, read_rows

HEADER = ",".join(COLUMNS)
ROW = "INV-1,sync_tool,11,21,100.00,USD,Zahnärzte"
GOOD = dict(zip(COLUMNS, ("INV-1", "sync_tool", "11", "21", "100.00", "USD", "Zahnärzte"), strict=True))


def read(data: bytes) -> tuple[list[InvoiceRow], list[BadRow]]:
    text = text_of(io.BytesIO(data))
    if isinstance(text, BadRow):
        return [], [text]
    rows = list(read_rows(text))
    return [one.row for one in rows if isinstance(one, GoodRow)], [one for one in rows if isinstance(one, BadRow)]


def read_lines(*lines: str) -> tuple[list[InvoiceRow], list[BadRow]]:
    return read("\n".join(lines).encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "sep={delimiter}\n", '"SEP={delimiter}"\r\n', "\n{delimiter}{delimiter}\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_spreadsheets_file_is_read(encoding: str, delimiter: str, start: str, end: str) -> None:
    text = start + end.join([HEADER, ROW, ",,,,,,", "", ROW.replace("1", "2")]).replace(",", delimiter)
    rows, bad = read(text.format(delimiter=delimiter).encode(encoding))
    assert ([(row.number, row.customer) for row in rows], bad) == (
        [("INV-1", "Zahnärzte"), ("INV-2", "Zahnärzte")],
        [],
    )


def test_the_byte_order_mark_of_utf_16_says_the_order() -> None:
    rows, bad = read(b"\xfe\xff" + f"{HEADER}\n{ROW}".encode("utf-16-be"))
    assert ([row.customer for row in rows], bad) == (["Zahnärzte"], [])


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac-roman"])
def test_a_line_in_another_encoding_is_refused_alone_and_says_what_to_do(encoding: str) -> None:
    other = "INV-2,sync_tool,12,,5,USD,Nobody"
    rows, bad = read(b"\n".join([HEADER.encode(), ROW.encode(encoding), other.encode()]))
    assert [row.number for row in rows] == ["INV-2"]
    assert bad[0].line == 2
    assert "is not UTF-8" in bad[0].reason
    assert "save it as 'CSV UTF-8'" in bad[0].reason


def test_a_header_in_another_encoding_ends_it() -> None:
    assert [one.line for one in read(f"{HEADER},Größe\n{ROW},1".encode("cp1252"))[1]] == [1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\n;;;\n\n", "the file is empty"),
        (b"sep=;", "the file is empty"),
        (b"sep=%\na%b", "the delimiter '%' is not one of"),
        (b"PK\x03\x04....", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel workbook"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"%PDF-1.7", "PDF"),
        ("number".encode("utf-32"), "UTF-32"),
        (b"\0" * 100, "missing: number"),
        (b"<html><body>", "missing: number"),
        (f"{HEADER},total\n".encode(), "names a column twice: total"),
        (f"{HEADER},Total \n".encode(), "names a column twice: total"),
        (b"x" * 200_000, "100000 characters or more"),
        (f"{HEADER}\n{ROW}".encode("utf-16") + b"\0", "not UTF-8 text around here"),
    ],
)
def test_what_is_no_such_file_says_so(data: bytes, words: str) -> None:
    _, bad = read(data)
    assert words in bad[-1].reason


def test_a_file_that_is_too_large_is_refused_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoice_file, "BYTES_MAX", 1000)
    assert "larger than" in read(f"{HEADER}\n{ROW}\n{' ' * 1000}".encode())[1][0].reason
    monkeypatch.undo()
    rows, bad = read(f"{HEADER}\n{ROW}\n".encode() + b"\n" * 500_000)
    assert (rows, [one.reason for one in bad]) == (
        [],
        ["the file has more than 500000 lines; split it. Nothing was read"],
    )


def test_a_wrong_file_ends_after_many_bad_rows() -> None:
    _, bad = read_lines(HEADER, *["wrong"] * (BAD_ROWS_MAX + 10))
    assert len(bad) == BAD_ROWS_MAX + 1
    assert bad[-1] == BadRow(BAD_ROWS_MAX + 2, "10000 rows before this one have errors; nothing from here on was read")


@pytest.mark.parametrize(
    "header",
    [
        " Number , ORIGIN,QuickBooks Id,ConnectWise-ID,Total,Currency,Customer",
        '"number","origin","quickbooks_id","connectwise_id","total","currency","customer"',
        "\u200bnumber,origin\u00a0,quickbooks__id,ConnectWise  ID,total,currency,customer",
    ],
)
def test_the_columns_may_be_written_in_several_ways(header: str) -> None:
    rows, bad = read_lines(header, ROW)
    assert ([row.source_id for row in rows], bad) == (["11"], [])


# --- every column against everything that a spreadsheet does ---

CHANGED = [
    *("9.13E+14", "1,23E+05", "1001.0", "'1001", "=A1", "#REF!", "#N/A", "NaN", "NULL", "Jan-01", "1-Jan"),
    *("10\u200b01", "10\u00a001", "10\x0001", "10\x1b01", "10\u202e01", "10\ufffd01", "“1001”", "1\n2", "x" * 201),
]
# What is only a name may be these.
NAMES = {"9.13E+14", "1,23E+05", "1001.0", "'1001", "NaN", "NULL", "Jan-01", "1-Jan", "10\u00a001"}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", CHANGED)
def test_no_column_takes_what_a_spreadsheet_has_made_of_it(column: str, value: str) -> None:
    rows, bad = read(written([GOOD | {column: value}, GOOD | {"number": "INV-2", "quickbooks_id": "12"}]))
    if (column, value) == ("total", "1001.0"):
        assert len(rows) == 2
        return
    if column == "customer" and value in NAMES:
        assert ([row.number for row in rows], bad) == (["INV-1", "INV-2"], [])
        return
    assert [row.number for row in rows] == ["INV-2"]
    assert [one.line for one in bad] == [2]
    assert bad[0].reason.startswith((f"{column} ", "a quotation mark is missing, or a field contains a line break"))
    assert len(bad[0].reason) < 400


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("around", [" {} ", "\u00a0{}\u00a0", "\ufeff{}", "{}\u200b", '="{}"', "\u200e{}"])
def test_what_a_spreadsheet_puts_around_a_value_is_not_part_of_it(column: str, around: str) -> None:
    (plain,), _ = read(written([GOOD]))
    rows, bad = read(written([GOOD | {column: around.format(GOOD[column])}]))
    assert (rows, bad) == ([plain], [])


def test_a_number_that_looks_changed_and_is_not_can_be_given_as_text() -> None:
    rows, bad = read(written([GOOD | {"number": '="Jan-01"'}, GOOD | {"number": '="1E+05"', "quickbooks_id": ""}]))
    assert ([row.number for row in rows], bad) == (["Jan-01", "1E+05"], [])


@pytest.mark.parametrize("currency", ["dollar", "$", "US", "€", "U5D", "ußd", "", "uß"])
def test_a_currency_is_a_code(currency: str) -> None:
    assert read(written([GOOD | {"currency": currency}]))[0] == []


@pytest.mark.parametrize(
    ("total", "currency", "read_as"),
    [
        ("1250", "JPY", "1250"),
        ("1250.0", "JPY", "1250"),
        ("1250.5", "JPY", None),
        ("1.250", "JPY", None),
        ("0.125", "KWD", "0.125"),
        ("1250.125", "KWD", "1250.125"),
        ("1.125", "KWD", None),
        ("1.1250", "KWD", "1.125"),
        ("1.12505", "KWD", None),
        ("1250,5", "EUR", "1250.5"),
    ],
)
def test_a_total_has_the_digits_of_its_currency(total: str, currency: str, read_as: str | None) -> None:
    rows, bad = read(written([GOOD | {"total": total, "currency": currency}], delimiter=";"))
    assert [f"{row.total.normalize():f}" for row in rows] == ([] if read_as is None else [read_as])
    assert len(rows) + len(bad) == 1


# --- rows over several lines ---


def test_a_note_of_several_lines_is_one_row() -> None:
    rows, bad = read_lines(f"{HEADER},note", f'{ROW},"first\nsecond, ""third""\n\nlast"', "INV-2,sync_tool,,,5,USD,N,x")
    assert ([row.number for row in rows], bad) == (["INV-1", "INV-2"], [])


def test_a_quotation_mark_that_is_never_closed_swallows_no_row() -> None:
    open_note = f'{ROW},"never closed'
    rows, bad = read_lines(f"{HEADER},note", open_note, "INV-2,sync_tool,,,5,USD,N,x", 'INV-3,sync_tool,,,5,USD,N,"x"')
    assert [row.number for row in rows] == ["INV-2", "INV-3"]
    assert bad == [BadRow(2, "the quotation marks do not match")]


def test_a_separator_too_many_never_moves_the_values_on() -> None:
    assert read_lines(HEADER, ROW.replace("100.00", "1,000"))[1] == [BadRow(2, "8 fields instead of 7")]


# --- whatever is written comes back ---


def written(
    rows: Sequence[dict[str, str]],
    *,
    delimiter: str = ",",
    quoting: "csv._QuotingType" = csv.QUOTE_MINIMAL,
    end: str = "\r\n",
    encoding: str = "utf-8",
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*COLUMNS, "note"], delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NUMBERS = st.one_of(TEXTS, st.from_regex(r"[A-Z0-9./-]{1,12}", fullmatch=True))
ROWS = st.fixed_dictionaries(
    {
        "number": NUMBERS,
        "origin": st.sampled_from(["sync_tool", "partner_dashboard"]),
        "quickbooks_id": st.one_of(st.just(""), st.integers(1, 10**14).map(str), NUMBERS),
        "connectwise_id": st.one_of(st.just(""), st.integers(1, 2**31 - 1).map(str)),
        "total": st.one_of(st.decimals(0, 10**9, places=2).map(str), NUMBERS),
        "currency": st.sampled_from(["USD", "JPY", "KWD"]),
        "customer": TEXTS,
        "note": TEXTS,
    }
)


@given(
    rows=st.lists(ROWS, min_size=1, max_size=4),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_comes_back_the_same_or_is_refused(
    rows: list[dict[str, str]], delimiter: str, quoting: "csv._QuotingType", end: str, encoding: str
) -> None:
    good, bad = read(written(rows, delimiter=delimiter, quoting=quoting, end=end, encoding=encoding))
    told = [_as_read(row) for row in rows]
    assert all(row in told for row in good)
    assert len(good) + len(bad) >= len(rows)
    assert all(one.line > 1 and one.reason for one in bad)


def _as_read(given: dict[str, str]) -> InvoiceRow | None:
    """The row without what stands around its values and cannot be seen; None if its total is no number."""
    plain = {name: _plain(value) for name, value in given.items()}
    try:
        total = Decimal(plain["total"].replace(",", "."))
    except InvalidOperation:
        return None
    ids = [plain["quickbooks_id"].lstrip("0") or None, plain["connectwise_id"] or None]
    customer = "".join(" " if sign in "\u00a0\u2007\u2009\u202f" else sign for sign in plain["customer"])
    return InvoiceRow(plain["number"], given["origin"], *ids, total, given["currency"], customer)


def _plain(text: str) -> str:
    while text and (text[0].isspace() or unicodedata.category(text[0]) == "Cf"):
        text = text[1:]
    while text and (text[-1].isspace() or unicodedata.category(text[-1]) == "Cf"):
        text = text[:-1]
    return text
