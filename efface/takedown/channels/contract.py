"""What every way of reaching somebody has in common. Pure: no database, no network, no clock.

A channel is a folder beside this file whose package holds ``CHANNEL``. It turns a ``Task`` (one party, one notice type,
one text) into ``Prepared``: what a machine sends, or what a person does by hand, in order and in plain words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from django.utils.functional import Promise

from efface.law import Exposure
from efface.law.channels import Channel as Desk
from efface.law.notices import OURS, Event

Words = str | Promise
"""A sentence for people; mostly still to be translated when it is shown."""
Hand = Literal["machine", "worker", "her"]
"""Who does it: our own machine, a worker of the organisation, or the depicted person herself."""
Medium = Literal["mail", "form", "api", "letter", "device", "visit"]
Moment = Literal["sent", "done", "confirmed", "delivered", "answered"]
"""What is recorded of a task: our machine sent it; a person did it; their desk showed that it has it (a number, a
page); it arrived; they answered."""
LEFT: tuple[Moment, ...] = ("sent", "done")
"""What is known the moment it leaves our hands."""
Keeps = Literal["reference", "confirmation", "posted", "delivered", "answer", "said"]
"""What a person notes when it is done. ``said``: she says that she did it; nobody else can know."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One prepared answer: what the field is called, and what is copied into it."""

    field: str
    label: Words
    value: str


@dataclass(frozen=True, slots=True)
class Learns:
    """One line of the preview of who comes to know what; ``certain`` False: possible, not sure."""

    who: str
    learns: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be brought to whom. It holds no name of the depicted person, on purpose: nothing a channel prepares
    can give it away.

    ``desk`` is the law data's entry, None where there is none; ``known_desk``: ``contact`` is an address of the
    playbook or of the law data, so a worker may open it. ``hand`` is who is to do it, None: as usual. ``country`` and
    ``age`` ("adult", "minor", "unknown") are the depicted person's, ``place`` the recipient's jurisdiction. ``answers``
    are those of the drafted notice; ``site`` is what it is about, never opened. ``sender`` and ``postal`` are the lines
    of the two addresses of a letter."""

    notice_type: str
    role: str
    name: str
    contact: str = ""
    via: str = ""
    hand: Hand | None = None
    desk: Desk | None = None
    known_desk: bool = False
    country: str = ""
    place: str = ""
    age: str = "unknown"
    language: str = "en"
    reference: str = ""
    subject: str = ""
    text: str = ""
    answers: tuple[Copy, ...] = ()
    urls: tuple[str, ...] = ()
    site: str = ""
    accounts: tuple[str, ...] = ()
    organisation: str = ""
    signatory: str = ""
    reply_to: str = ""
    sender: tuple[str, ...] = ()
    postal: tuple[str, ...] = ()
    enclosures: tuple[str, ...] = ()
    written: datetime | None = None
    exposure: tuple[Learns, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """``hand`` does it. ``steps`` are sentences in their order, ``copies`` what is copied field by field. ``opens`` is
    an address the person may open; one that is only ``shown`` is read, never a link. ``keeps`` is what is noted
    afterwards. ``notes`` are warnings. ``payload`` is the finished message or letter: a machine's task has it instead
    of steps."""

    hand: Hand
    steps: tuple[Words, ...] = ()
    copies: tuple[Copy, ...] = ()
    opens: str = ""
    shown: str = ""
    keeps: tuple[Keeps, ...] = ()
    notes: tuple[Words, ...] = ()
    exposure: tuple[Learns, ...] = ()
    payload: bytes = b""


class CannotPrepare(ValueError):
    """The task lacks something this channel needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Channel:
    """``hands``: who may do it, the usual one first. It serves a notice type by the ways (``via``, words of the law) it
    can go, to parties in ``roles`` (empty: any), of ``notice_types`` (empty: any). ``first`` orders channels that serve
    the same: the lower, the earlier asked. ``purpose`` is what consent it needs (a value of ``cases.Purpose``); None:
    the purpose of writing to the party's role. ``starts``: which recorded moment stands for the event a law's clock
    runs from; an event that is not there cannot be seen on this way. ``receipt``: what proves that it came.
    ``adds``: what this way gives away beyond the notice itself. ``minors``: open where the depicted person was, or may
    have been, under 18. ``whole_case``: done once for a case, not for each finding.
    ``desks``: entries of the law data that go this way whatever their role."""

    id: str
    name: Words
    medium: Medium
    hands: tuple[Hand, ...]
    via: frozenset[str]
    roles: frozenset[str]
    prepare: Callable[[Task], Prepared]
    starts: Mapping[Event, Moment]
    receipt: Words
    states: Mapping[str, Words]
    adds: Words = ""
    exposure: Exposure = "recipient_only"
    notice_types: frozenset[str] = frozenset()
    purpose: str | None = None
    first: int = 50
    minors: bool = False
    whole_case: bool = False
    desks: frozenset[str] = frozenset()

    def serves(self, notice_type: str, role: str, via: str, desk: str = "") -> bool:
        """``role`` is a party's in the law's words or the dossier's."""
        if desk in self.desks:
            return True
        if via not in self.via or (self.roles and role not in self.roles):
            return False
        return not self.notice_types or notice_type in self.notice_types

    def begins(self, event: Event, moments: Mapping[Moment, datetime | None]) -> datetime | None:
        """When the event a clock runs from was seen on this way, None where it was not."""
        moment = self.starts.get(event)
        return moments.get(moment) if moment is not None else None


STATES = ("todo", "done", "cannot", "dropped")
"""Every channel says in its own words what these mean."""


def problems(channel: Channel, folder: str) -> list[str]:
    """What a channel breaks of this contract, in words; empty for a sound one."""
    found: list[str] = []
    if channel.id != folder:
        found.append(f"its id {channel.id!r} is not its folder's name {folder!r}")
    if not str(channel.name).strip() or not str(channel.receipt).strip():
        found.append("it must have a name and say what proves receipt")
    if not channel.hands or not set(channel.hands) <= set(get_args(Hand)):
        found.append("it must say who may do it")
    if not channel.via:
        found.append("it serves no way of the law")
    if not set(channel.starts) <= set(OURS) or not set(channel.starts.values()) <= set(get_args(Moment)):
        found.append("a clock starts on what is not seen from our side")
    if channel.medium in ("mail", "letter") and any(
        channel.starts.get(event) in LEFT for event in ("receipt", "filing", "acknowledgement")
    ):
        found.append("a clock that runs from receipt would start although nobody is known to have it")
    if "machine" not in channel.hands and "sent" in channel.starts.values():
        found.append("nothing is sent by a machine here, so no clock can start on that")
    missing = [one for one in STATES if not str(channel.states.get(one, "")).strip()]
    if missing and channel.hands != ("machine",):
        found.append(f"no words for: {', '.join(missing)}")
    if channel.medium == "device" and channel.hands != ("her",):
        found.append("what happens on her own device is done by nobody else")
    if channel.minors and "machine" in channel.hands:
        found.append("nothing about a minor leaves by a machine")
    return found


def wrong(channel: Channel, task: Task, made: Prepared) -> list[str]:
    """What ``made`` breaks of this contract, in words; empty for sound work."""
    found: list[str] = []
    if made.hand not in channel.hands:
        found.append(f"{made.hand} may not do this")
    if made.hand == "machine":
        if not made.payload:
            found.append("a machine has nothing to send")
    else:
        if not made.steps or not all(str(one).strip() for one in made.steps):
            found.append("a person is not told what to do")
        if not made.keeps:
            found.append("nothing is noted when it is done")
    if made.opens and not task.known_desk:
        found.append("an address is opened that is no desk of ours")
    if made.opens and not made.opens.startswith("https://"):
        found.append("an address is opened without encryption")
    if task.site and task.site in made.opens:
        found.append("the site itself is opened")
    if any(not one.value.strip() or not str(one.label).strip() for one in made.copies):
        found.append("a prepared answer is empty")
    if len({one.field for one in made.copies}) != len(made.copies):
        found.append("two prepared answers stand under one name")
    if channel.medium == "device" and (made.payload or made.copies):
        found.append("a picture would leave her device through us")
    return found
