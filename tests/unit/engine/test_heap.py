"""In processes of their own, since what is asked of the heap cannot be taken back."""

import subprocess
import sys

import pytest

_USE = """
import os, resource, sys, threading
from polycue.engine import heap

if sys.argv[1] == "keep":
    heap.keep()

def work():
    for _ in range(5):
        b"1" * (100 * 2**20)

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

for again in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
held = resident()
heap.trim()
print(pages, held - resident())
"""


def used(how: str) -> tuple[int, int]:
    """Pages that the kernel had to give the second time, and bytes that trimming gave back."""
    done = subprocess.run(
        [sys.executable, "-c", _USE, how], capture_output=True, text=True, check=True
    )
    pages, given_back = map(int, done.stdout.split())
    return pages, given_back


@pytest.mark.skipif(sys.platform != "linux", reason="asks glibc")
def test_what_a_batch_gave_back_is_there_for_the_next_until_a_model_goes() -> None:
    pages, given_back = used("keep")
    plain_pages, _ = used("as it is")
    assert pages < plain_pages / 10
    assert given_back > 90 * 2**20
