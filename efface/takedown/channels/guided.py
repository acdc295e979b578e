"""From a step as a plan words it (what to do, where to turn, what it waits for) to a step a person can walk here.

The plan knows desks as lines of text ("eSafety Commissioner: https://..."); here they are the law data's entries, with
their prepared answers, state and clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from efface.cases.models import Case
from efface.law import Law, load
from efface.law.channels import Channel as Desk
from efface.search.models import Finding
from efface.takedown.channels import registry, steps
from efface.takedown.channels.models import Step


class Guided(Protocol):
    """What a plan says of a step. ``desks`` are lines "name: where"; ``needs`` have a ``kind``, of which only "text"
    does not stand in the way; ``waits``: what has to come first. ``kind`` "outdated" is suggested by ``follow_up``."""

    @property
    def notice_type(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def desks(self) -> Sequence[str]: ...
    @property
    def why(self) -> Sequence[str]: ...
    @property
    def needs(self) -> Sequence[Any]: ...
    @property
    def waits(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Way:
    party_key: str
    role: str
    name: str
    contact: str
    notice_type: str
    why: tuple[str, ...]
    starts: datetime
    desk: str = ""


def take(case: Case, given: Guided, now: datetime, finding: Finding | None = None) -> Step | None:
    """The step for it, made where it is not there yet; None while something is missing or has to come first, and where
    it is about a page and no finding is given. Harmless twice. Raises ``registry.NoChannel``."""
    if given.kind != "notice" or given.waits or any(one.kind != "text" for one in given.needs):
        return None
    law = load()
    notice, line = law.notices[given.notice_type], next(iter(given.desks), "")
    desk = desk_of(law, line, given.notice_type)
    name, where = (desk.name, desk.url) if desk is not None else _parted(line, given.name)
    channel = registry.choose(notice, given.role, "", desk.id if desk is not None else "")
    if channel.whole_case:
        return steps.for_case(
            case, channel, notice, desk, now, by=steps.ENGINE, role=given.role, name=name, contact=where,
            why="; ".join(given.why),
        )  # fmt: skip
    if finding is None:
        return None
    key = f"desk:{desk.id}" if desk is not None else f"{given.role}:{name}"
    way = _Way(key, given.role, name, where, given.notice_type, tuple(given.why), now, desk.id if desk else "")
    return steps.ensure(finding, way, now)


def desk_of(law: Law, line: str, notice_type: str) -> Desk | None:
    """The law data's desk a line of text means: by its whole name, or by its very address."""
    for desk in law.channels.values():
        named = line == desk.name or line.startswith(f"{desk.name}: ")
        if notice_type in desk.notice_types and (named or (desk.url and line.strip() == desk.url)):
            return desk
    return None


def _parted(line: str, otherwise: str) -> tuple[str, str]:
    """(name, where) of a desk nobody wrote down: "local police: 101" or a bare address."""
    if "://" in line.partition(" ")[0] or ("@" in line and " " not in line):
        return otherwise, line
    name, _, where = line.partition(": ")
    return (name or otherwise), where
