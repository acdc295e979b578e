"""Four eyes on first notices: where an organisation sets it, the first notice of a case to a party of a type needs the
word of two people who both read it as it goes. What follows inside the approval needs nobody (``approving``)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.takedown import scope
from efface.takedown.models import Approval, FirstWord, FourEyes, Notice


def standing() -> FourEyes | None:
    """The organisation's rule, where it is set."""
    return FourEyes.objects.filter(ended_at=None).select_related("set_by").first()


def switch(organisation: uuid.UUID, on: bool, user: User, actor: str, now: datetime) -> bool:
    """Set the rule or end it. Returns whether anything changed. First words given under it stay and count for nothing
    once it has ended."""
    changed = False
    if on and standing() is None:
        try:
            with transaction.atomic():
                FourEyes.objects.create(organisation_id=organisation, since=now, set_by=user)
            changed = True
        except IntegrityError:
            changed = False
    elif not on:
        changed = bool(FourEyes.objects.filter(ended_at=None).update(ended_at=now))
    if changed:
        audit.record(organisation, actor, "four_eyes.on" if on else "four_eyes.off", "", now)
    return changed


def shown(notice: Notice) -> str:
    """What was read: recipient, text and answers."""
    parts = (notice.contact, str(notice.subject_line or ""), str(notice.text or ""), repr(notice.answers))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def first(notice: Notice) -> bool:
    """Whether no notice of this case was ever allowed to this party of this type."""
    return not Approval.objects.filter(
        case_id=notice.case_id, party_key=notice.route.party_key, notice_type=notice.notice_type
    ).exists()


def word_of(notice: Notice) -> FirstWord | None:
    """The first person's word that stands for this notice. One whose text changed since it was read needs a new one."""
    return words_of([notice]).get(notice.pk)


def words_of(notices: list[Notice]) -> dict[uuid.UUID, FirstWord]:
    """The same for many, with one question. As an approval does, a word counts for all of its scope."""
    if not notices:
        return {}
    rows = FirstWord.objects.filter(case_id__in={one.case_id for one in notices}, taken_back_at=None)
    by_scope = {
        (row.case_id, row.party_key, row.notice_type, row.template, row.exposure): row
        for row in rows.select_related("by")
    }
    found = {}
    for one in notices:
        row = by_scope.get(tuple(scope.of(one).values()))
        if row is not None and (row.notice_id != one.pk or row.shown == shown(one)):
            found[one.pk] = row
    return found


def anything_from(user: uuid.UUID, cases: Collection[uuid.UUID]) -> bool:
    """Whether the rule stands and this person gave a first word in any of these cases."""
    ruled = FourEyes.objects.filter(ended_at=None)
    return FirstWord.objects.filter(Exists(ruled), by_id=user, case_id__in=cases, taken_back_at=None).exists()


def needs_second(notice: Notice, user: User, now: datetime) -> bool:
    """Take this person's word on a first notice. True: another person has to say so too, and nothing goes yet. The
    caller holds the notice's lock."""
    if standing() is None or not first(notice):
        return False
    word = word_of(notice)
    if word is not None:
        return word.by_id == user.pk
    # Of a text that changed since, the old word counts for nothing.
    FirstWord.objects.filter(**scope.of(notice), taken_back_at=None).update(taken_back_at=now)
    row = FirstWord.objects.create(
        organisation_id=notice.organisation_id, **scope.of(notice), notice=notice, shown=shown(notice), by=user, at=now
    )
    events.record(notice.case, "notice.first_word", f"caseworker:{user.pk}", subject=notice.pk, now=now)
    audit.record(notice.organisation_id, f"user:{user.pk}", "notice.first_word", str(row.pk), now)
    return True


def take_back(notice: Notice, user: User, now: datetime) -> bool:
    """One's own first word, while nobody has said the second."""
    return bool(FirstWord.objects.filter(**scope.of(notice), by=user, taken_back_at=None).update(taken_back_at=now))
