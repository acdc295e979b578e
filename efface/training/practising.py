"""Beginning an exercise, and beginning it again: its scene is set on the real desk."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime

from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases import erasing
from efface.cases.models import Case
from efface.engine.base import training
from efface.training import exercises, scenes
from efface.training.models import Practice
from efface.training.parts import Stage


class NoTraining(ValueError):
    """This is not a place to practise; the message says why. Nothing was made."""


def begin(member: Member, key: str, now: datetime) -> Practice:
    """Set the scene anew: what lay there before is erased as any case is. Each time the same scene. Inside the
    organisation. Raises ``NoTraining``."""
    if not training.is_training(member.organisation_id):
        raise NoTraining(_("Exercises are for training organisations only: here people's cases are."))
    if key not in exercises.all_of_them():
        raise NoTraining(_("There is no such exercise."))
    Member.objects.select_for_update(of=("self",)).get(pk=member.pk)  # pressed twice is once after the other
    before = Practice.objects.filter(member=member, exercise=key).first()
    if before is not None:
        clear(before, now)
    stage = Stage(member, now, random.Random(_seed(key)), list(exercises.all_of_them()).index(key))
    content = scenes.SCENES[key](stage)
    names = {name: str(id) for name, id in content.items()}
    row, _made = Practice.objects.update_or_create(
        member=member, exercise=key,
        defaults={"organisation_id": member.organisation_id, "content": names, "begun_at": now,
                  "times": before.times + 1 if before is not None else 1},
    )  # fmt: skip
    return row


def begin_all(member: Member, now: datetime) -> int:
    """Every exercise that was not begun yet: a full desk. Returns how many."""
    begun = set(Practice.objects.filter(member=member).values_list("exercise", flat=True))
    wanted = [key for key in exercises.all_of_them() if key not in begun]
    for key in wanted:
        begin(member, key, now)
    return len(wanted)


def clear(practice: Practice, now: datetime) -> int:
    """Erase the invented cases of an exercise. Returns how many."""
    ids = [id for name, id in practice.content.items() if name in ("case", "other")]
    rows = list(Case.objects.filter(pk__in=ids).exclude(state=Case.State.ERASED))
    for row in rows:
        erasing.erase(row, f"{practice.member.role}:{practice.member.user_id}", now)
    return len(rows)


def _seed(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
