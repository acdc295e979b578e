"""Enrolment: fingerprints of the subject's own pictures. Pictures themselves never come here."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.cases import active, events
from efface.cases.may import May, may
from efface.cases.models import Age, Case, Fingerprint, FingerprintKind, Purpose
from efface.net.protocol import Decoded, Face
from efface.vision import faces

MIN_QUALITY = 50
"""PDQ's own quality score (0..100) below which its hash says too little (PDQ paper, section on quality)."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it, in words that can be shown. ``face`` says what became of the face template, "" where none was
    asked for; ``problems`` has one line per picture that could not be used."""

    pdq: int = 0
    face: str = ""
    template: bool = False
    problems: list[str] = field(default_factory=list)


class MinorCase(ValueError):
    """No picture of a minor is taken in; on-device hash lists are the way (DESIGN 3.3)."""


_REASONS = {
    "corrupt": gettext_lazy("could not be read; the file may be damaged"),
    "unknown-format": gettext_lazy("is not a picture of a kind we can read (JPEG, PNG, WebP, GIF, AVIF)"),
    "too-many-pixels": gettext_lazy("is too large; a screenshot of it, or a smaller copy, will do"),
    "timeout": gettext_lazy("took too long to read"),
    "memory": gettext_lazy("is too large to read safely"),
    "crashed": gettext_lazy("could not be read safely"),
    "off": gettext_lazy("cannot be read here, because the safe reader is not running"),
}


def enrol_pictures(
    case: Case,
    decoded: Sequence[Decoded],
    labels: Sequence[str],
    age: str,
    actor: str,
    now: datetime,
    *,
    with_face: bool = False,
) -> Enrolled:
    """Keep PDQ fingerprints of these pictures and, where asked for, one face template of them all.

    ``age`` is how old she was in these pictures. Pictures already enrolled are not enrolled twice. Raises ``MinorCase``
    for a minor: nothing of theirs is stored.
    """
    if Age.MINOR in (age, case.age):
        raise MinorCase(_("For pictures of somebody under 18 we keep nothing; the hotline and on-device lists help."))
    known = {
        row.value["sha256"]
        for row in Fingerprint.objects.filter(case=case, kind=FingerprintKind.PDQ, retired_at=None)
        if row.value
    }
    problems, made = [], 0
    for one, label in zip(decoded, labels, strict=True):
        picture = one.picture
        if picture.error:
            problems.append(f"{label}: {_REASONS.get(picture.error, picture.error)}")
            continue
        if picture.pdq_quality < MIN_QUALITY:
            problems.append(_("%(label)s: shows too little detail to be recognised by") % {"label": label})
            continue
        if picture.sha256 in known:
            problems.append(_("%(label)s: is enrolled already") % {"label": label})
            continue
        known.add(picture.sha256)
        _add(
            case,
            FingerprintKind.PDQ,
            {"pdq": picture.pdq, "sha256": picture.sha256, "md5": picture.md5},
            label,
            picture.pdq_quality,
            age,
            actor,
            now,
        )
        made += 1
    words, template = "", False
    if with_face:
        words, template = _enrol_face(case, decoded, age, actor, now)
    return Enrolled(made, words, template, problems)


def face_allowed(case: Case, now: datetime) -> May:
    """Whether a face template may be made and kept: attested, consented, adult, and switched on in the organisation."""
    return may(case, Purpose.FACE_SEARCH, now)


def _enrol_face(case: Case, decoded: Sequence[Decoded], age: str, actor: str, now: datetime) -> tuple[str, bool]:
    allowed = face_allowed(case, now)
    if not allowed:
        return _("No face template was made: %(why)s") % {"why": allowed.reason}, False
    photos = [[_found(face) for face in one.faces] for one in decoded if not one.picture.error]
    try:
        enrolment = faces.enrol(photos)
    except faces.TemplateRefused as refusal:
        return faces.WORDS[refusal.reason].survivor, False
    template = enrolment.template
    Fingerprint.objects.filter(case=case, kind=FingerprintKind.FACE).delete()
    value = {"model": template.model, "vector": template.vector.tolist(), "photos": template.photos}
    words = _("A face template was made from %(n)d photos.") % {"n": template.photos}
    for out in enrolment.left_out:
        words += " " + _("Photo %(n)d was left out: %(why)s") % {
            "n": out.photo + 1, "why": faces.WORDS[out.reason].survivor,
        }  # fmt: skip
    label = _("face from %(n)d photos") % {"n": template.photos}
    _add(case, FingerprintKind.FACE, value, label, 0, age, actor, now)
    return words, True


def _found(face: Face) -> faces.FaceFound:
    return faces.FaceFound(face.box, face.score, face.quality, face.px, face.embedding, face.model)


def _add(
    case: Case, kind: str, value: object, label: str, quality: int, age: str, actor: str, now: datetime
) -> Fingerprint:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind=kind, quality=quality, age=age, created=now)
    row.value, row.label = value, label[:120]
    row.save()
    active.announce(case.pk)
    events.record(case, "fingerprint.added", actor, subject=row.pk, now=now, kind=kind)
    return row


def retire(fingerprint: Fingerprint, actor: str, now: datetime) -> None:
    """Use it no more."""
    mine = Fingerprint.objects.filter(pk=fingerprint.pk, retired_at=None)
    # A template that is not used is not kept.
    ended = mine.delete()[0] if fingerprint.kind == FingerprintKind.FACE else mine.update(retired_at=now)
    if ended:
        active.announce(fingerprint.case_id)
        events.record(fingerprint.case, "fingerprint.retired", actor, subject=fingerprint.pk, now=now)


def count(case_id: uuid.UUID) -> int:
    return Fingerprint.objects.filter(case_id=case_id, retired_at=None).count()
