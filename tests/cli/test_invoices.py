from pathlib import Path

from tests.cli.conftest import Run

FILE = """number,origin,quickbooks_id,connectwise_id,total,currency,customer
INV-1,sync_tool,11,21,1500.5,USD,Cascade Dental
INV-2,nowhere,12,,10,USD,Cascade Dental
INV-3,partner_dashboard,,,12000,JPY,Osaka Dental
"""
GOOD = "\n".join(FILE.splitlines()[:2])


def test_good_rows_go_in_and_bad_ones_are_listed(run: Run, organization: str, tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text(FILE)
    ended = run("invoices", "import", organization, "invoices.csv")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "2 new, 0 changed, 0 unchanged, 1 bad",
        "line 3: origin 'nowhere' is not one of: partner_dashboard, sync_tool, matched",
    ]


def test_the_same_file_from_a_pipe_changes_nothing(run: Run, organization: str, tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text(FILE)
    run("invoices", "import", organization, "invoices.csv")
    again = run("invoices", "import", organization, "-", "--json", stdin=GOOD)
    assert again.code == 0
    assert again.json == {"new": 0, "changed": 0, "unchanged": 1, "bad": []}


def test_invoices_are_listed_with_the_digits_of_their_currency(run: Run, organization: str) -> None:
    run("invoices", "import", organization, "-", stdin=FILE)
    listed = run("invoices", "list", organization, "--json").json
    assert [(one["number"], one["total"], one["currency"]) for one in listed] == [
        ("INV-1", "1500.50", "USD"),
        ("INV-3", "12000", "JPY"),
    ]
    assert (listed[0]["quickbooks_id"], listed[0]["connectwise_id"]) == ("11", "21")
    assert run("invoices", "list", organization, "--limit", "1", "--offset", "1", "--json").json == listed[1:]
    assert run("invoices", "list", organization).out.splitlines()[1].startswith("INV-1   sync_tool")


def test_a_german_spreadsheets_file_is_read_where_it_has_one_reading(
    run: Run, organization: str, tmp_path: Path
) -> None:
    rows = ["sep=;", "Number;Origin;QuickBooks Id;ConnectWise Id;Total;Currency;Customer"]
    rows += ["INV-1;sync_tool;11;21;1.250;EUR;Praxis", "INV-2;sync_tool;9,13E+14;22;1250,5;EUR;Praxis"]
    rows += [";;;;;;", "INV-3;sync_tool;13;23;1250,5;EUR;Praxis", "INV-4;sync_tool;14;24;7;EUR;Zahnärzte"]
    (tmp_path / "invoices.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
    ended = run("invoices", "import", organization, "invoices.csv")
    assert (ended.code, ended.out.splitlines()) == (
        1,
        [
            "1 new, 0 changed, 0 unchanged, 3 bad",
            "line 3: total '1.250' can be read as 1.25 or as 1250; write 1.25 or 1250",
            (
                "line 4: quickbooks_id '9,13E+14' is not a QuickBooks id such as 1234: a spreadsheet shortened it;"
                " format the column as text in the spreadsheet and export it again"
            ),
            (
                "line 7: the line is not UTF-8 text (byte E4), perhaps Windows-1252;"
                " save it as 'CSV UTF-8' in the spreadsheet"
            ),
        ],
    )
    assert [(one["number"], one["total"]) for one in run("invoices", "list", organization, "--json").json] == [
        ("INV-3", "1250.50")
    ]


def test_a_file_that_is_not_there_is_one_line(run: Run, organization: str) -> None:
    ended = run("invoices", "import", organization, "nothing.csv")
    assert (ended.code, ended.err) == (2, "error: nothing.csv: No such file or directory\n")


def test_no_invoice_is_said(run: Run, organization: str) -> None:
    assert run("invoices", "list", organization).out == "There is no invoice yet.\n"
