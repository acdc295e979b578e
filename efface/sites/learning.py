"""How desks answered, counted with its doubt: a share is shown with how many it stands on and between which bounds it
may lie, never alone.

Fed by ``takedown`` as things happen; read by the console and by whoever orders desks. A provider is the registered
domain of an address, whoever it acts for, so that what one mirror's desk did is known for all.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q

from efface.engine.base import training
from efface.sites import registry
from efface.sites.models import Asked
from efface.whereabouts.beta import wilson as interval

WEEK, MONTH = 7, 30
ENOUGH = 5
"""Fewer than these say nothing of their own: the next wider group is shown beside."""


@dataclass(frozen=True, slots=True)
class Share:
    """``k`` of ``n``, and the 95 % interval of the share behind them."""

    k: int
    n: int

    @property
    def low(self) -> float:
        return interval(self.k, self.n)[0]

    @property
    def high(self) -> float:
        return interval(self.k, self.n)[1]


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of a group of desks. ``delivered`` is out of all that was sent; ``acknowledged`` and ``replied``
    out of what was delivered; ``week`` and ``month`` (gone within 7, 30 days) out of what was sent so long ago."""

    delivered: Share
    acknowledged: Share
    replied: Share
    week: Share
    month: Share

    @property
    def sent(self) -> int:
        return self.delivered.n


NOTHING = Learned(*[Share(0, 0)] * 5)


def provider(channel: str, value: str) -> str:
    """Who runs the desk behind a contact: the registered domain of a mail address or form, else the host name."""
    host = value.rpartition("@")[2] if channel == "email" else value.partition("://")[2].split("/")[0].split(":")[0]
    return (registry.registered_domain(host) or host.strip().lower())[:120]


def mark(notice: uuid.UUID) -> str:
    """The name under which a notice is counted; what it belonged to cannot be told from it."""
    return hashlib.sha256(b"efface/asked/" + notice.bytes).hexdigest()[:32]


def sent(
    notice: uuid.UUID, channel: str, value: str, role: str, notice_type: str, language: str, now: datetime,
    *, site: str = "", host: str = "",
) -> None:  # fmt: skip
    """A desk was asked, about something on ``site`` that stands with ``host`` (a party key). Again for the same notice:
    no effect. Nothing is learned from training."""
    if training.here():
        return
    Asked.objects.get_or_create(
        mark=mark(notice),
        defaults={"provider": provider(channel, value), "role": role, "channel": channel[:8],
                  "notice_type": notice_type[:40], "language": language[:8], "sent_on": now.date(),
                  "site": site[:253], "host": host[:200]},
    )  # fmt: skip


def bounced(notice: uuid.UUID) -> None:
    Asked.objects.filter(mark=mark(notice)).update(delivered=False)


def acknowledged(notice: uuid.UUID) -> None:
    Asked.objects.filter(mark=mark(notice)).update(acknowledged=True, delivered=True)


def replied(notice: uuid.UUID) -> None:
    Asked.objects.filter(mark=mark(notice)).update(replied=True, delivered=True)


def removed(notice: uuid.UUID, hours: float) -> None:
    """It was gone so many hours after this desk was asked. The first word stands: a return is asked about anew."""
    days = max(0.0, round(hours / 24, 2))
    Asked.objects.filter(mark=mark(notice), removed_days=None).update(removed_days=days)


def ended(notice: uuid.UUID, hours: float) -> None:
    """So many hours after this desk was asked nobody looked any more, or it went for another reason: until then it
    stood, and more is not known."""
    days = max(0.0, round(hours / 24, 2))
    Asked.objects.filter(mark=mark(notice), removed_days=None, ended_days=None).update(ended_days=days)


def month_ago(now: datetime) -> date:
    """What was sent on this day or before had time enough to be judged by ``month``."""
    return (now - timedelta(days=MONTH)).date()


def _counts(now: datetime) -> dict[str, Any]:
    old = {days: Q(sent_on__lte=(now - timedelta(days=days)).date()) for days in (WEEK, MONTH)}
    return {
        "sent": Count("pk"), "arrived": Count("pk", filter=Q(delivered=True)),
        "acked": Count("pk", filter=Q(delivered=True) & (Q(acknowledged=True) | Q(replied=True))),
        "answered": Count("pk", filter=Q(delivered=True, replied=True)),
        "weeks": Count("pk", filter=old[WEEK]), "week": Count("pk", filter=old[WEEK] & Q(removed_days__lte=WEEK)),
        "months": Count("pk", filter=old[MONTH]),
        "month": Count("pk", filter=old[MONTH] & Q(removed_days__lte=MONTH)),
    }  # fmt: skip


def _learned(row: dict[str, Any]) -> Learned:
    return Learned(
        Share(row["arrived"], row["sent"]), Share(row["acked"], row["arrived"]),
        Share(row["answered"], row["arrived"]), Share(row["week"], row["weeks"]), Share(row["month"], row["months"]),
    )  # fmt: skip


def of_providers(
    desks: Iterable[tuple[str, str]], now: datetime, *, notice_type: str = "", language: str = ""
) -> dict[tuple[str, str], Learned]:
    """(provider, channel) -> what was learned, with one question; narrowed to a notice type and language where
    given."""
    wanted = set(desks)
    rows = Asked.objects.filter(provider__in={name for name, _channel in wanted})
    if notice_type:
        rows = rows.filter(notice_type=notice_type)
    if language:
        rows = rows.filter(language=language)
    found = rows.values(name=F("provider"), way=F("channel")).annotate(**_counts(now)).order_by()
    learned = {(row["name"], row["way"]): _learned(dict(row)) for row in found}
    return {key: learned[key] for key in wanted if key in learned}


def broken_down(name: str, now: datetime) -> list[tuple[str, str, str, Learned]]:
    """A provider by channel, notice type and language, the most asked first."""
    rows = Asked.objects.filter(provider=name).values("channel", "notice_type", "language").annotate(**_counts(now))
    found = [(row["channel"], row["notice_type"], row["language"], _learned(dict(row))) for row in rows]
    return sorted(found, key=lambda one: (-one[3].sent, one[:3]))


def best(name: str, channel: str, notice_type: str, language: str, role: str, now: datetime) -> tuple[Learned, str]:
    """The narrowest group that was asked often enough (``ENOUGH``), and its name: "exact", "notice", "provider",
    "role"; NOTHING and "" where no group was."""
    of_one = Asked.objects.filter(provider=name)
    groups = (
        ("exact", of_one.filter(channel=channel, notice_type=notice_type, language=language)),
        ("notice", of_one.filter(notice_type=notice_type)),
        ("provider", of_one),
        ("role", Asked.objects.filter(role=role, notice_type=notice_type)),
    )
    for word, rows in groups:
        learned = _learned(rows.aggregate(**_counts(now)))
        if learned.sent >= ENOUGH:
            return learned, word
    return NOTHING, ""
