"""Sealing a stream with age (X25519) to a recipient's public key, so that the whole is never in memory or on a disk.

pyrage reads from one file object and writes to another at its own pace: it does so in a thread, and is fed from here.
"""

from __future__ import annotations

import io
import queue
import re
import threading
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

from pyrage import DecryptError, IdentityError, RecipientError, decrypt_io, encrypt_io, x25519  # type: ignore[import-untyped]

_BLOCK = 256 * 1024
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


def public_of(secret: str) -> str:
    """Raises ``KeyUnusable``."""
    try:
        return str(x25519.Identity.from_str(secret).to_public())
    except IdentityError:
        raise KeyUnusable("not a secret key of age") from None


class _Stopped(OSError):
    """Nobody takes the rest."""


class _Pipe(io.RawIOBase):
    """Both ends that pyrage sees in its thread. Whenever it wants more to read, it has written all that it can: so the
    other side hands over one piece at a time, and no more than that is ever held."""

    def __init__(self) -> None:
        self.told: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self.given: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._held = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._held and not self._ended:
            self.told.put(("wants", b""))
            part = self.given.get()
            if part is None:
                raise _Stopped("stopped")
            self._held, self._ended = part, not part
        size = len(self._held) if size < 0 else size
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def write(self, data: object) -> int:
        part = bytes(cast(bytes, data))
        self.told.put(("data", part))
        return len(part)


def seal(parts: Iterable[bytes], key: str) -> Iterator[bytes]:
    """``parts`` sealed to ``key``, block by block. They are asked for in the caller's own thread, so that they may lean
    on its database connection; what they raise is raised here."""
    pipe, to = _Pipe(), x25519.Recipient.from_str(recipient(key))

    def work() -> None:
        try:
            encrypt_io(cast(BinaryIO, pipe), cast(BinaryIO, pipe), [to])
            pipe.told.put(("end", b""))
        except BaseException as error:
            pipe.told.put(("failed", type(error).__name__.encode()))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    pieces = _pieces(parts)
    try:
        while True:
            what, data = pipe.told.get()
            if what == "wants":
                pipe.given.put(next(pieces, b""))
            elif what == "data":
                yield data
            elif what == "end":
                return
            else:
                raise OSError(f"sealing failed ({data.decode()})")
    finally:
        pipe.given.put(None)
        thread.join()


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        for start in range(0, len(part), _BLOCK):
            yield part[start : start + _BLOCK]


def opened(file: BinaryIO, identity: str, to: BinaryIO) -> None:
    """What is sealed in ``file``, written to ``to``. Raises ``CannotOpen`` and ``KeyUnusable``."""
    try:
        own = x25519.Identity.from_str(identity.strip())
    except IdentityError:
        raise KeyUnusable(
            "the secret key begins with AGE-SECRET-KEY-1; it stands in the file age-keygen made"
        ) from None
    try:
        decrypt_io(file, to, [own])
    except (DecryptError, OSError) as error:
        raise CannotOpen(f"the file does not open with this key, or was changed ({error})"[:200]) from None
