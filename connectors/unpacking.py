"""Unpacks a body, but never more of it than we accept."""

import zlib
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError

from connectors.budget import TooMuch

PIECE_BYTES = 64 * 1024
_ZLIB_OF_ENCODING = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def unpacked(response: requests.Response, bytes_max: int) -> bytes:
    """The body, unpacked in pieces; we stop at the limit, however much a few kilobytes would become."""
    body = bytearray()
    for piece in _pieces(response):
        body += piece
        if len(body) > bytes_max:
            raise TooMuch
    return bytes(body)


def beginning(response: requests.Response, bytes_max: int) -> bytes:
    """As much of the body as comes within the limits of the exchange, and of it no more than this.

    The connection is closed unless the body has come to its end: its rest must not become another answer.
    """
    body = bytearray()
    try:
        for piece in _pieces(response):
            body += piece
            if len(body) > bytes_max:
                response.raw.close()
                break
    except (TooMuch, TimeoutError, requests.exceptions.RequestException, HTTPError):
        response.raw.close()
    return bytes(body[:bytes_max])


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body, unpacked in pieces."""
    pieces = response.raw.stream(PIECE_BYTES, decode_content=False)
    window_bits = _ZLIB_OF_ENCODING.get(response.headers.get("Content-Encoding", "").strip().lower())
    return iter(pieces) if window_bits is None else _inflated(pieces, window_bits)


def _inflated(pieces: Iterator[bytes], window_bits: int) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(window_bits)
    is_empty = True
    try:
        for packed in pieces:
            is_empty, rest = is_empty and not packed, packed
            while rest and not unpacking.eof:
                yield unpacking.decompress(rest, PIECE_BYTES)
                rest = unpacking.unconsumed_tail
            if rest or unpacking.unused_data:
                # There is more data after the end: what we unpacked may be half of the body.
                raise requests.exceptions.ContentDecodingError
        # The bytes that the last step had no room for; less than one run of repeated bytes.
        yield unpacking.flush()
    except zlib.error:
        raise requests.exceptions.ContentDecodingError from None
    if not unpacking.eof and not is_empty:
        raise requests.exceptions.ChunkedEncodingError
