"""Sockets of exchanges: what the system underneath may still do when we have long given up."""

import socket
import sys
import time

import pytest

from connectors.budget import Budget, spending
from connectors.sockets import connected


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is an option of Linux")
def test_the_system_repeats_a_request_for_no_longer_than_its_answer_may_take() -> None:
    """It would go on for two minutes after the socket is closed: a payment would land after its settle time."""
    ends = time.monotonic() + 60
    budget = Budget(connect_ends=ends, ends=ends, answer_seconds=40, body_bytes_max=1)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        spending(budget),
        connected("127.0.0.1", server.getsockname()[1]) as opened,
    ):
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40_000
