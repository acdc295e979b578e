"""What came back, for each notice it is about: an answer to one mail about several findings stands at each of them,
and where it names single addresses, at theirs alone. Reads only."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from efface.cases.models import Case
from efface.console.words import reply_kinds
from efface.takedown import inbox, together
from efface.takedown.models import Inbound, Notice


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer and the notices it is about. ``all_of_it``: of the whole mail, which named ``named`` findings."""

    row: Inbound
    about: tuple[Notice, ...]
    named: int

    @property
    def shared(self) -> bool:
        return self.named > 1

    @property
    def all_of_it(self) -> bool:
        return len(self.about) == self.named


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it stands beside a notice. ``mail``: the reference of the mail where that was another notice's."""

    at: datetime
    kind: str
    because: str
    waits: uuid.UUID | None
    mail: str = ""


def mails(case: Case) -> dict[uuid.UUID, list[Notice]]:
    """The notices of each mail of a case, by the id of the one whose mail it is, which stands first."""
    return _mails(Notice.objects.filter(case=case, together__isnull=False))


def _mails(members: QuerySet[Notice]) -> dict[uuid.UUID, list[Notice]]:
    found: dict[uuid.UUID, list[Notice]] = {}
    rows = members.select_related("finding__site", "together")
    for one in rows.order_by("drafted_at", "pk"):
        assert one.together is not None
        found.setdefault(one.together.pk, [one.together]).append(one)
    return found


def heard(case: Case) -> list[Heard]:
    """Every answer of a case, in the order of time."""
    groups = mails(case)
    rows = Inbound.objects.filter(case_id=case.pk).select_related("notice__finding__site").order_by("at")
    return [_heard(row, groups.get(row.notice_id, [row.notice])) for row in rows]


def of_many(rows: Collection[Inbound]) -> dict[uuid.UUID, Heard]:
    """Answers that wait for a person, by their ids."""
    groups = _mails(Notice.objects.filter(together__in={row.notice_id for row in rows})) if rows else {}
    return {row.pk: _heard(row, groups.get(row.notice_id, [row.notice])) for row in rows}


def _heard(row: Inbound, everybody: list[Notice]) -> Heard:
    return Heard(row, tuple(together.about(everybody, inbox.asked_of(row))), len(everybody))


def by_notice(found: Iterable[Heard]) -> dict[uuid.UUID, list[Answer]]:
    """The answers that stand at each notice."""
    kinds = reply_kinds()
    told: dict[uuid.UUID, list[Answer]] = defaultdict(list)
    for one in found:
        row = one.row
        waits = row.pk if row.kind and row.handled_at is None else None
        for notice in one.about:
            mail = row.notice.reference if notice.pk != row.notice_id else ""
            told[notice.pk].append(Answer(row.at, kinds.get(row.kind, ""), str(row.because or ""), waits, mail))
    return told
