"""The consent of QuickBooks, from the button on the Integrations page and back to it."""

from datetime import timedelta
from urllib.parse import urlsplit

import requests

from tests.web.browser import Browser
from tests.world import World
from usecases.backfill import request_backfill
from usecases.disconnecting import disconnect


def consent(browser: Browser, query: str = "") -> str:
    """Follows the button out to QuickBooks; the path and the query that QuickBooks sends back to."""
    out = browser.get(f"/integrations/quickbooks/connect{query}", follow_redirects=False)
    assert out.status_code == 303
    back = requests.get(out.headers["location"], allow_redirects=False, timeout=120).headers["Location"]
    parts = urlsplit(back)
    assert parts.path == "/integrations/quickbooks/callback"
    return f"{parts.path}?{parts.query}"


def test_a_partner_connects_again_from_the_page(world: World, partner: Browser) -> None:
    disconnect(world.context, world.source_id)
    assert 'href="/integrations/quickbooks/connect"' in partner.get("/integrations").text
    page = partner.get(consent(partner))
    assert page.status_code == 200
    assert "QuickBooks is connected." in page.text


def test_a_partner_is_told_on_the_page_when_the_past_is_not_looked_through(world: World, partner: Browser) -> None:
    since = world.clock.now().date() - timedelta(days=60)
    request_backfill(world.context, world.source_id, since)
    page = partner.get(consent(partner, f"?start_on={since}"))
    assert page.status_code == 200
    assert "are not being looked for" in page.text


def test_the_page_tells_reads_webhooks_and_the_last_gap_in_words(world: World, partner: Browser) -> None:
    disconnect(world.context, world.source_id)
    world.clock.move(hours=2)
    partner.get(consent(partner))
    world.settle()
    page = partner.get("/integrations").text
    assert "Gap closed from " in page
    assert "0 new payments, 0 changed, 0 deleted found." in page
    assert "metered reads this month" in page
    assert "No webhook has arrived yet." in page


def test_another_browser_cannot_bring_the_answer(world: World, partner: Browser, operator: Browser) -> None:
    page = operator.get(consent(partner))
    assert page.status_code == 400
    assert "does not belong to an open request of yours" in page.text


def test_an_answer_without_a_login_says_where_it_belongs(world: World, partner: Browser, anybody: Browser) -> None:
    page = anybody.get(consent(partner))
    assert page.status_code == 400
    assert "copy the address of this page" in page.text


def test_nobody_begins_without_a_login(anybody: Browser) -> None:
    response = anybody.get("/integrations/quickbooks/connect", follow_redirects=False)
    assert urlsplit(response.headers["location"]).path == "/login"


def test_a_vendor_without_consent_is_not_found(partner: Browser) -> None:
    assert partner.get("/integrations/connectwise/connect").status_code == 404
