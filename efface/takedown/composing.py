"""A notice as a mail: from its rows to the task the e-mail channel builds a message of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from efface.accounts.models import Organisation
from efface.engine.base import addresses, outbox
from efface.takedown.channels import registry
from efface.takedown.channels.contract import Task
from efface.takedown.models import Notice


def key(notice: Notice) -> str:
    """The outbox key of a notice: one notice is one message."""
    return f"notice:{notice.pk}"


def compose(
    notice: Notice, organisation: Organisation, now: datetime, reports: Sequence[tuple[str, Any]] | None = None
) -> bytes:  # fmt: skip
    """The complete message, ASCII throughout. ``reports``: (reference, XARF document) of each notice that leaves in it;
    None: its own. Raises ``email.guard.ImageryRefused``."""
    first = earlier(notice)
    own: Any = notice.xarf
    if reports is None:
        reports = [(notice.reference, own)] if own else []
    task = Task(
        notice_type=notice.notice_type, role=notice.route.role, name=notice.route.party_name, contact=notice.contact,
        language=notice.language, reference=notice.reference, subject=str(notice.subject_line), text=str(notice.text),
        organisation=organisation.name, signatory=organisation.signatory, reply_to=addresses.reply(notice.pk),
        written=now,
        more={
            "from": desk(), "message_id": outbox.message_id(key(notice)), "step": notice.step, "xarf": tuple(reports),
            "in_reply_to": outbox.message_id(key(first.together or first)) if first is not None else "",
        },
    )  # fmt: skip
    return registry.channel("email").prepare(task).payload


def earlier(notice: Notice) -> Notice | None:
    """The notice a reminder reminds of."""
    if notice.step == 1:
        return None
    return Notice.objects.filter(route_id=notice.route_id, step=1, contact=notice.contact, channel="email").first()


def desk() -> str:
    """The organisation's removal desk as it stands in From."""
    return f"removals@{addresses.domain()}"
