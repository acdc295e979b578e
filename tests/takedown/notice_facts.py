"""A complete set of facts; tests take things away from it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from efface.takedown.notice import Earlier, Location, NoticeFacts, Organisation

COMPLETE = NoticeFacts(
    reference="EF-2F7K",
    organisation=Organisation("Example Helpline", "n-2f7k@reply.helpline.example", "helpline.example"),
    recipient="Example Hosting",
    recipient_role="host",
    locations=(
        Location("page", "https://pictures.example/v/1044", "203.0.113.80"),
        Location("media", "https://img.pictures.example/full/1044.jpg", "203.0.113.81"),
        Location("thumbnail", "https://img.pictures.example/small/1044.jpg", "203.0.113.81"),
    ),
    prepared=datetime(2026, 11, 21, 10, 30, tzinfo=UTC),
    seen=datetime(2026, 11, 21, 9, 5, tzinfo=UTC),
    authorised=True,
    not_consensual=True,
    believed=True,
    adult=True,
    nature="authentic",
    domain="pictures.example",
    offences=("§ 201a StGB",),
    residence="DE",
    paid=False,
    earlier_notices=(Earlier("host", "Example Hosting", datetime(2026, 11, 14, 8, 0, tzinfo=UTC)),),
)


def facts(**changes: Any) -> NoticeFacts:
    return replace(COMPLETE, **changes)


RETURNED = facts(earlier_removal=date(2026, 10, 30), nature="fully_synthetic", recipient_role="cdn")
