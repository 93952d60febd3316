"""`make simulate SEED=n RUNS=m`: runs m seeded worlds from seed n on; a failing one prints its story and its seed."""

import argparse
import logging
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import structlog

from models.database import upgrade
from tests.simulation.simulator import open_simulation
from tests.simulation.truth import faults_found

STEPS = 60


def main() -> int:
    options = _arguments()
    started, failed = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.sqlite"
        upgrade(f"sqlite:///{template}")
        with ProcessPoolExecutor(options.processes, initializer=_quiet) as pool:
            seeds = range(options.seed, options.seed + options.runs)
            jobs = [(seed, options.steps, str(template)) for seed in seeds]
            for done, (seed, faults, story) in enumerate(pool.map(_run, jobs, chunksize=1), start=1):
                if faults:
                    failed += 1
                    _print_failure(seed, faults, story)
                if done % 50 == 0:
                    print(f"{done} worlds, {failed} failed, {time.monotonic() - started:.0f} s", flush=True)
    print(f"{options.runs} worlds from seed {options.seed}: {failed} failed, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def _run(job: tuple[int, int, str]) -> tuple[int, list[str], list[str]]:
    seed, steps, template = job
    # World after world at the same address: then its statements are put into words once (`database_at`).
    database = Path(template).with_name(f"world-{os.getpid()}.sqlite")
    for leftover in database.parent.glob(f"{database.name}*"):
        leftover.unlink()
    database.write_bytes(Path(template).read_bytes())
    with open_simulation(seed, f"sqlite:///{database}") as simulation:
        try:
            simulation.run(steps)
        except Exception as error:  # noqa: BLE001 - any end but the good one is a finding
            return seed, [f"{type(error).__name__}: {error}"], simulation.story
        return seed, faults_found(simulation), simulation.story


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _print_failure(seed: int, faults: list[str], story: list[str]) -> None:
    print(f"\nSEED {seed} FAILED (replay: make simulate SEED={seed} RUNS=1)")
    print("\n".join(f"  {line}" for line in story))
    print("\n".join(f"  !! {fault}" for fault in faults), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=STEPS, help="how many things happen in one world")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
