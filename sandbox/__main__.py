"""`python -m sandbox quickbooks|connectwise`: one vendor's sandbox as a process of its own."""

import argparse
import signal
import sys
import threading
from pathlib import Path

import simplejson

from sandbox.base import Sandbox
from sandbox.endings import ends_in_a_sentence
from sandbox.faults import FaultPlan
from sandbox.server import serve


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("vendor", choices=["quickbooks", "connectwise"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any free port")
    parser.add_argument("--seed", type=int, default=0, help="makes faults with a probability repeatable")
    parser.add_argument("--world", type=Path, metavar="FILE", help="a JSON file to fill the world from")
    parser.add_argument("--tls", action="store_true", help="https with a self-signed certificate")
    return parser.parse_args()


def make(vendor: str, seed: int) -> Sandbox:
    # Each vendor is imported only when it is chosen: neither needs the other to run.
    if vendor == "quickbooks":
        from sandbox.quickbooks import QuickBooksSandbox

        return QuickBooksSandbox(faults=FaultPlan(seed))
    from sandbox.connectwise import ConnectWiseSandbox

    return ConnectWiseSandbox(faults=FaultPlan(seed))


def main() -> int:
    return ends_in_a_sentence(_serve)


def _serve() -> int:
    options = arguments()
    sandbox: Sandbox = make(options.vendor, options.seed)
    if options.world is not None:
        sandbox.load_world(simplejson.loads(options.world.read_text("utf-8"), use_decimal=True))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with serve(sandbox, options.host, options.port, tls=options.tls) as server:
        sys.stdout.write(f"{sandbox.name} sandbox listens on {server.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
