"""How long a connection to PostgreSQL waits for an end that has fallen silent.

A host that was cut off, or that stands still, says nothing: its packets vanish, and no connection is refused. An
operating system gives up after two hours where it waits for the other end, and after a quarter of an hour where what it
has sent is not acknowledged. Meanwhile a worker of ours would hang, and the transaction of a lost host would keep its
locks, so that nobody else could do its work. Both ends are told to notice within half a minute.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, event

SILENT_SECONDS = 25
# The same time for a connection on which nothing is under way: asked after 10 s, then every 5 s.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}

# For our end: the driver's words. Where the system knows no such time limit, they change nothing.
CONNECT_ARGUMENTS: Mapping[str, Any] = {
    "connect_timeout": 5,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
    **_KEEPALIVES,
}
# For the server's end: settings of the session, which any user may change.
OF_SESSION: Mapping[str, int] = {
    "tcp_user_timeout": SILENT_SECONDS * 1000,
    **{f"tcp_{name}": value for name, value in _KEEPALIVES.items()},
    # One that stands still (a paused machine, a frozen process) goes on to acknowledge, and keeps the locks of its open
    # transaction. No transaction of ours waits for anything outside.
    "idle_in_transaction_session_timeout": SILENT_SECONDS * 1000,
}


def tell_server(engine: Engine, more: Mapping[str, int] | None = None) -> None:
    """Each new connection of this engine gets these settings, and more."""
    wanted = "; ".join(f"SET {name} = {value}" for name, value in {**OF_SESSION, **(more or {})}.items())

    def tell(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(wanted)
        connection.autocommit = False

    event.listen(engine, "connect", tell)
