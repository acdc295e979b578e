"""Sealing a stream with age (X25519) to a recipient's public key, so that the whole is never in memory or on a disk.

pyrage reads from and writes to file objects and has its own way through both; the stream of a generator is handed to it
in one thread and taken from it in another, with a few blocks between.
"""

from __future__ import annotations

import io
import queue
import re
import threading
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

from pyrage import DecryptError, IdentityError, RecipientError, decrypt_io, encrypt_io, x25519

_BLOCK = 256 * 1024
_BETWEEN = 8
_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")


class KeyUnusable(ValueError):
    """Not a key of age; the message says what one looks like."""


class CannotOpen(ValueError):
    """It does not open: another key, or a byte of it was changed."""


def recipient(text: str) -> str:
    """The public key in ``text``, checked with its own checksum. Raises ``KeyUnusable``."""
    key = text.strip()
    if key.upper().startswith("AGE-SECRET-KEY-"):
        raise KeyUnusable("this is a secret key: nobody but its owner may have it. Ask for the public one (age1…)")
    if not _KEY.fullmatch(key):
        raise KeyUnusable("an age public key begins with age1 and has 62 letters and digits")
    try:
        x25519.Recipient.from_str(key)
    except RecipientError:
        raise KeyUnusable("one letter of this key is wrong: copy it again from where it came from") from None
    return key


def fingerprint(key: str) -> str:
    """How a key is read aloud: its first and last letters."""
    return f"{key[:12]}…{key[-6:]}"


def new_identity() -> tuple[str, str]:
    """A secret key and its public key."""
    made = x25519.Identity.generate()
    return str(made), str(made.to_public())


class _Feed(io.RawIOBase):
    """A generator as a file to read from."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._held = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size or size < 0:
            part = next(self._parts, None)
            if part is None:
                break
            self._held += part
        if size < 0:
            size = len(self._held)
        taken, self._held = self._held[:size], self._held[size:]
        return taken


class _Drain(io.RawIOBase):
    """A file to write to whose blocks another thread takes."""

    def __init__(self, to: queue.Queue[bytes | BaseException | None], stop: threading.Event) -> None:
        self._to, self._stop, self._held = to, stop, bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(cast(bytes, data))
        self._held += part
        if len(self._held) >= _BLOCK:
            self.flush()
        return len(part)

    def flush(self) -> None:
        if self._held:
            _hand(self._to, bytes(self._held), self._stop)
            self._held = bytearray()


class _Stopped(OSError):
    """Nobody takes the rest."""


def _hand(to: queue.Queue[bytes | BaseException | None], item: bytes | BaseException | None, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            to.put(item, timeout=0.2)
            return
        except queue.Full:
            continue
    raise _Stopped("stopped")


def seal(parts: Iterable[bytes], key: str) -> Iterator[bytes]:
    """``parts`` sealed to ``key``, block by block. What ``parts`` raises is raised here."""
    between: queue.Queue[bytes | BaseException | None] = queue.Queue(_BETWEEN)
    stop, failed = threading.Event(), list[BaseException]()

    def watched() -> Iterator[bytes]:
        # pyrage would hide what went wrong behind an error of its own.
        try:
            yield from parts
        except Exception as error:
            failed.append(error)
            raise

    def work() -> None:
        drain = _Drain(between, stop)
        last: BaseException | None = None
        try:
            encrypt_io(cast(BinaryIO, _Feed(watched())), cast(BinaryIO, drain), [x25519.Recipient.from_str(key)])
            drain.flush()
        except BaseException as error:
            last = failed[0] if failed else error
        try:
            _hand(between, last, stop)
        except _Stopped:
            pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item = between.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


def opened(file: BinaryIO, identity: str, to: BinaryIO) -> None:
    """What is sealed in ``file``, written to ``to``. Raises ``CannotOpen`` and ``KeyUnusable``."""
    try:
        own = x25519.Identity.from_str(identity.strip())
    except IdentityError:
        raise KeyUnusable("the secret key begins with AGE-SECRET-KEY-1; it stands in the file age-keygen made") from None
    try:
        decrypt_io(file, to, [own])
    except (DecryptError, OSError) as error:
        raise CannotOpen(f"the file does not open with this key, or was changed ({error})"[:200]) from None
