"""A longer way to a server on this machine: `python -m benchmarks.delay PORT TO_PORT MILLISECONDS`.

What comes is passed on after half of the time, in each direction, in its order and however much follows it: it is a
distance, and no narrower road.
"""

import asyncio
import contextlib
import socket
import sys
import time

_PIECE_BYTES = 1 << 16


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Until one side closes; then the other is closed as well."""
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            arrives, piece = await on_the_way.get()
            await asyncio.sleep(max(0.0, arrives - time.monotonic()))
            if not piece:
                return
            writer.write(piece)
            await writer.drain()

    delivering = asyncio.create_task(deliver())
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE_BYTES):
            on_the_way.put_nowait((time.monotonic() + seconds, piece))
    on_the_way.put_nowait((time.monotonic() + seconds, b""))
    with contextlib.suppress(OSError):
        await delivering
    writer.close()


async def _serve(port: int, to_port: int, seconds: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to_port)
        for one in (writer, there_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(_carry(reader, there_writer, seconds), _carry(there_reader, writer, seconds))

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    here, there, milliseconds = map(float, sys.argv[1:4])
    asyncio.run(_serve(int(here), int(there), milliseconds / 1000 / 2))
