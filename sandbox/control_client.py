"""A client of the control API that every sandbox has, for other processes: demo, chaos tests, benchmarks."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

import requests
import simplejson

from sandbox.faults import Fault

# The sandbox is on the same machine; a longer wait is useless.
_TIMEOUT_SECONDS = 30


class ControlError(RuntimeError):
    """The sandbox refused; its message says why."""


class ControlClient:
    """One pooled connection to one sandbox; close it, or use it in a `with` block."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        # The environment's proxies are not meant for a sandbox on the same machine.
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def health(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._call("GET", "/control/health"))

    def add_fault(self, *faults: Fault) -> None:
        self._call("POST", "/control/faults", [fault.to_json() for fault in faults])

    def faults(self) -> list[dict[str, Any]]:
        """The planned faults, each with how often it fired."""
        return cast("list[dict[str, Any]]", self._call("GET", "/control/faults"))

    def clear_faults(self) -> None:
        self._call("DELETE", "/control/faults")

    def calls(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._call("GET", "/control/calls"))

    def count_calls(self, route: str) -> int:
        """Counts one route: "POST /finance/invoices/{id}/payments"."""
        return int(self.calls()["by_route"].get(route, 0))

    def reset_calls(self) -> None:
        self._call("POST", "/control/calls/reset")

    def reset(self) -> None:
        """Empties the world."""
        self._call("POST", "/control/reset")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | list[Any] | None = None) -> Any:
        response = self._session.request(
            method,
            self.base_url + path,
            data=None if body is None else simplejson.dumps(body, use_decimal=True, default=str),
            headers={"Content-Type": "application/json"},
            timeout=_TIMEOUT_SECONDS,
        )
        if not response.ok:
            raise ControlError(f"{method} {path}: {response.status_code} {response.text}")
        return simplejson.loads(response.text, use_decimal=True) if response.content else None
