"""How a connection and its test look on the terminal and as JSON; never with secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from cli.failures import REFUSED
from cli.output import moment_text, print_facts, print_json, say

if TYPE_CHECKING:
    from models.breakers import Breaker
    from models.connections import Connection
    from usecases.connections import ConnectionReport


def print_connection(connection: Connection, as_json: bool) -> None:
    if as_json:
        print_json(connection_as_json(connection))
        return
    told = {"vendor": connection.vendor, "account": connection.account_id, "status": connection.status}
    if connection.status_detail:
        told["why"] = connection.status_detail
    print_facts({**told, **{name.replace("_", " "): value for name, value in connection.settings.items()}})


def print_report(report: ConnectionReport, as_json: bool) -> None:
    """Prints the result of a test; a failed test ends the command with exit code 2."""
    if as_json:
        print_json({"ok": report.ok, "lines": report.lines})
    else:
        for line in report.lines:
            say(line)
    if not report.ok:
        raise typer.Exit(REFUSED)


def why_waiting(connection: Connection, failed: Sequence[Breaker]) -> str:
    """The end and the reason of the pause; "" if calls may be made."""
    told = [
        moment_text(connection.not_before),
        connection.pause_reason,
        connection.status_detail,
        *breaker_lines(failed),
    ]
    return " ".join(part for part in told if part)


def breaker_lines(failed: Sequence[Breaker]) -> list[str]:
    """The last failure of each kind of call."""
    return [_breaker_line(one) for one in failed]


def _breaker_line(one: Breaker) -> str:
    told = [f"{one.failures} failed in a row"] if one.failures else []
    told += [f"keys refused {one.refusals} times in a row"] if one.refusals else []
    told += [f"rests until {moment_text(one.rests_until)}"] if one.rests_until else []
    return f"{one.kind}: {', '.join(told)}."


def connection_as_json(connection: Connection, failed: Sequence[Breaker] = ()) -> dict[str, Any]:
    return {
        "vendor": connection.vendor,
        "role": connection.role,
        "account_id": connection.account_id,
        "status": connection.status,
        "settings": connection.settings,
        "connected_at": connection.connected_at,
        "disconnected_at": connection.disconnected_at,
        "heard_at": connection.heard_at,
        "caught_up_at": connection.caught_up_at,
        "next_catch_up_at": connection.next_catch_up_at,
        "not_before": connection.not_before,
        "pause_reason": connection.pause_reason,
        "status_detail": connection.status_detail,
        "failing": [
            {"kind": one.kind, "failures": one.failures, "refusals": one.refusals, "rests_until": one.rests_until}
            for one in failed
        ],
        "missed_at": connection.missed_at,
        "missed_count": connection.missed_count,
        "reconnect_by": connection.reconnect_by,
    }
