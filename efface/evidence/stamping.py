"""The timestamp of a capture: asked for at once, and again by deadline for as long as the authority is away.

The capture stands without it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from efface.cases import events
from efface.engine.base import clock, deadlines, objects, settings, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.evidence import clock_source, custody
from efface.evidence import stamp as authority
from efface.evidence.models import Capture

PAUSE = timedelta(hours=6)


def request(capture: Capture) -> None:
    """Ask for the timestamp of a new capture, where an authority is set."""
    if settings.get("tsa_url"):
        stamp.defer(organisation=capture.organisation_id, once=f"stamp:{capture.pk}", capture=capture.pk)


@job("evidence")
def stamp(organisation: uuid.UUID, capture: uuid.UUID) -> None:
    url, certificate = settings.get("tsa_url"), settings.get("tsa_certificate")
    with tenancy.organisation(organisation):
        row = Capture.objects.filter(pk=capture, token=None).first()
        data = objects.get(row.case_id, row.warc) if row else b""
    if row is None or not url:
        return
    asked = clock.wall()
    try:
        stamped = authority.ask(url, data, certificate)
    except authority.StampError as error:
        with tenancy.organisation(organisation):
            Capture.objects.filter(pk=capture, token=None).update(stamp_error=str(error)[:200])
            deadlines.set_deadline(
                "capture.stamp", capture, clock.align(clock.now() + PAUSE), organisation=organisation, case=row.case_id
            )
        return
    answered = clock.wall()
    with tenancy.organisation(organisation):
        name = objects.put(row.case_id, stamped.token)
        row = Capture.objects.select_for_update().get(pk=capture)
        if row.token is not None:
            objects.remove(name)
            return
        row.token, row.stamped_at, row.stamp_error = name, stamped.at, ""
        row.clock = {**(row.clock or {}), "stamp": clock_source.at_stamp(asked, answered, stamped.at)}
        row.save(update_fields=["token", "stamped_at", "stamp_error", "clock"])
        deadlines.cancel(key=f"capture.stamp:{capture}")
        custody.of_capture(row, "engine", "stamped", clock.now())
        events.record(row.case, "capture.stamped", "engine", subject=row.finding_id)


@deadlines.handler("capture.stamp")
def _due(deadline: Deadline, now: datetime) -> None:
    row = Capture.objects.filter(pk=deadline.subject, token=None).first()
    if row is not None:
        request(row)
