"""What an adapter is. Pure: rows in, bytes out, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


class Unreadable(ValueError):
    """The file has not the form of this list; the message says where."""


@dataclass(frozen=True, slots=True)
class Row:
    """One hash of a list. ``kind`` is "pdq" or "md5"; ``active``: false where it was taken back."""

    kind: str
    value: str
    at: datetime
    active: bool = True


@dataclass(frozen=True, slots=True)
class Adapter:
    """``write`` makes a file of rows, ``read`` takes one apart (``Unreadable``); None where it goes one way only.
    ``minors``: the list is for material of minors, of which this house keeps none, so nothing is ever written."""

    id: str
    name: str
    kinds: tuple[str, ...]
    read: Callable[[bytes], list[Row]] | None
    write: Callable[[Sequence[Row]], bytes] | None
    minors: bool = False
