from datetime import date

import pytest

from sandbox.faults import Fault
from tests.cli.conftest import Run
from tests.world import World

pytestmark = pytest.mark.both_in_the_build


def test_a_synced_payment_is_found_by_its_status_and_by_its_customer(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1", "1500.50")
    payment = world.pay("1500.50", (invoice, "1500.50"), reference="check 77")
    world.notice()
    listed = run("payments", "list", "northwind", "--status", "synced", "--search", "cascade", "--json").json
    assert listed["next_cursor"] is None
    (row,) = listed["payments"]
    assert (row["id"], row["total"], row["currency"], row["status"]) == (payment, "1500.50", "USD", "synced")
    assert row["reason"]["sentence"] == "The payment is on the ConnectWise invoice."
    assert row["paid_on"] == "2026-11-20"
    assert row["updated_at"].endswith("Z")
    assert row["allocations"][0]["invoice_number"] == "INV-1"
    line = run("payments", "list", "northwind").out.splitlines()[1]
    assert "1,500.50 USD" in line
    assert "The payment is on the ConnectWise invoice." in line


def test_pages_follow_each_other(run: Run, world: World) -> None:
    paid = [world.pay("10") for _ in range(3)]
    world.notice()
    first = run("payments", "list", "northwind", "--limit", "2", "--json").json
    second = run("payments", "list", "northwind", "--cursor", str(first["next_cursor"]), "--json").json
    assert [row["id"] for row in first["payments"] + second["payments"]] == paid[::-1]
    assert "There are more: --cursor" in run("payments", "list", "northwind", "--limit", "2").out


def test_the_whole_story_is_told(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1", connectwise_total="90.00")
    payment = world.pay("100", (invoice, "100"), note="two\nlines")
    world.notice()
    text = run("payments", "show", "northwind", payment).out
    assert f"Payment {payment}: Needs attention" in text
    assert "The invoice total is not the same in QuickBooks and in ConnectWise." in text
    assert "total     DIFFERS  QuickBooks: 100.00   ConnectWise: 90.00" in text
    assert "number    same" in text
    assert "The next check is at" in text
    assert "catch_up:" in text


def test_the_story_shows_every_try_and_the_payment_in_connectwise(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=409))
    world.notice()
    world.later(minutes=1)
    text = run("payments", "show", "northwind", payment).out
    assert "try 1: conflict" in text
    assert "try 2: created" in text
    assert f"In ConnectWise: payment {world.on(invoice)[0].id}, 100.00 USD, 2026-11-20 (ours)" in text
    story = run("payments", "show", "northwind", payment, "--json").json
    (part,) = story["allocations"]
    assert [one["outcome"] for one in part["deliveries"][0]["attempts"]] == ["conflict", "created"]
    assert part["ledger"]["amount"] == "100.00"
    assert story["next"] == "Nothing; it is done."


def test_a_retry_says_what_it_did(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.connectwise.faults.add(Fault("error", method="POST", path="/payments$", status=400))
    world.notice()
    assert run("payments", "retry", "northwind", payment).out == "1 part tried again now.\n"
    # The command goes by the real clock, and the world's stands still.
    world.later(hours=1)
    assert world.amounts_on(invoice) == ["100.00"]
    again = run("payments", "retry", "northwind", payment, "--json").json
    assert (again["revived"], again["decided_again"]) == (0, 1)


def test_create_anyway_needs_a_similar_payment(run: Run, world: World) -> None:
    payment = world.pay("100")
    world.notice()
    ended = run("payments", "retry", "northwind", payment, "--create-anyway")
    assert ended.code == 2
    assert "nothing to create anyway" in ended.err


@pytest.mark.parametrize("command", [["show"], ["retry"]])
def test_an_unknown_payment_is_one_line(run: Run, world: World, command: list[str]) -> None:
    ended = run("payments", *command, "northwind", "4711")
    assert (ended.code, ended.out) == (2, "")
    assert "no payment 4711" in ended.err


# --- what else an operator asks for ---


def test_a_catch_up_here_and_now_stores_what_nobody_told_us(run: Run, world: World) -> None:
    world.pay("100")
    caught = run("catch-up", "run", "northwind", "--wait", "--json")
    assert caught.code == 0, caught.err
    assert caught.json["done"] is True
    assert caught.json["cursor_at"].endswith("Z")
    assert run("sweep", "run", "--json").json["ingest"] == 1


def test_a_catch_up_is_left_to_a_worker_otherwise(run: Run, world: World) -> None:
    world.notice()
    assert run("sweep", "run", "--json").json["catch_up"] == 0
    assert run("catch-up", "run", "northwind").out == "A worker has been asked to catch up.\n"
    assert run("sweep", "run", "--json").json["catch_up"] == 1


def test_a_catch_up_that_quickbooks_does_not_answer_says_so(run: Run, world: World) -> None:
    world.quickbooks.faults.add(Fault("error", status=503, times=None))
    ended = run("catch-up", "run", "northwind", "--wait")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("error: QuickBooks gave no answer: ")


def test_a_catch_up_needs_a_connection(run: Run, organization: str) -> None:
    assert "has no connection to QuickBooks" in run("catch-up", "run", "southwind").err


def test_own_payments_are_registered_from_arguments_and_from_a_file(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    added = run("own-payments", "add", "northwind", payment, "--file", "-", stdin=f"{payment}\n4711\n\n")
    assert added.out == "2 registered that were not known as own before.\n"
    assert run("own-payments", "add", "northwind", "4711", "--json").json == {"registered": 0}
    world.notice()
    assert world.reason(payment) == "own_payment"


def test_a_payment_over_two_invoices_is_announced_before_it_is_posted(run: Run, world: World) -> None:
    first, second = world.invoice("INV-1"), world.invoice("INV-2")
    intend = ["own-payments", "intend", "northwind", "--marker", "pay-7c1e2f90", "--amount", "100"]
    intend += ["--date", "2026-11-20"]
    parts = ["--invoice", f"{first.quickbooks_id}=60.00", "--invoice", f"{second.quickbooks_id}=40"]
    assert run(*intend, *parts).out == "Announced.\n"
    assert run(*intend, *parts).out == "It was announced before.\n"
    mangled = (["--invoice-id", "9.13E+14"], ["--invoice", "70=1.250"], ["--invoice", "070=1.25"])
    for wrong in (
        [],
        [*parts, "--invoice-id", "70"],
        ["--invoice", "70"],
        ["--invoice-id", first.quickbooks_id],
        *mangled,
    ):
        ended = run(*intend, *wrong)
        assert (ended.code, len(ended.err.splitlines())) == (2, 1), wrong
    payment = world.pay("100", (first, "60"), (second, "40"), on="2026-11-20", note="pay-7c1e2f90")
    world.notice()
    assert [world.reason(payment, one) for one in (first, second)] == ["own_payment", "own_payment"]


@pytest.mark.parametrize(
    "arguments", [[], [" "], ["9" * 51], ["--file", "nowhere.txt"], ["9.13E+14"], ["1001.0"], ["'11"], ["#N/A"]]
)
def test_own_payments_that_cannot_be_any_are_refused(run: Run, world: World, arguments: list[str]) -> None:
    ended = run("own-payments", "add", "northwind", *arguments)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)


def test_the_twin_is_shown_and_linked(run: Run, world: World) -> None:
    invoice = world.invoice("INV-7", "300.00")
    twin = world.connectwise.type_payment(
        invoice.connectwise_id or 0, "100.00", payment_date=date(2026, 11, 18), person="jane"
    )
    payment = world.pay("100.00", (invoice, "100.00"), on="2026-11-20")
    world.notice()
    shown = run("payments", "show", "northwind", payment).out
    assert f"On the ConnectWise invoice: payment {twin}, 100.00 USD, 2026-11-18, entered by jane" in shown
    refused = run("payments", "link", "northwind", payment, "--to", "424242")
    assert refused.code == 2
    assert str(twin) in refused.err
    assert run("payments", "link", "northwind", payment, "--to", str(twin), "--json").json["linked"] is False
    # The command goes by the real clock, and the world's stands still.
    world.later(hours=1)
    assert world.reason(payment) == "adopted"
    assert run("payments", "link", "northwind", payment, "--to", str(twin), "--json").json["linked"] is True


def held(world: World, number: str) -> str:
    payment = world.pay("100", (world.invoice(number, connectwise_total="90.00"), "100"))
    world.notice()
    return payment


def test_payments_are_dismissed_and_synced_after_all(run: Run, world: World) -> None:
    first, second = held(world, "INV-1"), held(world, "INV-2")
    preview = run("payments", "dismiss", "northwind", first, second, "--preview")
    assert "2 of 2 would be concerned, together 200.00 USD." in preview.out
    assert (
        run("payments", "dismiss", "northwind", first, second).err.strip().startswith("error: Say in a few words why")
    )
    done = run("payments", "dismiss", "northwind", first, second, "--why", "settled by hand", "--json")
    assert (done.code, done.json["possible"], done.json["unknown"]) == (0, 2, [])
    world.later(minutes=1)
    assert (world.reason(first), world.reason(second)) == ("dismissed", "dismissed")
    assert "2 of 2 done" in run("payments", "sync-after-all", "northwind", first, second).out
    world.later(minutes=1)
    assert world.reason(first) == "total_differs"


def test_a_payment_is_taken_back_and_what_cannot_be_says_why(run: Run, world: World) -> None:
    invoice = world.invoice("INV-1")
    payment = world.pay("100", (invoice, "100"))
    world.notice()
    done = run("payments", "take-back", "northwind", payment, "999")
    assert done.code == 1
    assert "There is no such payment." in done.out
    assert "1 of 2 done, together 100.00 USD." in done.out
    world.later(minutes=1)
    assert world.amounts_on(invoice) == []
    again = run("payments", "take-back", "northwind", payment)
    assert again.code == 1
    assert "It is taken back already." in again.out


def test_a_payment_is_marked_as_our_own(run: Run, world: World) -> None:
    payment = held(world, "INV-1")
    assert run("payments", "own", "northwind", payment).code == 0
    world.later(minutes=1)
    assert world.reason(payment) == "own_payment"


def test_the_list_is_narrowed_and_sorted(run: Run, world: World) -> None:
    first = world.pay("10", on="2026-11-01")
    second = world.pay("20", on="2026-11-02")
    world.notice()

    def ids(*arguments: str) -> list[str]:
        return [row["id"] for row in run("payments", "list", "northwind", *arguments, "--json").json["payments"]]

    assert ids("--order", "oldest") == [first, second]
    assert ids("--amount", "20") == [second]
    assert ids("--since", "2026-11-02") == [second]
    assert ids("--until", "2026-11-01", "--reason", "unapplied", "--customer", "cascade") == [first]
    assert ids("--invoice", "INV") == []
    assert "is not an amount" in run("payments", "list", "northwind", "--amount", "much").err


def test_what_was_known_at_a_moment_is_told(run: Run, world: World) -> None:
    payment = world.pay("100", (world.invoice("INV-1"), "100"))
    world.notice()
    moment = f"{world.clock.now():%Y-%m-%dT%H:%M:%S}"
    world.choose(sync_enabled=False)
    told = run("payments", "explain", "northwind", payment, "--at", moment)
    assert "In force: The payment is on the ConnectWise invoice." in told.out
    assert "Enable external payments sync: off" in told.out
    document = run("payments", "explain", "northwind", payment, "--at", moment, "--json").json
    assert document["parts"][0]["title"] == "Part for invoice INV-1"
    refused = run("payments", "explain", "northwind", payment, "--at", "2999-01-01")
    assert (refused.code, "in the future" in refused.err) == (2, True)
