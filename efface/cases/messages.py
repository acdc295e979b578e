"""Messages between survivor and caseworker."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import events, safety
from efface.cases.models import Case, Message

MAX_MESSAGE = 5000


class Unusable(ValueError):
    """What was typed cannot be used; the message says what would do. Nothing typed is lost: the form shows it again."""


def write(case: Case, *, from_survivor: bool, author: str, text: str, now: datetime) -> Message:
    text = text.strip()
    if not text:
        raise Unusable(_("The message is empty."))
    if len(text) > MAX_MESSAGE:
        raise Unusable(
            _("The message is longer than %(n)d characters; please send it in two parts.") % {"n": MAX_MESSAGE}
        )
    message = Message(
        organisation_id=case.organisation_id, case=case, from_survivor=from_survivor, author=author, at=now
    )
    message.text = text
    message.save()
    if from_survivor and safety.heard(case, text):
        # The message stands like any other: one that vanished would be the odd thing. Nobody is asked to answer it: an
        # answer that wonders what it means would give her away.
        Message.objects.filter(pk=message.pk).update(read_at=now)
        safety.signal(case, "message", now)
    events.record(case, "message.written", author, subject=message.pk, now=now)
    return message
