"""A loaded engine works in a forked process that may neither open a file nor start a thread nor use the network."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from efface.vision.faces import FaceEngine

_FORBIDDEN = {
    "x86_64": {"open": 2, "openat": 257, "openat2": 437, "clone": 56, "clone3": 435, "fork": 57, "vfork": 58,
               "execve": 59, "socket": 41, "connect": 42},
    "aarch64": {"openat": 56, "openat2": 437, "clone": 220, "clone3": 435, "execve": 221, "socket": 198,
                "connect": 203},
}  # fmt: skip
_KILL_PROCESS, _ALLOW = 0x80000000, 0x7FFF0000
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def _forbid() -> None:
    """From here on the kernel kills this process at the first forbidden call."""
    numbers = _FORBIDDEN[platform.machine()].values()
    rules = [struct.pack("HBBI", 0x20, 0, 0, 0)]  # load the number of the call
    rules += [struct.pack("HBBI", 0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    rules += [struct.pack("HBBI", 0x06, 0, 0, _ALLOW), struct.pack("HBBI", 0x06, 0, 0, _KILL_PROCESS)]
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(rules), b"".join(rules))
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0):
        os._exit(77)


def _child(work: Callable[[], bool]) -> int:
    """How a forked, forbidden process ended after ``work``: 0 for True, 1 for False, minus the signal that killed."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            _forbid()
            code = 0 if work() else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.fixture(autouse=True)
def _supported() -> None:
    if not sys.platform.startswith("linux") or platform.machine() not in _FORBIDDEN:
        pytest.skip("seccomp numbers are known for Linux on x86-64 and arm64 only")
    if _child(lambda: True) == 77:
        pytest.skip("this kernel or container does not let a process restrict itself")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_the_restriction_bites() -> None:
    assert _child(lambda: Path("/proc/self/stat").read_bytes() != b"") == -signal.SIGSYS
    assert _child(lambda: os.fork() >= 0) == -signal.SIGSYS


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_faces_are_found_under_it_with_the_same_numbers(models_dir: Path, portraits: Path) -> None:
    engine = FaceEngine.load(models_dir)
    assert engine is not None
    rgb = np.ascontiguousarray(cv2.imread(str(portraits / "groups" / "c-and-d.jpg"))[:, :, ::-1], dtype=np.uint8)
    large = np.ascontiguousarray(np.tile(rgb, (3, 3, 1)))
    expected = engine.analyse(rgb)
    assert len(expected) == 2
    for _ in range(2):
        assert _child(lambda: engine.analyse(rgb) == expected and len(engine.analyse(large)) >= 10) == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_the_first_inference_of_all_may_happen_under_it(models_dir: Path) -> None:
    engine = FaceEngine.load(models_dir)
    assert engine is not None
    noise = np.random.default_rng(0).integers(0, 256, (900, 1300, 3), dtype=np.uint8)
    assert _child(lambda: engine.analyse(noise) is not None) == 0
