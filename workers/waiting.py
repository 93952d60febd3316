"""Waits until something answers."""

import http.client
import time
from urllib.parse import urlsplit


def wait_for_http(url: str, seconds: float) -> None:
    """Returns when the URL answers with anything better than a server error."""
    deadline = time.monotonic() + seconds
    while (trouble := _http_trouble(url)) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} is not ready after {seconds:g} s: {trouble}")
        time.sleep(0.1)


def _http_trouble(url: str) -> str | None:
    parts = urlsplit(url)
    assert parts.scheme == "http"
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    finally:
        connection.close()
    return f"it answers {status}" if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else None
