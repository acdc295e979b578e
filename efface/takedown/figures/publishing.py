"""Reports for everybody: off until a coordinator switches them on; what was published never changes."""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Member
from efface.engine.base import training
from efface.takedown.figures import keeping
from efface.takedown.figures.models import StatisticsReport, StatisticsSwitch

LONGEST = 120
WITHIN = ("workload",)
"""What a published report leaves out: it is about the people who work here."""


class Refused(ValueError):
    """It cannot be published; the message says what to do."""


def is_public(organisation: uuid.UUID) -> bool:
    return StatisticsSwitch.objects.filter(organisation_id=organisation, public=True).exists()


def switch(member: Member, public: bool, now: datetime) -> None:
    """Open the published reports to everybody, or close them. Twice is as once."""
    if is_public(member.organisation_id) == public:
        return
    by = f"{member.role}:{member.user_id}"
    StatisticsSwitch.objects.update_or_create(
        organisation_id=member.organisation_id, defaults={"public": public, "by": by, "at": now}
    )
    audit.record(member.organisation_id, by, f"statistics.{'opened' if public else 'closed'}", "", now)


def publish(member: Member, title: str, day: str, now: datetime) -> StatisticsReport:
    """Publish the figures of ``day`` as they are kept now. Published already, that report is given back. Raises
    ``Refused``."""
    if training.is_training(member.organisation_id):
        raise Refused(_("Training is not counted, and nothing of it is published."))
    title = " ".join(title.split())
    if not title:
        raise Refused(_("Give the report a title, such as the period it is about."))
    if len(title) > LONGEST:
        raise Refused(_("That title is too long: %(most)d characters at most.") % {"most": LONGEST})
    organisation = member.organisation_id
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [(organisation.int >> 5) % (1 << 62)])
        row = keeping.latest(organisation)
        if row is None:
            raise Refused(_("Nothing has been counted yet. Count first, then publish."))
        if day != f"{row.day:%Y-%m-%d}":
            raise Refused(_("Newer figures have been counted since this page was opened. Look at them, then publish."))
        reports = StatisticsReport.objects.filter(organisation_id=organisation)
        figures = {name: copy.deepcopy(part) for name, part in row.figures.items() if name not in WITHIN}
        digest = digest_of(figures)
        same = reports.filter(digest=digest, title=title).first()
        if same is not None:
            return same
        last = reports.order_by("-number").values_list("number", flat=True).first() or 0
        by = f"{member.role}:{member.user_id}"
        made = StatisticsReport.objects.create(
            organisation_id=organisation, number=last + 1, title=title, day=row.day, figures=figures, digest=digest,
            published_by=by, published_at=now,
        )  # fmt: skip
        audit.record(organisation, by, "statistics.published", str(made.pk), now)
    return made


def digest_of(figures: Any) -> str:
    """SHA-256 of the figures, keys in order, without spaces: anyone can make it again from the JSON file."""
    return hashlib.sha256(
        json.dumps(figures, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()
