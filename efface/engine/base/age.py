"""Files sealed in the age format (age-encryption.org/v1), to public keys (X25519) or to a passphrase. The one place
that does so, with rage's library (pyrage); the program ``age`` opens what is made here.

Everything streams: in blocks of 256 KiB, so that the whole is never in memory or on a disk. The library streams to keys
alone. What is sealed to a passphrase therefore begins with a secret key of its own, sealed to the passphrase (in age's
armour), and the rest is sealed to that key.
"""

from __future__ import annotations

import io
import queue
import re
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from pyrage import DecryptError, IdentityError, RecipientError, decrypt_io, encrypt_io, passphrase, x25519

INTRO = b"age-encryption.org/v1\n"
BLOCK = 256 * 1024
_BEGIN, _END = b"-----BEGIN AGE ENCRYPTED FILE-----\n", b"-----END AGE ENCRYPTED FILE-----\n"
_MOST_LINES = 32
_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")


class KeyUnusable(ValueError):
    """Not a key of age; the message says what one looks like."""


class CannotOpen(ValueError):
    """It does not open: another key or passphrase, cut off, or a byte of it was changed."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """What seals and opens in place of keys. ``known``: keys it opened already, so that a file that is read several
    times is worked for once."""

    words: str
    known: dict[bytes, str] = field(default_factory=dict, repr=False, compare=False)


Who = Sequence[str] | Passphrase
"""Public keys to seal to, or secret keys to open with; or a passphrase for either."""


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


def secret(text: str) -> str:
    """The one secret key in ``text``, which may be a file of ``age-keygen`` with comments. Raises ``KeyUnusable``."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1:
        raise KeyUnusable("one secret key is needed; it begins with AGE-SECRET-KEY-1")
    _identity(lines[0])
    return lines[0]


def _identity(key: str) -> x25519.Identity:
    try:
        return x25519.Identity.from_str(key.strip())
    except IdentityError:
        raise KeyUnusable(
            "the secret key begins with AGE-SECRET-KEY-1; it stands in the file age-keygen made"
        ) from None


def fingerprint(key: str) -> str:
    """How a key is read aloud: its first and last letters."""
    return f"{key[:12]}…{key[-6:]}"


def new_identity() -> tuple[str, str]:
    """A secret key and its public key."""
    made = x25519.Identity.generate()
    return str(made), str(made.to_public())


def public_of(key: str) -> str:
    """Of a secret key. Raises ``KeyUnusable``."""
    return str(_identity(key).to_public())


class _Stopped(OSError):
    """Nobody takes the rest."""


class _Through(io.RawIOBase):
    """Both ends that pyrage, which reads and writes at its own pace, sees in its thread. Whenever it wants more to
    read, it has written all that it can: so what is handed in gives what it became, and no more than that is held."""

    def __init__(self, work: Callable[[BinaryIO, BinaryIO], None]) -> None:
        self._told: queue.SimpleQueue[tuple[str, bytes, BaseException | None]] = queue.SimpleQueue()
        self._given: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._held, self._ended = b"", False
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()
        self._begun = self._until_it_wants()

    def _run(self, work: Callable[[BinaryIO, BinaryIO], None]) -> None:
        try:
            work(cast(BinaryIO, self), cast(BinaryIO, self))
            self._told.put(("end", b"", None))
        except BaseException as error:
            self._told.put(("failed", b"", error))

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._held and not self._ended:
            self._told.put(("wants", b"", None))
            part = self._given.get()
            if part is None:
                raise _Stopped("stopped")
            self._held, self._ended = part, not part
        size = len(self._held) if size < 0 else size
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def write(self, data: object) -> int:
        part = bytes(cast(bytes, data))
        self._told.put(("data", part, None))
        return len(part)

    def _until_it_wants(self) -> bytes:
        parts = []
        while True:
            what, data, error = self._told.get()
            if what == "data":
                parts.append(data)
            elif error is not None:
                self._ended = True
                raise error
            else:
                self._ended = self._ended or what == "end"
                return b"".join(parts)

    def feed(self, data: bytes) -> bytes:
        """``data`` in, not empty; what it became, as far as that can be told yet. Raises what the work raised."""
        if self._ended:
            raise OSError("there is something after the end")
        before, self._begun = self._begun, b""
        self._given.put(data)
        return before + self._until_it_wants()

    def end(self) -> bytes:
        """No more comes in: the rest."""
        before, self._begun = self._begun, b""
        if not self._ended:
            self._given.put(b"")
            before += self._until_it_wants()
        self._thread.join()
        return before

    def stop(self) -> None:
        """Nobody takes the rest. After the end it does nothing."""
        self._given.put(None)
        self._thread.join()


def _sealer(keys: Sequence[str]) -> _Through:
    to = [x25519.Recipient.from_str(recipient(key)) for key in keys]
    return _Through(lambda source, target: encrypt_io(source, target, to))


def seal(parts: Iterable[bytes], keys: Sequence[str]) -> Generator[bytes, None, None]:
    """``parts`` sealed to ``keys``, block by block. They are asked for in the caller's own thread, so that they may
    lean on its database connection; what they raise is raised here."""
    through = _sealer(keys)
    try:
        for piece in _pieces(parts):
            if made := through.feed(piece):
                yield made
        yield through.end()
    finally:
        through.stop()


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        for start in range(0, len(part), BLOCK):
            yield part[start : start + BLOCK]


class Writer:
    """Seals what is written to it into ``target``. Whole only after ``close``."""

    def __init__(self, target: BinaryIO, who: Who) -> None:
        if isinstance(who, Passphrase):
            key, public = new_identity()
            target.write(passphrase.encrypt(key.encode() + b"\n", who.words, armored=True))
            who = [public]
        self._target, self._held, self._through = target, bytearray(), _sealer(who)
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> int:
        self._held += data
        while len(self._held) >= BLOCK:
            self._target.write(self._through.feed(bytes(self._held[:BLOCK])))
            del self._held[:BLOCK]
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Nothing can be said before its block is full."""

    def close(self) -> None:
        if self.closed:
            return
        if self._held:
            self._target.write(self._through.feed(bytes(self._held)))
        self._target.write(self._through.end())
        self.closed = True

    def stop(self) -> None:
        """Leave it unfinished: what was written does not open. After ``close`` it does nothing."""
        self._through.stop()


def pieces(source: BinaryIO, who: Who) -> Generator[bytes, None, None]:
    """What is sealed in ``source``, each piece as soon as it is proven; whoever must not act on a file that was cut off
    reads to the end first. Raises ``CannotOpen`` and ``KeyUnusable``.

    A file that older versions sealed to a passphrase alone (a header ``scrypt``) opens too, in memory as a whole."""
    head = source.readline(len(_BEGIN))
    if head == _BEGIN:
        own, head = [_own_key(source, who)], b""
    elif isinstance(who, Passphrase):
        yield _old(head + source.read(), who)
        return
    else:
        own = [_identity(key) for key in who]
    try:
        through = _Through(lambda fed, target: decrypt_io(fed, target, own))
        try:
            if head:
                yield through.feed(head)
            while block := source.read(BLOCK):
                yield through.feed(block)
            yield through.end()
        finally:
            through.stop()
    except (DecryptError, OSError) as error:
        raise CannotOpen(_why(error)) from None


def _why(error: Exception) -> str:
    if "No matching keys" in str(error):
        return "it is sealed to another key or passphrase"
    return f"it was cut off or changed, or is no file of age ({error})"[:200]


def _own_key(source: BinaryIO, who: Who) -> x25519.Identity:
    """The secret key that a file begins with, sealed to its passphrase."""
    armour = _BEGIN
    for _ in range(_MOST_LINES):
        line = source.readline(80)
        armour += line
        if line == _END:
            break
    else:
        raise CannotOpen("it was cut off or changed, or is no file of age")
    if not isinstance(who, Passphrase):
        raise CannotOpen("it is sealed to a passphrase, and not to a key")
    if armour not in who.known:
        who.known[armour] = _old(armour, who).decode("ascii", "replace")
    return _identity(who.known[armour])


def _old(data: bytes, who: Passphrase) -> bytes:
    try:
        return bytes(passphrase.decrypt(data, who.words))
    except (DecryptError, OSError) as error:
        if str(error) == "Decryption failed":
            raise CannotOpen("it is sealed to another key or passphrase") from None
        raise CannotOpen(_why(error)) from None


def opened(file: BinaryIO, key: str, to: BinaryIO) -> None:
    """What is sealed in ``file``, written to ``to``. Raises ``CannotOpen`` and ``KeyUnusable``."""
    for piece in pieces(file, [key]):
        to.write(piece)
