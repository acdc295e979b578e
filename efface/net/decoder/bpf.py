"""The sandbox's system call filter, written out as classic BPF (seccomp(2), Linux).

An allow-list: what decoding needs once everything is loaded. Memory may not become executable, no file or socket can be
had, no process made or signalled. Anything else fails with EPERM; the foreign system call table of x86-64 (x32) and
any other architecture kill the process.
"""

from __future__ import annotations

import ctypes
import platform
import struct

from efface.net.process import PR_SET_SECCOMP, prctl

_LD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JEQ = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JGE = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_JSET = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RET = 0x06  # BPF_RET | BPF_K
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL = 0x80000000
_EPERM, _ENOSYS = 1, 38
_NR, _ARCH, _PROT = 0, 4, 32  # offsets in struct seccomp_data; _PROT is the low half of the third argument
_PROT_EXEC = 4
_X32 = 0x40000000

# name -> (x86_64, aarch64); None where the architecture has no such call. Numbers: Linux syscall tables.
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "sysinfo": (99, 179),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "getcpu": (309, 168),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
_NOT_EXECUTABLE: dict[str, tuple[int, int]] = {"mmap": (9, 222), "mprotect": (10, 226)}
_CLONE3 = 435
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


class NoSeccomp(OSError):
    """This machine has no filter we know how to write, or the kernel would not take it."""


def program(machine: str) -> bytes:
    """The filter for ``machine`` ("x86_64" or "aarch64") as an array of struct sock_filter. Raises ``NoSeccomp``."""
    if machine not in _MACHINES:
        raise NoSeccomp(f"no system call filter for {machine}")
    column, arch = _MACHINES[machine]
    steps: list[tuple[int, int, int, int]] = [(_LD, 0, 0, _ARCH), (_JEQ, 1, 0, arch), (_RET, 0, 0, _KILL)]
    steps.append((_LD, 0, 0, _NR))
    if machine == "x86_64":
        steps += [(_JGE, 0, 1, _X32), (_RET, 0, 0, _KILL)]
    for numbers in _ALLOWED.values():
        number = numbers[column]
        if number is not None:
            steps += [(_JEQ, 0, 1, number), (_RET, 0, 0, _ALLOW)]
    for pair in _NOT_EXECUTABLE.values():
        steps += [
            (_JEQ, 0, 4, pair[column]),
            (_LD, 0, 0, _PROT),
            (_JSET, 0, 1, _PROT_EXEC),
            (_RET, 0, 0, _ERRNO | _EPERM),
            (_RET, 0, 0, _ALLOW),
        ]
    # glibc falls back to clone, which is then refused, only when told that clone3 does not exist.
    steps += [(_JEQ, 0, 1, _CLONE3), (_RET, 0, 0, _ERRNO | _ENOSYS), (_RET, 0, 0, _ERRNO | _EPERM)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def confine() -> None:
    """Put the calling thread under the filter, for good. ``no_new_privs`` must be set. Raises ``NoSeccomp``."""
    code = program(platform.machine())

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    buffer = ctypes.create_string_buffer(code, len(code))
    filters = Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    result = prctl(PR_SET_SECCOMP, 2, ctypes.addressof(filters))
    if result != 0:
        raise NoSeccomp(-result, "the kernel refused the system call filter")
