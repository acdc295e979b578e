"""Sealing a forked child before it reads a hostile byte, and proving that the seal holds."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from efface.net import landlock
from efface.net.decoder import bpf
from efface.net.process import PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, no_dumps, prctl

MEMORY_BYTES = 768 * 1024 * 1024
"""Address space a child may add to what it was born with."""
NOBODY = 65534


class SealError(OSError):
    """The child could not be sealed."""


def drop_user() -> int:
    """Become nobody when started as root. The user id afterwards."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    no_dumps()
    return os.geteuid()


def address_space() -> int:
    """Bytes of address space of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def seal(keep: int, limit: int, landlock_abi: int) -> None:
    """Limit and confine the calling process, for good. ``keep`` is the only descriptor above 2 left open; ``limit``
    is the address space in bytes. Raises ``SealError``, ``bpf.NoSeccomp``."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.closerange(3, keep)
    os.closerange(keep + 1, 4096)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    if prctl(PR_SET_NO_NEW_PRIVS, 1) != 0:
        raise SealError("no_new_privs")
    if landlock_abi and not landlock.confine(landlock_abi):
        raise SealError("landlock")
    resource.setrlimit(resource.RLIMIT_NOFILE, (keep + 1, keep + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bpf.confine()


def attempts() -> list[str]:
    """Try what a sealed process must not be able to do; the names of what succeeded."""

    def attempt(name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS):
                return
            done.append(f"{name} ({errno.errorcode.get(error.errno or 0, '?')})")
            return
        done.append(name)

    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    done: list[str] = []
    attempt("read a file", lambda: os.open("/etc/passwd", os.O_RDONLY))
    attempt("write a file", lambda: os.open("/proc/self/comm", os.O_WRONLY))
    attempt("list a folder", lambda: list(Path("/").iterdir()))
    attempt("TCP socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    attempt("UDP socket", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    attempt("unix socket", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    attempt("fork", fork)
    attempt("exec", lambda: os.execve("/nonexistent", ["x"], {}))  # noqa: S606 - ENOENT would mean it may
    attempt("signal", lambda: os.kill(os.getppid(), 0))
    attempt("duplicate", lambda: os.dup(0))
    attempt("change user", lambda: os.setuid(os.getuid()))
    return done
