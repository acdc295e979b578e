"""Process attributes set by hand through prctl(2); Linux only, elsewhere they do nothing."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
_PR_CAPBSET_DROP = 24
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_CAPABILITY_VERSION_3 = 0x20080522
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7


def prctl(option: int, *arguments: int) -> int:
    """0, or -errno."""
    if not sys.platform.startswith("linux"):
        return -38
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_ulong(value) for value in (*arguments, *(0,) * (4 - len(arguments)))]
    return 0 if libc.prctl(ctypes.c_int(option), *words) == 0 else -ctypes.get_errno()


def no_dumps() -> None:
    """No core file, and nobody of the same user may read this process's memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl(PR_SET_DUMPABLE, 0)


def keep_memory() -> None:
    """Have the allocator keep what is freed (mallopt(3), glibc): a picture takes a dozen large blocks, and to have the
    kernel clear each of them anew costs a sixth of its decoding."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(ctypes.c_int(_M_MMAP_THRESHOLD), ctypes.c_int(32 << 20))
        libc.mallopt(ctypes.c_int(_M_TRIM_THRESHOLD), ctypes.c_int(256 << 20))


_YOUNG = 20_000


def settle() -> None:
    """For a process that is ready to serve: what it has loaded by now stays, and is walked by the collector of cycles
    no more; that looks after ``_YOUNG`` new objects instead of 700."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)


def run(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` on uvloop, which takes less of a processor for the same; on Python's own loop where that is not
    installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def die_with_parent() -> None:
    """SIGKILL when the thread that started this process ends, also when that already happened."""
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def keep_capabilities(*kept: int) -> bool:
    """Give up every capability(7) but ``kept``, for this process and what it starts. Whether it was done."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = sum(1 << number for number in kept)
    for number in range(64):
        if number not in kept:
            prctl(_PR_CAPBSET_DROP, number)
    head = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    for half in (0, 1):
        word = (wanted >> (32 * half)) & 0xFFFFFFFF
        data[3 * half : 3 * half + 3] = [word, word, 0]  # effective, permitted, inheritable
    return bool(libc.capset(head, data) == 0)
