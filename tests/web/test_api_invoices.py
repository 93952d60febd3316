"""Invoices in both systems, for programs."""

import pytest
from starlette.testclient import TestClient

from domain.users import TokenScope
from tests.models.rows import add_books
from tests.web.tokens import make_token
from tests.world import World


def test_a_program_lists_invoices_and_reads_one(app, world: World, token: dict[str, str]) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("40.00", (invoice, "40.00"))
    world.notice()
    with TestClient(app, headers=token) as client:
        listed = client.get("/api/invoices", params={"balance": "open"}).json()
        (row,) = listed["invoices"]
        assert (row["number"], row["balance"], row["outcome"], listed["next_cursor"]) == (
            "INV-1",
            "60.00",
            "not_compared",
            None,
        )
        address = f"/api/invoices/{row['id']}"
        assert client.get(address).json()["reading"] is None
        read = client.post(f"{address}/read").json()
        assert read["reading"]["sentence"] == "Both systems agree to the cent."
        assert [one["payment_id"] for one in read["payments"][0]["source"]] == [payment]
        assert client.get(address).json() == read
        assert client.get("/api/invoices", params={"state": "agrees"}).json()["invoices"][0]["difference"] == "0.00"


@pytest.mark.parametrize(
    "query", ["state=nonsense", "limit=0", "limit=201", "cursor=1", "search=%00", "customer=" + "x" * 201]
)
def test_a_question_that_cannot_be_read_is_refused(app, world: World, token: dict[str, str], query: str) -> None:
    with TestClient(app, headers=token) as client:
        assert client.get(f"/api/invoices?{query}").status_code == 422


def test_another_organizations_invoice_is_not_there(app, world: World, token: dict[str, str]) -> None:
    add_books(world.context.database, "elsewhere")
    world.invoice("INV-1")
    with TestClient(app, headers=make_token(world, organization="elsewhere")) as client:
        assert client.get("/api/invoices").json()["invoices"] == []
        assert client.get("/api/invoices/1").status_code == 404
        assert client.post("/api/invoices/1/read").status_code == 404
    assert world.quickbooks.calls.total == 0


def test_a_token_that_only_reads_here_spends_no_metered_calls(app, world: World) -> None:
    world.invoice("INV-1")
    with TestClient(app, headers=make_token(world, scope=TokenScope.READ)) as client:
        assert client.get("/api/invoices/1").status_code == 200
        assert client.post("/api/invoices/1/read").status_code == 403
