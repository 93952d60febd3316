"""What a program may say about a payment that is held beside another one."""

from datetime import date

from tests.web.browser import Browser
from tests.web.tokens import make_token
from tests.world import World


def test_the_twin_is_told_and_linked_or_created_anyway(world: World, anybody: Browser) -> None:
    token = make_token(world)
    invoice = world.invoice("INV-1", "300.00")
    twin = world.connectwise.type_payment(invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 18))
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    story = anybody.get(f"/api/payments/{payment}", headers=token).json()
    [seen] = story["allocations"][0]["decisions"][-1]["seen"]
    assert (seen["id"], seen["amount"], seen["paid_on"]) == (str(twin), "100.00", "2026-11-18")
    address = f"/api/payments/{payment}"
    for to, status in (("424242", 409), (str(twin), 200), (str(twin), 200)):
        answer = anybody.client.post(f"{address}/link", headers=token, json={"target_payment_id": to})
        assert answer.status_code == status, answer.text
        world.settle()
    assert world.reason(payment) == "adopted"
    assert anybody.client.post(f"{address}/retry", headers=token, json={"create_anyway": True}).status_code == 409
    assert anybody.client.post(f"{address}/retry", headers=token, json={}).status_code == 200
    assert anybody.client.post("/api/payments/424242/retry", headers=token, json={}).status_code == 404
    linked = anybody.get(address, headers=token).json()["allocations"][0]["ledger"]
    assert (linked["target_payment_id"], linked["ours"]) == (str(twin), False)
