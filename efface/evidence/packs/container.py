"""A ZIP file of which every byte follows from its members: names, contents, order. Pure.

Members are stored, not compressed (most are compressed already), with one fixed date, no extra fields, no comment. So
any stock tool opens it, and a reader that lays it out anew finds every byte that was changed, also where no digest
reaches: in a header, a date, an attribute.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _MADE_BY, _UTF8 = 20, 0x0314, 0x0800
_DATE = (1980 - 1980) << 9 | 1 << 5 | 1
_MODE = 0o100600 << 16
MOST_BYTES = (1 << 32) - (1 << 20)
"""Of a whole pack: the plain ZIP format counts to four gigabytes."""
MOST_MEMBERS = 60_000
MOST_MEMBER = 512 * 1024 * 1024


class PackTooLarge(ValueError):
    """More than one pack can hold; the message says what to do."""


class Altered(ValueError):
    """A byte is not what a pack has there; the message says where."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    crc: int
    size: int
    at: int


class Writer:
    """``add`` members one after another, then ``end``; each gives the bytes that come next. Nothing is held but the
    names."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._at = 0

    def add(self, name: str, data: bytes) -> Iterator[bytes]:
        """Raises ``PackTooLarge``."""
        raw = name.encode()
        if self._at + len(data) > MOST_BYTES or len(self._entries) >= MOST_MEMBERS or len(data) > MOST_MEMBER:
            raise PackTooLarge("more than one pack can hold: choose fewer findings, or leave a part out")
        entry = _Entry(raw, zlib.crc32(data), len(data), self._at)
        head = _local(entry)
        self._entries.append(entry)
        self._at += len(head) + len(data)
        yield head
        yield data

    def end(self) -> Iterator[bytes]:
        size = 0
        for entry in self._entries:
            line = _central(entry)
            size += len(line)
            yield line
        count = len(self._entries)
        yield _END.pack(_END_MARK, 0, 0, count, count, size, self._at, 0)


def _local(entry: _Entry) -> bytes:
    return _LOCAL.pack(
        _LOCAL_MARK, _VERSION, _UTF8, 0, 0, _DATE, entry.crc, entry.size, entry.size, len(entry.name), 0
    ) + entry.name  # fmt: skip


def _central(entry: _Entry) -> bytes:
    return _CENTRAL.pack(
        _CENTRAL_MARK, _MADE_BY, _VERSION, _UTF8, 0, 0, _DATE, entry.crc, entry.size, entry.size, len(entry.name), 0, 0,
        0, 0, _MODE, entry.at,
    ) + entry.name  # fmt: skip


def read(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Each member in order: name and content, checked against its CRC. After the last one the directory at the end is
    laid out anew and compared. Raises ``Altered``; what was yielded before is no proof of what comes after."""
    entries: list[_Entry] = []
    at, names = 0, set()
    mark = file.read(4)
    while mark == _LOCAL_MARK:
        head = mark + file.read(_LOCAL.size - 4)
        if len(head) < _LOCAL.size:
            raise Altered("the file ends in the middle of a member's head")
        *_, crc, size, _again, length, _extra = _LOCAL.unpack(head)
        name = file.read(length)
        if size > MOST_MEMBER:
            raise Altered(f"a member at byte {at} claims to be larger than one may be")
        data = file.read(size)
        entry = _Entry(name, crc, size, at)
        try:
            shown = name.decode()
        except UnicodeDecodeError:
            raise Altered(f"the name of the member at byte {at} is not text") from None
        if len(data) != size or head + name != _local(entry):
            raise Altered(f"the head of {shown!r} is not what a pack has there")
        if zlib.crc32(data) != crc:
            raise Altered(f"{shown} was changed")
        if shown in names or not _usable(shown):
            raise Altered(f"{shown!r} is no name for a member, or is there twice")
        names.add(shown)
        entries.append(entry)
        at += len(head) + length + size
        yield shown, data
        mark = file.read(4)
    _tail(file, mark, entries, at)


def _tail(file: BinaryIO, mark: bytes, entries: list[_Entry], at: int) -> None:
    lines = [_central(entry) for entry in entries]
    size, count = sum(map(len, lines)), len(entries)
    wanted = b"".join(lines) + _END.pack(_END_MARK, 0, 0, count, count, size, at, 0)
    found = mark + file.read(len(wanted) + 1)
    if found != wanted:
        raise Altered("the directory at the end of the file is not what a pack has there")


def _usable(name: str) -> bool:
    return bool(name) and not name.startswith(("/", ".")) and ".." not in name.split("/") and "\\" not in name
