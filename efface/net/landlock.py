"""Landlock (landlock(7)): a process gives up the file system, for itself and its children, for good.

The decoder's children give up everything. The fetcher keeps what it runs from: should a stranger's answer ever take it
over, it can read neither keys nor evidence, not even as root.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from efface.net.process import PR_SET_NO_NEW_PRIVS, prctl

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_PATH_BENEATH, _NET_PORT = 1, 2
_BIND_TCP, _CONNECT_TCP = 1, 2


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, _call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))


def confine(version: int) -> bool:
    """Forbid every file and TCP access that ``version`` of Landlock knows. Whether it was done."""
    if version < 1:
        return False
    words = [_file_rights(version)] + ([0x3] if version >= 4 else []) + ([0x3] if version >= 6 else [])
    ruleset = _ruleset(words)
    return ruleset >= 0 and _restrict(ruleset)


def read_only(version: int, trees: Iterable[Path], folders: Iterable[Path] = ()) -> bool:
    """Forbid every file access but reading and running what is beneath ``trees`` and listing ``folders``; devices
    among the trees may be written to. TCP stays. Whether it was done."""
    if version < 1:
        return False
    ruleset = _ruleset([_file_rights(version)])
    if ruleset < 0:
        return False
    for path in trees:
        _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
    for path in folders:
        _allow(ruleset, path, _READ_DIR)
    return prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 and _restrict(ruleset)


def folder_only(version: int, trees: Iterable[Path], folder: Path, port: int) -> bool:
    """Forbid every file access but reading and running what is beneath ``trees`` and all beneath ``folder``, and, where
    the kernel can (version 4), every TCP connection but to ``port``. Whether it was done."""
    if version < 1:
        return False
    words = [_file_rights(version)] + ([_BIND_TCP | _CONNECT_TCP] if version >= 4 else [])
    ruleset = _ruleset(words)
    if ruleset < 0:
        return False
    for path in trees:
        _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
    # A browser's own sandbox writes the maps of its user namespace.
    _allow(ruleset, Path("/proc"), _EXECUTE | _READ_FILE | _READ_DIR | _WRITE_FILE)
    _allow(ruleset, folder, _file_rights(version))
    if version >= 4:
        attributes = (ctypes.c_uint64 * 2)(_CONNECT_TCP, port)
        _call(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_NET_PORT), ctypes.byref(attributes), ctypes.c_uint32(0))
    return prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 and _restrict(ruleset)


def _file_rights(version: int) -> int:
    """All rights over files of that version: 13 in the first, then REFER, TRUNCATE and (in the fifth) IOCTL_DEV."""
    return 0x1FFF | (0x2000 if version >= 2 else 0) | (0x4000 if version >= 3 else 0) | (0x8000 if version >= 5 else 0)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return int(libc.syscall(ctypes.c_long(number), *arguments))


def _ruleset(words: list[int]) -> int:
    attributes = (ctypes.c_uint64 * len(words))(*words)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    return _call(_CREATE, ctypes.byref(attributes), size, ctypes.c_uint32(0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """A rule for ``path``; one that does not exist is left out."""

    class PathBeneath(ctypes.Structure):
        _pack_ = 1
        _fields_ = [("rights", ctypes.c_uint64), ("parent", ctypes.c_int32)]

    with contextlib.suppress(OSError):
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            mode = os.fstat(parent).st_mode
            if not stat.S_ISDIR(mode):
                rights &= ~_READ_DIR
            if stat.S_ISCHR(mode):
                rights = _READ_FILE | _WRITE_FILE
            rule = PathBeneath(rights, parent)
            _call(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
        finally:
            os.close(parent)


def _restrict(ruleset: int) -> bool:
    try:
        return _call(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0
    finally:
        os.close(ruleset)
