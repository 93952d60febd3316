"""The indexes of texts make searches fast; what a search finds does not depend on them, nor on what happens to them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, select, text

from benchmarks.counting import counted, plan_of
from models import search_indexes
from models.database import upgrade
from models.invoices import Invoice, SourceInvoiceRow
from models.payments import Payment
from models.search_indexes import is_search_indexed, make_search_indexes, pieces_of, why_search_is_slow
from models.views import payment_search
from models.views.payment_filter import PaymentFilter
from models.views.payment_list import list_payments
from tests.world import World, open_world

TEXTS = {
    "plain": ("Cascade Dental", "wire 5"),
    "quoted": ('O"Brien & Sons', "it's 50%"),
    "odd": ("Ærø_Øl (ÅS) \N{LATIN SMALL LETTER SHARP S}", "a\\b/c"),
    "short": ("Al", "x"),
    "empty": ("", ""),
    "far": ("\N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C} Dental \N{GRINNING FACE}", "7-7.7"),
}
SEARCHES = [
    *("cascade", "CASCADE", "ascad", "e d", "al", "a", "x", "wire 5", "ire ", "dental", "nobody", "cascade dentals"),
    *(
        '"',
        'o"b',
        '"brien &',
        "'s 5",
        "%",
        "50%",
        "_",
        "ø_ø",
        "(",
        "\\b/",
        "/c",
        "c/",
        "ærø",
        "Ærø",
        "Øl (",
        "\N{GRINNING FACE}",
    ),
    *(
        "\N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C} ",
        "7.7",
        "10.00",
        "10",
        "inv-",
        "INV-1",
        "nv-",
        "v-2",
        "* OR a",
        "-",
        "AND",
    ),
]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened
    # The next test gets the same database.
    upgrade(database_url)


@pytest.fixture
def payments(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Their names by their ids; and every search asks the indexes, because nothing is taken for late."""
    monkeypatch.setattr(payment_search, "LATEST", 0)
    ids = {}
    for number, name in enumerate(TEXTS):
        ids[world.pay("10", (world.invoice(f"INV-{number}"), "10"))] = name
    world.notice()
    with world.context.database.writing() as session:
        for row in session.scalars(select(Payment)):
            row.customer_name, row.reference = TEXTS[ids[row.external_id]]
    return ids


def found(world: World, search: str) -> list[str]:
    with world.context.database.reading() as session:
        return sorted(
            row.external_id for row in list_payments(session, world.organization_id, PaymentFilter(search=search)).rows
        )


def without_indexes(world: World) -> None:
    """As where the database never had any."""
    with world.context.database.engine.begin() as connection:
        for table in ("payment", "source_invoice", "invoice"):
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"DROP INDEX ix_{table}_search"))
                continue
            for trigger in ("new", "gone", "changed"):
                connection.execute(text(f"DROP TRIGGER search_{table}_{trigger}"))
            connection.execute(text(f"DROP TABLE search_{table}"))


def has_indexes(world: World) -> bool:
    with world.context.database.reading() as session:
        return is_search_indexed(session)


def test_a_search_finds_the_same_with_the_indexes_as_without(world: World, payments: dict[str, str]) -> None:
    assert has_indexes(world)
    with_indexes = {search: found(world, search) for search in SEARCHES}
    without_indexes(world)
    assert not has_indexes(world)
    assert {search: found(world, search) for search in SEARCHES} == with_indexes
    assert [payments[one] for one in with_indexes["cascade"]] == ["plain"]
    assert [payments[one] for one in with_indexes['o"b']] == ["quoted"]
    assert len(with_indexes["dental"]) == 2
    assert len(with_indexes["inv-"]) == len(TEXTS)


def test_a_search_among_the_latest_finds_the_same_as_one_everywhere(
    world: World, payments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pages() -> dict[str, list[str]]:
        with world.context.database.reading() as session:
            listed = {
                search: list_payments(session, world.organization_id, PaymentFilter(search=search), limit=1)
                for search in SEARCHES
            }
        return {search: [row.external_id for row in page.rows] for search, page in listed.items()}

    everywhere = pages()
    monkeypatch.setattr(payment_search, "LATEST", 10)
    assert pages() == everywhere


def test_a_changed_or_removed_text_is_no_longer_found(world: World, payments: dict[str, str]) -> None:
    with world.context.database.writing() as session:
        row = session.scalars(select(Payment).where(Payment.customer_name == "Cascade Dental")).one()
        row.customer_name = "Harbor Foods"
        session.scalars(select(SourceInvoiceRow).where(SourceInvoiceRow.number == "INV-1")).one().number = None
        for invoice in session.scalars(select(Invoice).where(Invoice.number == "INV-1")):
            session.delete(invoice)
    assert found(world, "cascade") == []
    assert [payments[one] for one in found(world, "harbor")] == ["plain"]
    assert found(world, "INV-1") == []


def test_an_upgrade_makes_what_a_rebuilt_table_has_lost(world: World, payments: dict[str, str]) -> None:
    without_indexes(world)
    with world.context.database.writing() as session:
        row = session.scalars(select(Payment).where(Payment.customer_name == "Cascade Dental")).one()
        row.customer_name = "Harbor Foods"
    upgrade(world.context.database.url)
    assert has_indexes(world)
    assert [payments[one] for one in found(world, "harbor")] == ["plain"]
    assert found(world, "cascade") == []


def test_without_the_right_to_make_indexes_the_upgrade_works_and_says_what_to_do(
    world: World, payments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_indexes(world)
    is_sqlite = world.context.database.engine.dialect.name == "sqlite"
    with monkeypatch.context() as patch:
        wrong = ("_TOKENIZER", "no_such_tokenizer") if is_sqlite else ("_EXTENSION", "no_such_extension")
        patch.setattr(search_indexes, *wrong)
        upgrade(world.context.database.url)
    assert not has_indexes(world)
    with world.context.database.reading() as session:
        assert "database upgrade" in (why_search_is_slow(session) or "")
    assert [payments[one] for one in found(world, "cascade")] == ["plain"]
    upgrade(world.context.database.url)
    with world.context.database.reading() as session:
        assert why_search_is_slow(session) is None


def test_a_second_time_changes_nothing(world: World, payments: dict[str, str]) -> None:
    engine = create_engine(world.context.database.url)
    make_search_indexes(engine)
    engine.dispose()
    assert [payments[one] for one in found(world, "cascade")] == ["plain"]


@pytest.mark.parametrize(
    ("search", "pieces"),
    [
        ("abc", ["abc"]),
        ("abcd", ["abc", "bcd"]),
        ("abcdef", ["abc", "def"]),
        ("abcdefg", ["abc", "def", "efg"]),
    ],
)
def test_a_search_is_cut_into_pieces_that_cover_it(search: str, pieces: list[str]) -> None:
    assert pieces_of(search) == pieces


@pytest.mark.sqlite_decides
def test_a_search_reads_no_table_from_end_to_end(world: World, payments: dict[str, str]) -> None:
    database = world.context.database
    with counted(database) as statements:
        found(world, "12.50")
    asked = next((one for one in statements.seen if "UNION" in one[0] and "LIKE" in one[0]), None)
    assert asked is not None
    plan = plan_of(database, *asked)
    # PostgreSQL's planner decides by statistics, which so few rows are too small for.
    if database.engine.dialect.name == "sqlite":
        whole = [
            step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step and "anon" not in step
        ]
        assert not whole, plan
        assert any("ix_payment_organization_id_live_total" in step for step in plan), plan
