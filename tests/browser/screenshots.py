"""Takes the pictures of the README: the pages of a made-up company, whose two systems are the sandbox.

Called by: `make screenshots`. The clock stands at a fixed day and every amount is made up in the same order, so the
pictures only change when the pages do.
"""

import logging
import random
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from models.connections import Connection
from models.database import upgrade
from models.invoices import Invoice
from settings import Settings
from tasks.catch_up.step import catch_up
from tests.browser.chromium import Chromium, browsers
from tests.browser.serving import served
from tests.browser.visiting import until
from tests.contexts import TestClock
from tests.web.browser import add_user
from tests.world import BothInvoices, World, open_world
from usecases.locality import LocalityChanges, change_locality
from usecases.logins import create_login_link
from web.app import create_app

WIDTH, HEIGHT = 1440, 960
FIRST_DAY, DAYS = datetime(2026, 11, 16, 14, 5, tzinfo=UTC), 12
PERSON = "dana@northwind.example"
CUSTOMERS = (
    "Cascade Dental",
    "Blue Heron Clinic",
    "Harbor & Finch LLP",
    "Maple Street Bakery",
    "Alder Logistics",
    "Pinecrest School District",
    "Summit Veterinary",
    "Tidewater Marine",
)


class Story:
    """Two weeks of a small MSP: most payments simply arrive, a few need a person."""

    def __init__(self, world: World) -> None:
        self.world = world
        # Made up, and the same every time.
        self.dice = random.Random(11)
        self.customers = {name: world.quickbooks.add_customer(name) for name in CUSTOMERS}
        self.number = 4100

    def invoice(self, customer: str, total: str, **options: Any) -> BothInvoices:
        self.number += 1
        self.world.customer_id = self.customers[customer]
        made = self.world.invoice(f"INV-{self.number}", total, customer=customer, **options)
        with self.world.context.database.writing() as session:
            session.query(Invoice).filter_by(number=made.number).one().customer = customer
        return made

    def pays(self, customer: str, total: str, invoice: BothInvoices, amount: str = "") -> str:
        self.world.customer_id = self.customers[customer]
        self.number += 1
        today = self.world.clock.now().date().isoformat()
        reference = f"ACH {self.dice.randrange(100_000, 999_999)}"
        return self.world.pay(total, (invoice, amount or total), on=today, reference=reference)

    def usual_day(self) -> None:
        for _ in range(self.dice.randrange(4, 9)):
            customer = self.dice.choice(CUSTOMERS)
            total = str(Decimal(self.dice.randrange(18, 640)) * 5 + Decimal(self.dice.choice(("0.00", "0.50", "0.75"))))
            self.pays(customer, total, self.invoice(customer, total))
        self.work()

    def work(self) -> None:
        """The workers hear of it, and need their seconds."""
        catch_up(self.world.context, self.world.source_id)
        self.world.clock.move(seconds=self.dice.choice((1.4, 2.1, 2.8, 3.6, 6.2)))
        self.world.settle()

    def unusual_days(self) -> tuple[str, BothInvoices]:
        """A payment that waits for a person, and an invoice on which the two systems differ."""
        total = "1840.00"
        differs = self.invoice("Harbor & Finch LLP", total, connectwise_total="1480.00")
        waits = self.pays("Harbor & Finch LLP", total, differs)
        twin = self.invoice("Summit Veterinary", "960.00")
        self.world.connectwise.type_payment(
            twin.connectwise_id or 0, "960.00", payment_date=date(2026, 11, 25), person="rkessler"
        )
        self.pays("Summit Veterinary", "960.00", twin)
        both = self.invoice("Cascade Dental", "2450.00")
        self.pays("Cascade Dental", "1200.00", both)
        self.work()
        self.world.clock.move(hours=2)
        self.pays("Blue Heron Clinic", "415.50", self.invoice("Blue Heron Clinic", "415.50", in_connectwise=False))
        self.pays("Cascade Dental", "850.00", both)
        self.work()
        self.world.connectwise.type_payment(
            both.connectwise_id or 0, "150.00", payment_date=date(2026, 11, 27), person="rkessler"
        )
        return waits, both


def take(folder: Path) -> None:
    """Writes overview.png, payments.png, payment.png and invoice.png into the folder."""
    settings = Settings(_env_file=None, redis_url="")
    with tempfile.TemporaryDirectory() as scratch:
        clock, database_url = TestClock(FIRST_DAY), f"sqlite:///{scratch}/pictures.db"
        upgrade(database_url)
        with (
            open_world(database_url, clock) as world,
            browsers(Path(scratch)) as opened,
            opened.window() as browser,
        ):
            change_locality(world.context, world.organization_id, LocalityChanges("America/New_York", "en-US"))
            add_user(world.context, PERSON, "northwind")
            story = Story(world)
            for _ in range(DAYS):
                story.usual_day()
                clock.move(days=1)
            waits, both = story.unusual_days()
            clock.move(seconds=40)
            name_the_account(world)
            with served(create_app(world.context, settings)) as address:
                key = create_login_link(world.context, settings.secret_key.get_secret_value(), PERSON)
                browser.show(WIDTH, HEIGHT)
                browser.open(f"{address}/login/once?token={key}")
                pages = {
                    "overview": "/overview",
                    "payments": "/payments?since=2026-11-26",
                    "payment": f"/payments/{waits}",
                }
                for name, page in pages.items():
                    browser.open(address + page)
                    photograph(browser, folder / f"{name}.png")
                browser.open(f"{address}{page_of(world, both)}")
                browser.press("main form[action$='/read'] button")
                photograph(browser, folder / "invoice.png")


def name_the_account(world: World) -> None:
    """The sandbox's own address has another port each time."""
    with world.context.database.writing() as session:
        session.get_one(Connection, world.target_id).account_id = "https://na.myconnectwise.net/northwind"


def page_of(world: World, invoice: BothInvoices) -> str:
    with world.context.database.reading() as session:
        return f"/invoices/{session.query(Invoice).filter_by(number=invoice.number).one().id}"


def photograph(browser: Chromium, file: Path) -> None:
    """What the window shows, once the page says that it is live; nothing has the focus."""
    until(lambda: browser.run("document.querySelector('.live').textContent") == "Live")
    browser.run("document.activeElement?.blur()")
    browser.photograph(file, whole=False)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with suppress(KeyboardInterrupt):
        take(Path(sys.argv[1]))
