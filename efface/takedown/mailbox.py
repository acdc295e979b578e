"""Replies fetched from a mailbox by IMAP, for organisations whose mail server cannot hand them over.

The mailbox is a catch-all of ``mail_domain``. Mail to a signed address is kept and marked ``$EffaceKept`` (and as
read); everything else stays as it was, unread. Nothing is ever deleted there. Headers decide, 256 kB of them at most:
an address counts because it is signed, wherever in them it stands.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from efface.engine.base import addresses

KEPT = "$EffaceKept"
MOST_BYTES = 10_000_000
MOST_HEADER = 262_144
MOST_AT_ONCE = 200
TIMEOUT_S = 60.0
LOOK_BACK = timedelta(days=60)


class MailboxError(Exception):
    """The mailbox cannot be read; the message says what the server said, without any mail in it."""


@dataclass(frozen=True, slots=True)
class Account:
    """``tls`` "tls" (usual, port 993), "starttls", or "none" for a server on this machine."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    tls: str = "tls"


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look into the mailbox came to. ``later``: mails of ours that could not be kept now and are tried again.
    ``large``: of those kept, how many were too large and were kept by their header alone."""

    kept: int = 0
    others: int = 0
    later: int = 0
    large: int = 0


class Mailbox:
    """``known`` tells whether an address is signed and its case is there; ``take`` keeps a mail for one address and
    returns an SMTP answer. Not shared between threads."""

    def __init__(self, account: Account, known: Callable[[str], bool], take: Callable[[str, bytes], str]) -> None:
        self._account, self._known, self._take = account, known, take
        self._validity = ""
        self._passed: set[str] = set()

    def poll(self, now: datetime) -> Polled:
        """Look once. Raises ``MailboxError``; what was kept until then is kept."""
        with self._telling(), self._open() as line:
            return self._read(line, now)

    def open(self) -> None:
        """Only sign in and choose the folder. Raises ``MailboxError``."""
        with self._telling(), self._open():
            pass

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise MailboxError(f"the certificate of {self._account.host} is not valid: {error.reason}") from None
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"{self._account.host}: {type(error).__name__} {str(error)[:120]}") from None

    @contextlib.contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        one = self._account
        if one.tls == "tls":
            line: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                one.host, one.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_S
            )
        else:
            line = imaplib.IMAP4(one.host, one.port, timeout=TIMEOUT_S)
        try:
            if one.tls == "starttls":
                line.starttls(ssl.create_default_context())
            line.login(one.user, one.password)
            status, _ = line.select(_quoted(one.folder))
            if status != "OK":
                raise MailboxError(f"{one.host} has no folder {one.folder!r}")
            yield line
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                line.logout()

    def _read(self, line: imaplib.IMAP4, now: datetime) -> Polled:
        validity = _first(line.response("UIDVALIDITY")[1]).decode("ascii", "replace")
        if validity != self._validity:
            self._validity, self._passed = validity, set()
        # Where the server keeps no flags of ours, what nobody read yet is what is new.
        flags = _first(line.response("PERMANENTFLAGS")[1])
        new = ("UNKEYWORD", KEPT) if b"\\*" in flags or KEPT.encode() in flags else ("UNSEEN",)
        since = imaplib.Time2Internaldate(now - LOOK_BACK).strip('"')[:11].strip()
        _, found = line.uid("SEARCH", *new, "SINCE", since)
        numbers = [one for one in _first(found).decode("ascii", "replace").split() if one not in self._passed]
        kept = others = later = large = 0
        for number in numbers[:MOST_AT_ONCE]:
            head, size = self._head(line, number)
            ours = [one for one in named(head) if self._known(one)]
            if not ours:
                self._passed.add(number)
                others += 1
                continue
            whole = size <= MOST_BYTES
            raw = self._whole(line, number) if whole else _too_large(head, size)
            if not raw:
                continue
            # A mail that is here already is noticed by its digest: asking twice is no harm.
            if any(self._take(address, raw).startswith("4") for address in ours):
                later += 1
                continue
            kept, large = kept + 1, large + (not whole)
            self._passed.add(number)
            marks = f"\\Seen {KEPT}" if len(new) == 2 else "\\Seen"
            with contextlib.suppress(imaplib.IMAP4.error):
                line.uid("STORE", number, "+FLAGS.SILENT", f"({marks})")
        return Polled(kept, others, later, large)

    @staticmethod
    def _head(line: imaplib.IMAP4, number: str) -> tuple[bytes, int]:
        _, answer = line.uid("FETCH", number, f"(RFC822.SIZE BODY.PEEK[HEADER]<0.{MOST_HEADER}>)")
        said = b" ".join(part[0] if isinstance(part, tuple) else part or b"" for part in answer)
        size = re.search(rb"RFC822\.SIZE (\d+)", said)
        return _literal(answer), int(size[1]) if size else 0

    @staticmethod
    def _whole(line: imaplib.IMAP4, number: str) -> bytes:
        return _literal(line.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")[1])


def named(head: bytes) -> list[str]:
    """Addresses in the header of a mail that have the form of ours, each once."""
    return addresses.written(re.sub(rb"\r?\n[ \t]+", b" ", head).decode("ascii", "replace"))


def _too_large(head: bytes, size: int) -> bytes:
    """What is kept of a mail beyond bounds: its header, plainly said."""
    lines = re.split(rb"\r?\n(?![ \t])", head.strip(b"\r\n"))
    plain = [one for one in lines if not one.lower().startswith((b"content-", b"mime-version"))]
    note = f"This mail has {size} bytes, more than Efface reads. It is still in the mailbox.".encode("ascii")
    return b"\r\n".join([*plain, b"", note, b""])


def _literal(answer: list[object]) -> bytes:
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple) and len(part) > 1), b"")


def _first(parts: list[object]) -> bytes:
    return bytes(parts[0]) if parts and isinstance(parts[0], bytes) else b""


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
