"""What a person decides: what is known, what is proposed and why, what may be answered. Plain data."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from efface.console.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known. ``name`` is a stable key (``data-fact``), ``label`` its words; ``address`` marks a URL, which
    is shown defanged; ``side`` one that is folded away; ``opens`` a desk's own page, which may be opened. An empty
    ``value`` is not shown."""

    name: str
    label: str
    value: str
    address: bool = False
    side: bool = False
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An answer: one submit button. ``look`` is "primary" for what is proposed, "careful" for what ends something."""

    value: str
    label: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Blank:
    """Something to fill in beside the answer. ``needed_for`` names the options that cannot do without it."""

    name: str
    label: str
    help: str = ""
    long: bool = False
    needed_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who comes to know what; ``certain`` False: possibly."""

    who: str
    learns: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """``harm`` orders the queue: 0 is the most urgent kind. ``since``: waiting since; ``due``: the clock it must be
    decided by, where there is one. ``mark`` stands for the state that was shown: an answer to another state is not
    taken. ``text`` is the complete foreign or drafted text, ``answers`` (field, label, value) are prepared answers;
    ``drawings`` show where in a picture something was recognised, ``sheet`` (``evidence.Sheet``) what a check saw;
    ``about`` is a page to read first, ``worker`` whose case it is, ``opinions`` how many stand beside it, ``held``
    until when no notice of the case leaves."""

    kind: str
    id: uuid.UUID
    case_id: uuid.UUID | None
    reference: str
    title: str
    proposed: str
    reason: str
    options: tuple[Option, ...]
    facts: tuple[Fact, ...]
    harm: int
    since: datetime
    mark: str
    due: datetime | None = None
    danger: bool = False
    reasons: tuple[str, ...] = ()
    blanks: tuple[Blank, ...] = ()
    exposure: tuple[Exposure, ...] = ()
    answers: tuple[tuple[str, str, str], ...] = ()
    text_label: str = ""
    text: str = ""
    notes: tuple[str, ...] = field(default=())
    drawings: tuple[Drawing, ...] = ()
    sheet: Any = None
    about: str = ""
    worker: str = ""
    opinions: int = 0
    held: datetime | None = None

    def order(self) -> tuple[bool, int, datetime, str]:
        """Danger first, then harm, then the clock, then who waited longest."""
        return (not self.danger, self.harm, self.due or self.since, str(self.id))

    @property
    def shown(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.value and not fact.side]

    @property
    def folded(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.value and fact.side]

    def option(self, value: str) -> Option | None:
        return next((one for one in self.options if one.value == value), None)


def mark(*parts: Any) -> str:
    """A short digest of what was shown."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]


def exposures(stored: Any) -> tuple[Exposure, ...]:
    """Exposure lines as stored on a notice or route."""
    found = []
    for one in stored or ():
        if isinstance(one, dict):
            found.append(Exposure(str(one.get("who", "")), str(one.get("learns", "")), bool(one.get("certain", True))))
        elif isinstance(one, list | tuple):
            who, learns, *rest = [*map(str, one[:2]), *one[2:], ""][:3]
            found.append(Exposure(who, learns, rest[0] is not False))
        else:
            found.append(Exposure("", str(one)))
    return tuple(found)


def answers(stored: Any) -> tuple[tuple[str, str, str], ...]:
    """Prepared answers as stored: (field, label, value)."""
    if isinstance(stored, dict):
        return tuple((str(name), str(name), str(value)) for name, value in stored.items())
    found = []
    for one in stored or ():
        if isinstance(one, dict):
            name = str(one.get("field", ""))
            found.append((name, str(one.get("label") or name), str(one.get("value", ""))))
        elif isinstance(one, list | tuple) and len(one) >= 3:
            found.append((str(one[0]), str(one[1]), str(one[2])))
    return tuple(found)
