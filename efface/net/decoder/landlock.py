"""A second wall where the kernel has one: a Landlock domain without a single rule (landlock(7))."""

from __future__ import annotations

import ctypes
import os
import sys

_CREATE, _RESTRICT = 444, 446  # the same on every architecture
_VERSION = 1


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return max(0, int(libc.syscall(ctypes.c_long(_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def confine(version: int) -> bool:
    """Forbid every file and TCP access that ``version`` of Landlock knows. Whether it was done."""
    if version < 1:
        return False
    files = 0x1FFF | (0x2000 if version >= 2 else 0) | (0x4000 if version >= 3 else 0) | (0x8000 if version >= 5 else 0)
    words = [files] + ([0x3] if version >= 4 else []) + ([0x3] if version >= 6 else [])
    attributes = (ctypes.c_uint64 * len(words))(*words)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    ruleset = int(
        libc.syscall(
            ctypes.c_long(_CREATE),
            ctypes.byref(attributes),
            ctypes.c_size_t(ctypes.sizeof(attributes)),
            ctypes.c_uint32(0),
        )
    )
    if ruleset < 0:
        return False
    try:
        return libc.syscall(ctypes.c_long(_RESTRICT), ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0
    finally:
        os.close(ruleset)
