"""What only some notices need to know: a group of facts each, None or empty where nobody has asked yet.

None of them has a place for the depicted person's name. Free words (``words``, ``work``, ``link``) are written by a
caseworker; ``NoticeFacts.never`` keeps what must not stand in them out of the notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Copyright:
    """``photographer``: the answer to "did you press the shutter yourself?", None where nobody asked. ``assignment``: a
    signed transfer of the right is on file (17 U.S.C. 204(a)). ``work`` describes the picture in words. ``fair_use``:
    it was considered whether the law allows the use. ``perjury``: the signatory makes the sworn part knowingly."""

    photographer: bool | None = None
    assignment: bool = False
    work: str = ""
    fair_use: bool = False
    perjury: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was made to whoever must act, before somebody else is told. ``proof`` is what shows that it was
    sent (a receipt number, the mail's Message-ID); ``answer`` what came back, "" for silence."""

    to: str
    sent: datetime
    proof: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """A sealed capture: the digest stands for it, the picture never travels."""

    url: str
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Look:
    """One check whether it is still there. ``state``: a word of the verdict, "live" and the like."""

    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Police:
    """``reported_at`` and ``file_number`` are empty before the report. ``wanted``: the depicted person wants it.
    ``safety``: what protection she needs, and how she may be reached."""

    wanted: bool = False
    reported_at: datetime | None = None
    file_number: str = ""
    safety: str = ""


@dataclass(frozen=True, slots=True)
class HashLists:
    """``lists``: those she chose. ``on_device``: she has the picture on her own device and makes the hash there.
    ``pin_explained``: she knows that nobody can restore the case number and the PIN."""

    lists: tuple[str, ...] = ()
    on_device: bool = False
    pin_explained: bool = False


@dataclass(frozen=True, slots=True)
class Merchant:
    """``descriptor``: the merchant's name as a card statement or the checkout shows it. ``violation``: the rule that is
    broken, in words. ``complained``: the day of the complaint at the merchant."""

    checkout: str = ""
    processor: str = ""
    descriptor: str = ""
    violation: str = ""
    complained: date | None = None


__all__ = ["Asked", "Capture", "Copyright", "Happening", "HashLists", "Look", "Merchant", "Police"]
