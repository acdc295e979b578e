"""Danger: what she says of it puts her case first in the console, and shows her at once whom she can call.

The words are searched in what she writes of her own accord. Rather one help too many: being shown a helpline harms
nobody, and no word here has any other effect than that a person looks.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from efface.cases import events
from efface.cases.alarm_words import WORDS
from efface.cases.models import Case, CaseEvent, Message


def _plain(text: str) -> str:
    """Small letters without accents, one blank between words; apostrophes of every kind gone."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in spread if not unicodedata.combining(one) and one not in "'’`´")
    return " ".join(bare.split())


_HEARD = {
    kind: re.compile("|".join(rf"(?<!\w){re.escape(_plain(one))}" for one in sorted(words)))
    for kind, words in WORDS.items()
}


def heard(text: str) -> set[str]:
    """Kinds ("danger", "self_harm") whose words stand in a text."""
    plain = _plain(text)
    return {kind for kind, pattern in _HEARD.items() if pattern.search(plain)}


def raise_for(case: Case, actor: str, now: datetime) -> None:
    """She is in danger: her case comes first until a worker says otherwise. Twice is as once."""
    if Case.objects.filter(pk=case.pk, danger=True).exclude(alarm_at=None).exists():
        return
    case.danger, case.alarm_at = True, now
    Case.objects.filter(pk=case.pk).update(danger=True, alarm_at=now)
    events.record(case, "case.alarm", actor, now=now)


def wait(case: Case, now: datetime) -> None:
    """No danger, but a worker is to see this case before others."""
    if Case.objects.filter(pk=case.pk, alarm_at=None).update(alarm_at=now):
        case.alarm_at = now


@events.on("message.written")
def _listen(event: CaseEvent) -> None:
    """What she writes to her worker is looked through too."""
    message = Message.objects.filter(pk=event.subject, from_survivor=True).first() if event.subject else None
    if message is not None and heard(str(message.text or "")):
        raise_for(event.case, event.actor, event.at)


def seen(case: Case, actor: str, now: datetime, *, danger: bool) -> None:
    """A worker looked: whether the danger stands. Her own "I am safe" never ends it, since somebody else may hold her
    phone."""
    case.danger, case.alarm_at = danger, None
    Case.objects.filter(pk=case.pk).update(danger=danger, alarm_at=None)
    events.record(case, "case.alarm_seen", actor, now=now, danger=danger)
