"""Taking in what she kept: chat exports, mails, screenshots. Read in the sandbox; of pictures digests alone are kept,
text is sealed with her case's key."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.cases import events, uploading
from efface.cases.models import Age, Case
from efface.evidence import custody
from efface.evidence.extortion import deciding
from efface.evidence.extortion.finding import Said
from efface.evidence.models import Fact, Kept
from efface.net.kept.model import MOST_BYTES, KeptFile, KeptMessage

MOST_FILES = 20
MOST_TOTAL = 58_000_000
PROBLEMS = {
    "unknown-format": gettext_lazy("not a kind of file that is read here; its digest is kept"),
    "corrupt": gettext_lazy("damaged, or not what its name says"),
    "too-large": gettext_lazy("too large"),
    "encrypted": gettext_lazy("locked with a password: unpack it with her and choose the files inside"),
    "empty": gettext_lazy("empty"),
    "left-out": gettext_lazy("not looked at: nothing says that the person in it was 18 or older; its digest is kept"),
    "timeout": gettext_lazy("took too long to read"),
    "crashed": gettext_lazy("could not be read"),
    "memory": gettext_lazy("too large to read"),
    "too-many-pixels": gettext_lazy("too large to read"),
    "off": gettext_lazy("the safe reader is not running: ask the operator to look at `efface doctor`"),
}


def problem_words(word: str) -> str:
    return str(PROBLEMS.get(word, word)) if word else ""


class KeepingRefused(ValueError):
    """It is not taken in; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file. ``inside``: (name, kind, messages, problem) of each member of an archive; ``again``:
    it was here already, and nothing was added."""

    name: str
    kind: str = ""
    app: str = ""
    messages: int = 0
    problem: str = ""
    again: bool = False
    cut: bool = False
    suggestions: int = 0
    inside: list[tuple[str, str, int, str]] = field(default_factory=list)


def objection(files: Sequence[Any], length: int) -> str:
    """Why these uploads cannot be taken, in words; "" where they can."""
    if length > MOST_TOTAL:
        return _("Together these files are too large. Please choose fewer at a time.")
    if not files:
        return _("No file was chosen.")
    if len(files) > MOST_FILES:
        return _("Please choose at most %(n)d files at a time.") % {"n": MOST_FILES}
    if any(one.size > MOST_BYTES for one in files):
        return _("One of the files is larger than %(n)d megabytes.") % {"n": MOST_BYTES // 1_000_000}
    return ""


def take_in(case: Case, name: str, data: bytes, *, agreed: bool, actor: str, now: datetime) -> Outcome:
    """One file. ``agreed``: she said that it may be kept. Raises ``KeepingRefused``."""
    if not agreed:
        raise KeepingRefused(_("Ask her first: nothing is taken in before she agrees."))
    if case.state not in (Case.State.OPEN, Case.State.PAUSED):
        raise KeepingRefused(_("The case is not open."))
    shown = uploading.label(name, 1)
    known = Kept.objects.filter(case=case, within=None, sha256=hashlib.sha256(data).hexdigest()).first()
    if known is not None:
        return Outcome(shown, known.kind, known.app, known.said_count, known.problem, again=True)
    found = uploading.read_kept(shown, data, look=case.age == Age.ADULT)
    if found[0].error in ("off", "crashed", "timeout"):
        return Outcome(shown, problem=found[0].error)
    try:
        with transaction.atomic():
            return _save(case, found, actor, now)
    except IntegrityError:  # the same file was sent twice at the same moment
        return Outcome(shown, found[0].kind, found[0].app, again=True)


def _save(case: Case, found: list[KeptFile], actor: str, now: datetime) -> Outcome:
    first = _row(case, found[0], None, actor, now)
    custody.note(
        case.pk, case.organisation_id, actor, "handed-in", now, about="kept", subject=first.pk, sha256=first.sha256
    )
    rows = [(first, found[0]), *((_row(case, one, first, actor, now), one) for one in found[1:])]
    suggested = sum(deciding.suggest(case, row, _said(one.messages), now) for row, one in rows if one.messages)
    events.record(case, "kept.taken_in", actor, subject=first.pk, now=now, files=len(rows), suggested=suggested)
    return Outcome(
        found[0].name, found[0].kind, found[0].app, len(found[0].messages), found[0].error, False,
        any(one.cut for one in found), suggested,
        [(one.name, one.kind, len(one.messages), one.error) for one in found[1:]],
    )  # fmt: skip


def _row(case: Case, one: KeptFile, within: Kept | None, actor: str, now: datetime) -> Kept:
    said = {"messages": [asdict(message) for message in one.messages], "headers": one.headers}
    return Kept.objects.create(
        organisation_id=case.organisation_id, case=case, within=within, name=one.name, kind=one.kind, app=one.app,
        size=one.size, sha256=one.sha256, md5=one.md5, pdq=one.pdq, problem=one.error, cut=one.cut,
        said=said if one.messages or one.headers else None, said_count=len(one.messages), at=now, by=actor,
    )  # fmt: skip


def _said(messages: Sequence[KeptMessage]) -> list[Said]:
    return [Said(one.text, one.by, one.at) for one in messages]


def messages_of(kept: Kept) -> list[KeptMessage]:
    said = kept.said if isinstance(kept.said, dict) else {}
    return [KeptMessage(**one) for one in said.get("messages", ())]


def drop(case: Case, kept_id: uuid.UUID, actor: str, now: datetime) -> bool:
    """Delete a file that was handed in, its members, and what was only suggested from them. What a person confirmed
    stays. False where it is not there."""
    row = Kept.objects.filter(case=case, pk=kept_id, within=None).first()
    if row is None:
        return False
    custody.note(case.pk, case.organisation_id, actor, "deleted", now, about="kept", subject=row.pk, sha256=row.sha256)
    for one in [*row.members.all(), row]:
        Fact.objects.filter(source=one, state=Fact.State.SUGGESTED).delete()
        one.delete()
    events.record(case, "kept.deleted", actor, subject=kept_id, now=now)
    return True
