"""All hosts of a run: one each for PostgreSQL, Redis and the outside systems, and three that workers run on."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.database import upgrade
from sandbox.stack import ROOT, OutsideSystems, environment_of, settings_of
from settings import Settings
from tests.chaos.hosts.machine import Machine, Plan, boot, joining, set_apart
from tests.chaos.hosts.network import Network, Place, address_of
from tests.servers import OUTLIVES_ITS_SERVER, PostgresqlServer, wait_until_listening
from workers.redis_server import server_programs, signal_group, spawn
from workers.waiting import wait_for_http

# Two workers of each step, on two hosts each. What is not on a payment's way (copy, notify, Flower) is left out.
PLANS = (
    Plan("app-1", 1, ("web", "beat", "ingest"), clock_ahead_seconds=0.6, up_for_seconds=90_000),
    Plan("app-2", 2, ("ingest", "match", "push"), clock_ahead_seconds=-0.6, up_for_seconds=400),
    Plan("app-3", 3, ("match", "push"), clock_ahead_seconds=0.0, up_for_seconds=3_000_000),
)
DATABASE, REDIS, OUTSIDE = "database", "redis", "outside"
_SERVERS = {DATABASE: 4, REDIS: 5, OUTSIDE: 6}
WEB_PORT, REDIS_PORT, QUICKBOOKS_PORT, CONNECTWISE_PORT = 8000, 6379, 8101, 8102
START_SECONDS = 240
_LOOK_SECONDS = 5


@dataclass(frozen=True)
class Site:
    network: Network
    machines: Mapping[str, Machine]
    systems: OutsideSystems
    settings: Settings
    environment: Mapping[str, str]
    hidden: Path

    @property
    def web_url(self) -> str:
        return f"http://{self.machines['app-1'].place.address}:{WEB_PORT}"

    @property
    def pushing(self) -> list[str]:
        """The hosts that write to ConnectWise."""
        return [name for name, machine in self.machines.items() if "push" in machine.plan.lines]

    def start(self) -> None:
        """Starts the processes on all hosts, and opens the door for webhooks."""
        for machine in self.machines.values():
            machine.begin(self.environment, self.hidden)
        self._wait_for_web()
        with self.systems.quickbooks() as quickbooks:
            verifier_token = self.environment["QUICKBOOKS_VERIFIER_TOKENS"]
            quickbooks.add_webhook(f"{self.web_url}/webhooks/quickbooks", verifier_token)

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return wait_for_http(f"{self.web_url}/healthz", _LOOK_SECONDS)
            except TimeoutError:
                for machine in self.machines.values():
                    machine.deaths()
                if time.monotonic() > deadline:
                    raise


@contextlib.contextmanager
def open_site(folder: Path, quick: Mapping[str, str]) -> Iterator[Site]:
    """The network, the servers, and hosts whose processes are not started yet."""
    network = Network()
    network.open()
    with contextlib.ExitStack() as stack:
        places = {name: set_apart(name, number) for name, number in _SERVERS.items()}
        machines = {}
        for plan in PLANS:
            machines[plan.name] = machine = boot(plan, folder)
            stack.callback(signal_group, machine.agent, signal.SIGKILL)
        for place in (*places.values(), *(machine.place for machine in machines.values())):
            network.join(place)
        database = _start_database(places[DATABASE], folder / "database")
        stack.callback(database.stop, signal.SIGQUIT)
        _start_servers(places, folder)
        environment = _environment(folder, database.url, quick)
        upgrade(database.url)
        systems = OutsideSystems(environment["QUICKBOOKS_API_URL"], _outside(CONNECTWISE_PORT))
        yield Site(network, machines, systems, settings_of(environment), environment, folder)


def _start_database(place: Place, folder: Path) -> PostgresqlServer:
    folder.mkdir()
    for above in (folder, folder.parent):
        # Its user has to find its way there.
        above.chmod(0o711)
    # What was committed may not be forgotten.
    server = PostgresqlServer(folder, OUTLIVES_ITS_SERVER, address=place.address, before=joining(place))
    server.start()
    return server


def _start_servers(places: Mapping[str, Place], folder: Path) -> None:
    """Redis and both sandboxes. They end with this process."""
    address = places[REDIS].address
    redis = [next(server_programs()), "--bind", address, "--port", str(REDIS_PORT), "--protected-mode", "no"]
    redis += ["--dir", str(folder), "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
    commands = {REDIS: (places[REDIS], redis)}
    for vendor, port in (("quickbooks", QUICKBOOKS_PORT), ("connectwise", CONNECTWISE_PORT)):
        sandbox = [sys.executable, "-m", "sandbox", vendor, "--host", places[OUTSIDE].address, "--port", str(port)]
        commands[vendor] = (places[OUTSIDE], sandbox)
    for name, (place, command) in commands.items():
        with (folder / f"{name}.log").open("ab") as log:
            spawn(command, cwd=ROOT, before=joining(place), stdout=log, stderr=log)
    wait_until_listening(address, REDIS_PORT, START_SECONDS)
    for port in (QUICKBOOKS_PORT, CONNECTWISE_PORT):
        wait_for_http(f"http://{places[OUTSIDE].address}:{port}/control/health", START_SECONDS)


def _environment(folder: Path, database_url: str, quick: Mapping[str, str]) -> dict[str, str]:
    redis_url = f"redis://{address_of(_SERVERS[REDIS])}:{REDIS_PORT}/0"
    quickbooks = _outside(QUICKBOOKS_PORT)
    return {
        **environment_of(folder / "state", redis_url, database_url, quick),
        "PORT": str(WEB_PORT),
        "QUICKBOOKS_API_URL": quickbooks,
        "QUICKBOOKS_TOKEN_URL": f"{quickbooks}/oauth2/v1/tokens/bearer",
        "QUICKBOOKS_AUTHORIZE_URL": f"{quickbooks}/connect/oauth2",
        "QUICKBOOKS_REVOKE_URL": f"{quickbooks}/v2/oauth2/tokens/revoke",
    }


def _outside(port: int) -> str:
    return f"http://{address_of(_SERVERS[OUTSIDE])}:{port}"
