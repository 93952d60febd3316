"""Operators see which organizations most need somebody; nobody else learns that there are others."""

from sqlalchemy import insert

from models.connections import mark_needs_reconnect
from models.organizations import Organization
from models.payment_counts import PaymentCount
from tests.web.browser import Browser
from tests.world import World

ADDRESS = "/api/operator/organizations"


def add(world: World, slug: str, **payments: int) -> None:
    with world.context.database.writing() as session:
        organization = Organization(slug=slug, name=slug.title(), created_at=world.clock.now())
        session.add(organization)
        session.flush()
        for status, count in payments.items():
            row = {"organization_id": organization.id, "status": status, "reason": "paced", "payments": count}
            session.execute(insert(PaymentCount).values(**row))


def test_those_whose_payments_need_a_person_come_first_then_broken_connections(world: World, operator: Browser) -> None:
    add(world, "calm", synced=9)
    add(world, "waits", waiting=50)
    add(world, "worst", needs_attention=7, waiting=1)
    with world.context.database.writing() as session:
        mark_needs_reconnect(session, world.source_id)
    found = operator.get(ADDRESS).json()["organizations"]
    assert [one["organization"] for one in found] == ["worst", "northwind", "waits"]
    assert (found[0]["needs_attention"], found[0]["waiting"], found[1]["broken_connections"]) == (7, 1, 1)
    assert [one["organization"] for one in operator.get(f"{ADDRESS}?limit=1").json()["organizations"]] == ["worst"]
    # The operator's home has the same order, and those that are well come behind.
    page = operator.get("/operator").text
    assert sorted(("calm", "waits", "worst", "northwind"), key=lambda slug: page.index(f"<code>{slug}</code>")) == [
        *("worst", "northwind", "waits", "calm")
    ]


def test_the_longest_wait_is_told(world: World, operator: Browser) -> None:
    world.pay("100.00", (world.invoice("INV-1", in_connectwise=False), "100.00"))
    began = world.clock.now()
    world.notice()
    [one] = operator.get(ADDRESS).json()["organizations"]
    assert (one["waiting"], one["oldest_waits_since"]) == (1, began.isoformat().replace("+00:00", "Z"))


def test_there_is_nothing_here_for_anybody_else(partner: Browser, anybody: Browser, token: dict[str, str]) -> None:
    assert partner.get(ADDRESS).status_code == 404
    assert anybody.get(ADDRESS, headers=token).status_code == 401
