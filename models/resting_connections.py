"""Asks a connection of the pool whether it still lives, if it has rested for a while.

A server that was restarted leaves dead connections in the pool. Asking each one before each transaction would cost a
way to the server and back for every handful of statements: a single payment would wait for twenty of them. Those of a
step follow each other within milliseconds, and whoever meets a connection that has just died fails like everybody who
was at work when the server went: the pool then forgets all its connections, and the work is done again.
"""

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

RESTED_SECONDS = 1.0
_CAME_BACK_AT = "external_payments_came_back_at"


def ask_who_has_rested(engine: Engine) -> None:
    def came_back(_connection: Any, record: Any) -> None:
        record.info[_CAME_BACK_AT] = time.monotonic()

    def goes_out(connection: Any, record: Any, _proxy: Any) -> None:
        # A new connection has never come back.
        rested_since = record.info.get(_CAME_BACK_AT)
        if rested_since is None or time.monotonic() - rested_since < RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool connects anew.
            raise DisconnectionError("the connection died while it rested") from error

    event.listen(engine, "checkin", came_back)
    event.listen(engine, "checkout", goes_out)
