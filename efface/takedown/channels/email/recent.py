"""What is known of mail to a recipient, from the rows: how much left to it, what its server said of us lately."""

from __future__ import annotations

import logging
import re
from datetime import datetime

from efface.engine.base import outbox, settings
from efface.engine.base.models import Deadline, Outbox
from efface.takedown.channels.email import pace, refusals, zones
from efface.takedown.models import Notice

log = logging.getLogger(__name__)
MOST_LOOKED_AT = 200
_ANSWER = re.compile(r"([2-5]\d\d)\b\s*(.*)", re.DOTALL)


def wait(notice: Notice, row: Outbox, now: datetime) -> pace.Wait | None:
    """Until when this notice's mail waits; None where it may leave now."""
    route, finding = notice.route, notice.finding
    urgent = pace.urgent(
        danger=notice.case.danger, step=notice.step, episode=route.episode, clock_hours=route.clock_hours,
        fresh=now - finding.confirmed_at <= pace.FRESH,
    )  # fmt: skip
    try:
        quiet = pace.quiet_hours(settings.get("quiet_hours"))
    except pace.QuietHoursError as error:
        # Doctor shows it too. A setting that cannot be read keeps no notice back.
        log.error("%s", error)
        quiet = None
    return pace.wait(now, recent(notice.contact, row, now), zones=zones.of(route.country), quiet=quiet, urgent=urgent)


def recent(contact: str, row: Outbox, now: datetime) -> pace.Recent:
    host = "@" + contact.rpartition("@")[2].strip().lower()
    sent = Notice.objects.filter(contact=contact, channel="email", sent_at__gt=now - pace.DAY, sent_at__lte=now)
    # Several notices in one mail are one mail.
    sent = sent.filter(together=None)
    return pace.Recent(
        tuple(at for at in sent.values_list("sent_at", flat=True)[: pace.MOST_A_DAY * 2] if at is not None),
        _slower(host, row, now), _shut(host, now),
    )  # fmt: skip


def _slower(host: str, row: Outbox, now: datetime) -> datetime | None:
    """When the next try of another mail to the same server is due, where that one was told to come slower."""
    waiting = Outbox.objects.filter(state=Outbox.State.READY, kind=row.kind, answer__startswith="4").exclude(pk=row.pk)
    told = {
        one.subject: one.pk for one in waiting.only("pk", "subject", "answer")[:MOST_LOOKED_AT] if _says(one) == "rate"
    }
    if not told:
        return None
    there = Notice.objects.filter(pk__in=list(told), contact__iendswith=host).values_list("pk", flat=True)
    keys = [outbox._retry_key(told[pk]) for pk in there]
    dues = Deadline.objects.filter(key__in=keys, state=Deadline.State.WAITING, due__gt=now)
    return dues.order_by("-due").values_list("due", flat=True).first()


def _shut(host: str, now: datetime) -> datetime | None:
    """When the server last said, in the last day, that it takes no mail from us."""
    failed = Notice.objects.filter(state=Notice.State.FAILED, channel="email", contact__iendswith=host)
    keys = [f"notice:{pk}" for pk in failed.values_list("pk", flat=True)[:MOST_LOOKED_AT]]
    rows = Outbox.objects.filter(key__in=keys, sending_at__gt=now - pace.SENDER_PAUSE)
    return max((one.sending_at for one in rows if one.sending_at and _says(one) == "sender"), default=None)


def _says(row: Outbox) -> str:
    found = _ANSWER.match(row.answer)
    return refusals.read(int(found.group(1)), found.group(2)) if found else ""
