"""How careful it was: from what a member really did on the desk since the exercise began."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from efface.accounts.models import AuditEntry, Member
from efface.cases.models import Avoided, CaseEvent, Note
from efface.evidence.models import Fact
from efface.training.exercises import Exercise
from efface.training.models import Practice

TOGETHER = 3
"""So many confirmed in one press are a batch."""
MORE = ("what", "age", "made_for")
"""What of an event's data belongs to its name."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a member did. ``action`` as the audit chain or the case's events name it; ``value`` what was written
    down."""

    at: datetime
    action: str
    subject: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``state``: "open", "done" or "careful" (look again: ``wrong`` is the answer that was given). ``steps``: which of
    them are done."""

    state: Literal["open", "done", "careful"]
    steps: tuple[bool, ...]
    wrong: str = ""


def judge(exercise: Exercise, deeds: Iterable[Deed]) -> Verdict:
    """Pure. What was undone counts as done for the steps, and not as wrong."""
    some = sorted(deeds, key=lambda one: one.at)
    left = Counter[tuple[str, str]]()
    latest: list[str] = []
    for one in some:
        if one.action.endswith(".undone"):
            for action, subject in list(left):
                if subject == one.subject and action.startswith(one.action.removesuffix("undone")):
                    del left[action, subject]
        left[one.action, one.subject] += 1
    standing = {action for action, _subject in left}
    for one in some:
        if one.action in exercise.wrong and one.action in standing:
            latest.append(one.action)
    steps = _steps(exercise.steps, some)
    # What belongs to the exercise itself is never wrong in it.
    asked = {action.partition("~")[0] for step in exercise.steps for action in step}
    wrong = next((action for action in reversed(latest) if action not in asked), "")
    if wrong:
        return Verdict("careful", steps, wrong)
    return Verdict("done" if all(steps) else "open", steps)


def _steps(wanted: Sequence[Sequence[str]], done: Sequence[Deed]) -> tuple[bool, ...]:
    return tuple(any(_is(one, action) for action in step for one in done) for step in wanted)


def _is(deed: Deed, wanted: str) -> bool:
    action, _tilde, letters = wanted.partition("~")
    return deed.action == action and letters.casefold() in deed.value.casefold()


def deeds(practice: Practice) -> list[Deed]:
    """What the member did with the rows of an exercise since it began."""
    member, since = practice.member, practice.begun_at
    names: Mapping[str, str] = practice.content
    ids, cases = list(names.values()), [uuid.UUID(id) for name, id in names.items() if name == "case"]
    found = [
        Deed(row.at, row.action, row.subject)
        for row in AuditEntry.objects.filter(subject__in=ids, at__gte=since, actor__endswith=str(member.user_id))
    ]
    rows = CaseEvent.objects.filter(case__in=cases, at__gte=since, actor__endswith=str(member.user_id))
    for event in rows:
        about = str(event.subject or "")
        value = _written(event)
        found.append(Deed(event.at, event.kind, about, value))
        data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
        found += [Deed(event.at, f"{event.kind}:{data[name]}", about, value) for name in MORE if data.get(name)]
    notes = Note.objects.filter(case__in=cases, at__gte=since, author=member.user_id, taken_back_at=None)
    found += [Deed(row.at, "note.written") for row in notes]
    return [*found, *_batches(found)]


def _written(event: CaseEvent) -> str:
    """What was written down, of events that are about it."""
    row: Avoided | Fact | None = None
    if event.subject is None:
        return ""
    if event.kind == "avoid.added":
        row = Avoided.objects.filter(pk=event.subject).first()
    elif event.kind == "demand.noted":
        row = Fact.objects.filter(pk=event.subject).first()
    return str(row.value or "") if row is not None else ""


def _batches(found: Sequence[Deed]) -> list[Deed]:
    """Confirmed in one press: at one moment."""
    moments = Counter(one.at for one in found if one.action == "match.confirm")
    return [Deed(at, "batch.confirm") for at, count in moments.items() if count >= TOGETHER]


def verdict(practice: Practice, exercise: Exercise, now: datetime) -> Verdict:
    """As it stands now. Done once stays noted, whatever is tried afterwards."""
    found = judge(exercise, deeds(practice))
    if found.state == "done" and practice.done_at is None:
        practice.done_at = now
        practice.save(update_fields=["done_at"])
    return found


def progress(member: Member) -> tuple[int, int]:
    """How many exercises this member has done, and begun."""
    rows = Practice.objects.filter(member=member)
    return rows.exclude(done_at=None).count(), rows.count()
