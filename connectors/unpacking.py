"""Unpacks a body, but never more of it than we accept."""

import zlib
from collections.abc import Iterator

import requests

from connectors.budget import TooMuch

_PIECE_BYTES = 64 * 1024
_ZLIB_OF_ENCODING = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def unpacked(response: requests.Response, bytes_max: int) -> bytes:
    """The body, unpacked in pieces; we stop at the limit, however much a few kilobytes would become."""
    pieces = response.raw.stream(_PIECE_BYTES, decode_content=False)
    window_bits = _ZLIB_OF_ENCODING.get(response.headers.get("Content-Encoding", "").strip().lower())
    body = bytearray()
    for piece in pieces if window_bits is None else _inflated(pieces, window_bits):
        body += piece
        if len(body) > bytes_max:
            raise TooMuch
    return bytes(body)


def _inflated(pieces: Iterator[bytes], window_bits: int) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(window_bits)
    is_empty = True
    try:
        for packed in pieces:
            is_empty, rest = is_empty and not packed, packed
            while rest and not unpacking.eof:
                yield unpacking.decompress(rest, _PIECE_BYTES)
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
