"""Measures what the README promises, as ratios side by side in one run, and prints tables.

Nothing here fails because a machine is slow: a promise that this run did not see kept is told at the end, and the
exit code says that the benchmarks could be run.
"""

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks import (
    backfill,
    batching,
    big_company,
    copies,
    door,
    fairness,
    idle_sweep,
    invoices,
    lists,
    peers,
    previewing,
    reads,
    reconciling,
    scaling,
    scraping,
    single,
)
from benchmarks.bench import Bench, chosen_database, machine
from sandbox.demo.endings import ends_in_a_sentence
from workers.memory import look_for_garbage_rarely
from workers.terminal import report_console

BENCHMARKS: dict[str, Callable[[Bench], None]] = {
    "fairness": fairness.run,
    "door": door.run,
    "reads": reads.run,
    "batching": batching.run,
    "idle-sweep": idle_sweep.run,
    "lists": lists.run,
    "invoices": invoices.run,
    "previewing": previewing.run,
    "reconciling": reconciling.run,
    "scraping": scraping.run,
    "copies": copies.run,
    "big-company": big_company.run,
    "peers": peers.run,
    "single": single.run,
    "scaling": scaling.run,
    "backfill": backfill.run,
}


def main() -> int:
    return ends_in_a_sentence(_measure)


def _measure() -> int:
    options = _arguments()
    console = report_console()
    bench = Bench(console, chosen_database(options.database, short=options.short), options.short)
    console.print(f"{machine()}; database: {bench.database}{'; short' if bench.short else ''}", highlight=False)
    # Some benchmarks call the steps in this process, which is to behave as a worker does.
    look_for_garbage_rarely()
    started = time.monotonic()
    for name in options.which or BENCHMARKS:
        console.rule(name)
        BENCHMARKS[name](bench)
    console.rule()
    console.print(f"{time.monotonic() - started:.0f} s altogether", highlight=False)
    for sentence in bench.missed:
        console.print(f"[red]missed[/red]: {sentence}", highlight=False)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=...",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="The questions:\n\n" + "\n".join(f"  {name:<12}{_question(run)}" for name, run in BENCHMARKS.items()),
    )
    parser.add_argument("which", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all if none is named")
    parser.add_argument("--short", action="store_true", help="all in some minutes; shows that they work, not more")
    parser.add_argument(
        "--database",
        choices=["auto", "postgresql", "sqlite"],
        default="auto",
        help="auto (the default): PostgreSQL from the test wheel if it can be had, else (and with --short) SQLite",
    )
    options = parser.parse_args()
    if unknown := set(options.which) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    return options


def _question(run: Callable[[Bench], None]) -> str:
    """The first line of the benchmark's module, which is the question that it answers."""
    return (sys.modules[run.__module__].__doc__ or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
