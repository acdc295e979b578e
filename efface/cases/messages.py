"""Messages between survivor and caseworker, in threads. They are kept sealed and read in the portal and the console
alone: nothing of them is ever sent anywhere."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import events, safety
from efface.cases.models import Case, Message

MAX_MESSAGE = 5000
TOPICS = ("question", "page", "allow", "worry", "other")
"""What a thread is about; the words are the doors'."""


class Unusable(ValueError):
    """What was typed cannot be used; the message says what would do. Nothing typed is lost: the form shows it again."""


def write(
    case: Case,
    *,
    from_survivor: bool,
    author: str,
    text: str,
    now: datetime,
    about: Message | None = None,
    topic: str = "",
) -> Message:
    """``about`` is a message of the thread it belongs to; None begins one, of a worker's it goes on with the latest.
    Raises ``Unusable``."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise Unusable(_("The message is empty."))
    if len(text) > MAX_MESSAGE:
        raise Unusable(
            _("The message is longer than %(n)d characters; please send it in two parts.") % {"n": MAX_MESSAGE}
        )
    message = Message(
        organisation_id=case.organisation_id, case=case, from_survivor=from_survivor, author=author, at=now,
        about=_beginning(case, about, from_survivor), topic=topic if topic in TOPICS else "",
    )  # fmt: skip
    message.text = text
    message.save()
    if from_survivor and safety.heard(case, text):
        # The message stands like any other: one that vanished would be the odd thing. Nobody is asked to answer it: an
        # answer that wonders what it means would give her away.
        Message.objects.filter(pk=message.pk).update(read_at=now)
        safety.signal(case, "message", now)
    events.record(case, "message.written", author, subject=message.pk, now=now)
    return message


def _beginning(case: Case, about: Message | None, from_survivor: bool) -> Message | None:
    if about is not None and about.case_id == case.pk:
        return about.about or about
    if from_survivor:
        return None
    last = Message.objects.filter(case=case).select_related("about").order_by("-at", "-pk").first()
    return (last.about or last) if last is not None else None


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages that belong together, the oldest first. ``unread``: of the other side's, not read by this reader yet;
    ``asked_at``: the last word is hers, and was said then."""

    first: Message
    messages: list[Message]
    unread: int
    asked_at: datetime | None


def threads(case: Case, *, survivor_reads: bool) -> list[Thread]:
    """All threads of a case, the one with the latest word first."""
    by_first: dict[uuid.UUID, list[Message]] = defaultdict(list)
    for row in Message.objects.filter(case=case).order_by("at", "pk"):
        by_first[row.about_id or row.pk].append(row)
    found = [
        Thread(
            rows[0], rows, sum(row.from_survivor != survivor_reads and row.read_at is None for row in rows),
            rows[-1].at if rows[-1].from_survivor else None,
        )
        for rows in by_first.values()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.messages[-1].at, one.messages[-1].pk), reverse=True)
