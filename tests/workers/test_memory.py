"""The heaps of a process, as the C library itself counts them."""

import ctypes
import subprocess
import sys

import pytest

from workers.memory import HEAPS_MAX

# Each thread makes something of its own, and all of them live at the same time.
COUNT = """
import ctypes, sys, tempfile, threading
from workers.memory import keep_heaps_small

if sys.argv[1] == "shared":
    keep_heaps_small()
together = threading.Barrier(6)
def work():
    made = bytearray(100_000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
[one.start() for one in threads]
[one.join() for one in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
libc.fclose.argtypes, libc.malloc_info.argtypes = [ctypes.c_void_p], [ctypes.c_int, ctypes.c_void_p]
with tempfile.NamedTemporaryFile() as file:
    stream = libc.fopen(file.name.encode(), b"w")
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().count(b"<heap nr="))
"""

# A large text that is followed by something that stays, after the library has seen such a text before.
LARGE = """
import ctypes, sys
from workers.memory import keep_heaps_small

def in_heaps():
    class Counts(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd u f uordblks free k".split()]
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Counts
    return libc.mallinfo2().arena

if sys.argv[1] == "shared":
    keep_heaps_small()
bytearray(4_000_000)
before = in_heaps()
stays = []
for _ in range(10):
    large = bytearray(2_000_000)
    stays.append(bytearray(10_000))
    del large
print((in_heaps() - before) // 1_000_000)
"""


def told_by(program: str, how: str) -> int:
    told = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, check=True)
    return int(told.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="this C library has no heaps to count")
def test_the_threads_of_a_process_share_heaps() -> None:
    assert told_by(COUNT, "each its own") > HEAPS_MAX
    assert told_by(COUNT, "shared") <= HEAPS_MAX


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="this C library has no heaps to count")
def test_a_large_text_is_given_back_although_something_small_came_after_it() -> None:
    assert told_by(LARGE, "each its own") >= 1
    assert told_by(LARGE, "shared") == 0
