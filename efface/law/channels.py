"""Desks: who takes which notice, how, and what comes of it. An address here is for people; the playbook of
``whereabouts`` says where a machine may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from efface.law.base import Confidence, Exposure
from efface.law.notices import Via

ChannelKind = Literal[
    "hash_bank", "hotline", "hotline_network", "removal_service", "search", "platform", "cdn", "hoster", "directory",
    "transparency", "payment", "regulator", "tribunal", "helpline", "police",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channel:
    """``role`` is the word for the party (see ``words.yaml``). ``notice_types`` are those it takes; empty where it is
    a place to turn to, not to write to. ``categories`` are what to choose in its form. ``url_status``: "named" in a
    source, "known" but unread, "opened" by a person on ``as_of``, "none" where there is no address to give."""

    id: str
    name: str
    kind: ChannelKind
    role: str
    as_of: date
    covers: str
    via: tuple[Via, ...]
    notice_types: tuple[str, ...]
    behaviour: str
    url_status: Literal["named", "known", "opened", "none"]
    confidence: Confidence
    sources: tuple[str, ...]
    url: str = ""
    contact: str = ""
    places: tuple[str, ...] = ()
    who_may_use: str = ""
    age_rule: str = ""
    requires: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    exposure: Exposure | None = None
    caveats: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    participants_note: str = ""
    review_days: int = 90
