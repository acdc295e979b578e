"""From a step as a plan words it (what to do, where to turn, what it waits for) to a step a person can walk here.

The plan knows desks as lines of text ("eSafety Commissioner: https://..."); here they are the law data's entries, with
their prepared answers, state and clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    does not stand in the way; ``waits``: what has to come first. ``key`` is the same for the same step however often it
    is planned, the party after its colon; ``scope`` "" is the case as a whole. ``confirm`` is what whoever does it says
    yes to."""

    @property
    def key(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def confirm(self) -> Sequence[str]: ...
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


def walk(finding: Finding, given: Iterable[Guided], now: datetime) -> list[Step]:
    """Bring the steps about a finding in line with what its plan says of them: those that can be taken are there, and
    those that nobody has touched and the plan does not name any more are not. The caller holds the finding's lock."""
    there = [step for one in given if (step := take(finding.case, one, now, finding)) is not None]
    steps.settle(finding, there, now)
    return there


def ready(given: Guided) -> bool:
    """Nothing is missing and nobody has to be asked first."""
    return not given.waits and all(one.kind == "text" for one in given.needs)


def take(case: Case, given: Guided, now: datetime, finding: Finding | None = None) -> Step | None:
    """The step for it, made where it is not there yet; None while something is missing or has to come first, and where
    it is about a page and no finding is given. Harmless twice. Raises ``registry.NoChannel``."""
    if not ready(given):
        return None
    law = load()
    notice, line = law.notices[given.notice_type], next(iter(given.desks), "")
    desk = desk_of(law, line, given.notice_type)
    name, where = (desk.name, desk.url) if desk is not None else parted(line, given.name)
    channel = registry.choose(notice, given.role, "", desk.id if desk is not None else "")
    if channel.whole_case or not given.scope:
        step = steps.for_case(
            case, channel, notice, desk, now, by=steps.ENGINE, role=given.role, name=name, contact=where,
            why="; ".join(given.why),
        )  # fmt: skip
    elif finding is None:
        return None
    else:
        key = given.key.partition(":")[2] or (f"desk:{desk.id}" if desk is not None else f"{given.role}:{name}")
        way = _Way(key, given.role, name, where, given.notice_type, tuple(given.why), now, desk.id if desk else "")
        step = steps.ensure(finding, way, now, key=steps.site_key(finding, given.key))
    return _told(step, given)


def row(case: Case, given: Guided, rows: Iterable[Step], finding: Finding | None = None) -> Step | None:
    """Which of ``rows`` is the step for it, None where there is none (yet)."""
    if given.scope and finding is not None:
        keys = {steps.site_key(finding, given.key)}
    else:
        line = next(iter(given.desks), "")
        desk = desk_of(load(), line, given.notice_type)
        named = desk.id if desk is not None else parted(line, given.name)[0]
        keys = {*steps.case_keys(given.notice_type, named), steps.moved_key(given.notice_type)}
    return next((one for one in rows if one.key in keys), None)


def _told(step: Step, given: Guided) -> Step:
    """What the plan further says of it, for whoever does it: what they say yes to, and where else to turn."""
    confirm, elsewhere = list(given.confirm), list(given.desks[1:])
    if step.state == Step.State.TODO and (step.confirm, step.elsewhere) != (confirm, elsewhere):
        step.confirm, step.elsewhere = confirm, elsewhere
        step.save(update_fields=["confirm", "elsewhere"])
    return step


def desk_of(law: Law, line: str, notice_type: str) -> Desk | None:
    """The law data's desk a line of text means: by its whole name, or by its very address."""
    for desk in law.channels.values():
        named = line == desk.name or line.startswith(f"{desk.name}: ")
        if notice_type in desk.notice_types and (named or (desk.url and line.strip() == desk.url)):
            return desk
    return None


def parted(line: str, otherwise: str) -> tuple[str, str]:
    """(name, where) of a desk nobody wrote down: "local police: 101" or a bare address."""
    if "://" in line.partition(" ")[0] or ("@" in line and " " not in line):
        return otherwise, line
    name, _, where = line.partition(": ")
    return (name or otherwise), where
