"""Enrolment: fingerprints of the subject's own pictures and videos, and of names she goes by. Pictures themselves never
come here."""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from efface.cases import active, events, guarding
from efface.cases.consents import KEPT_WITH_CONSENT
from efface.cases.may import May, may
from efface.cases.models import Age, Case, CaseKind, Fingerprint, FingerprintKind, Purpose
from efface.net.protocol import Decoded, Face, Picture, Want
from efface.vision import faces
from efface.vision.faces.template import MIN_PHOTOS
from efface.vision.video import WORDS as VIDEO_WORDS
from efface.vision.video import VideoPrint
from efface.vision.video.index import enrolled_rows

MIN_QUALITY = 50
"""PDQ's own quality score (0..100) below which its hash says too little (PDQ paper, section on quality)."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it, in words that can be shown. ``pdq`` counts pictures, ``videos`` videos, ``local`` pictures that
    are recognised when they were changed; ``face`` says what became of the face template, "" where none was asked for;
    ``problems`` has one line per picture that could not be used, ``notes`` lines about those that could."""

    pdq: int = 0
    videos: int = 0
    local: int = 0
    face: str = ""
    template: bool = False
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class MinorCase(ValueError):
    """No picture of a minor is taken in; on-device hash lists are the way (DESIGN 3.3)."""


_REASONS = {
    "corrupt": gettext_lazy("could not be read; the file may be damaged"),
    "unknown-format": gettext_lazy("is not a picture or video of a kind we can read"),
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
    few: bool = False,
) -> Enrolled:
    """Keep fingerprints of these pictures and videos and, where asked for, one face template of them all. ``few``: she
    has fewer than three photos of her face; the template is made of those.

    ``age`` is how old she was in these pictures. Pictures already enrolled are not enrolled twice, and keep the age
    that was said first; where only now more than a hash may be kept of one, that is added. Raises ``MinorCase`` for a
    minor: nothing of theirs is stored.
    """
    if Age.MINOR in (age, case.age):
        raise MinorCase(_("For pictures of somebody under 18 we keep nothing; the hotline and on-device lists help."))
    if case.kind == CaseKind.BLOCK:
        _one_at_a_time(case)
        # Nothing of the photos is kept here but the face by which nobody is looked for.
        words, template = _enrol_face(case, decoded, age, actor, now, few)
        return Enrolled(face=words, template=template, problems=_unreadable(decoded, labels))
    _one_at_a_time(case)
    known = _files(case)
    changed_too = bool(copies_allowed(case, now))
    enrolled = Enrolled()
    for one, label in zip(decoded, labels, strict=True):
        file = known.get(one.picture.sha256)
        if changed_too and file is not None and _can_gain(file, one):
            enrolled = _mark(case, one, label, file[FingerprintKind.PDQ], actor, now, enrolled, file)
            continue
        refusal = _refusal(one.picture, known)
        if refusal:
            enrolled.problems.append(f"{label}: {refusal}")
            continue
        known[one.picture.sha256] = {}
        enrolled = _enrol_one(case, one, label, age, actor, now, enrolled, changed_too)
    words, template = "", False
    if with_face:
        words, template = _enrol_face(case, decoded, age, actor, now, few)
    return replace(enrolled, face=words, template=template)


def _one_at_a_time(case: Case) -> None:
    """Until this transaction ends nobody else enrols in this case: of the same file in two tabs, or sent twice, the
    second comes upon the first and is told that it is enrolled already."""
    Case.objects.select_for_update(no_key=True).only("pk").get(pk=case.pk)


def _unreadable(decoded: Sequence[Decoded], labels: Sequence[str]) -> list[str]:
    pairs = zip(decoded, labels, strict=True)
    return [f"{label}: {_why_unread(one.picture.error)}" for one, label in pairs if one.picture.error]


WHOLE = (FingerprintKind.PDQ, FingerprintKind.VIDEO)
"""Kinds that stand for a whole file: one of them for each file that was enrolled."""


def _files(case: Case) -> dict[str, dict[str, str]]:
    """By the SHA-256 of each enrolled file: the kinds of fingerprints in use of it, with the age that was said."""
    files: dict[str, dict[str, str]] = {}
    kinds = (*WHOLE, FingerprintKind.LOCAL, FingerprintKind.COPY)
    for row in Fingerprint.objects.filter(case=case, kind__in=kinds, retired_at=None).order_by("created"):
        if row.value:
            files.setdefault(row.value["sha256"], {})[row.kind] = row.age
    return files


def _lacks_marks(file: dict[str, str]) -> bool:
    """Whether this is a still picture that is not recognised when it was changed."""
    return FingerprintKind.PDQ in file and FingerprintKind.LOCAL not in file


def _can_gain(file: dict[str, str], one: Decoded) -> bool:
    """Whether more may be kept of a still picture that is enrolled already."""
    without_vector = one.vectors and FingerprintKind.PDQ in file and FingerprintKind.COPY not in file
    return not one.picture.error and (_lacks_marks(file) or bool(without_vector))


def choose_again(case: Case, now: datetime, allowed: May | None = None) -> bool:
    """Whether pictures were enrolled before changed copies of them might be looked for, which may be looked for now: as
    no picture is kept, she has to choose them once more. True as well where one of them shows too little for it.
    ``allowed`` is ``copies_allowed``, where it was asked already."""
    allowed = copies_allowed(case, now) if allowed is None else allowed
    return bool(allowed) and any(_lacks_marks(file) for file in _files(case).values())


def _refusal(picture: Picture, known: Container[str]) -> str:
    """Why this file cannot be enrolled; "" where it can."""
    if picture.error:
        return _why_unread(picture.error)
    if picture.sha256 in known:
        return _("is enrolled already")
    moving = _moves(picture)
    still = not _is_video(picture) and picture.pdq_quality >= MIN_QUALITY
    return "" if moving or still else _("shows too little detail to be recognised by")


def _why_unread(error: str) -> str:
    """A reason of ``Picture.error`` in words."""
    if error in _REASONS:
        return str(_REASONS[error])
    said = next((words for reason, words in VIDEO_WORDS.items() if reason == error), "")
    return _(said) if said else _("could not be read (%(why)s)") % {"why": error}


def _is_video(picture: Picture) -> bool:
    """No animation and no sheet of thumbnails: those are still pictures too, by which they can be recognised alone."""
    return picture.mime.startswith("video/")


def _moves(picture: Picture) -> bool:
    """Whether there are frames it can be recognised by: of a black or even video there are none."""
    if not picture.clip:
        return False
    try:
        clip = VideoPrint.from_bytes(b64decode(picture.clip, validate=True))
    except ValueError:
        return False
    return len(enrolled_rows(clip).words) > 0


def _enrol_one(
    case: Case, one: Decoded, label: str, age: str, actor: str, now: datetime, before: Enrolled, changed_too: bool
) -> Enrolled:
    """One picture or video. ``changed_too``: also what it is recognised by when it was cropped or captioned."""
    picture = one.picture
    file = {"sha256": picture.sha256, "md5": picture.md5}
    if _moves(picture):
        value: dict[str, Any] = {"clip": picture.clip, "seconds": picture.seconds, **file}
        _add(case, FingerprintKind.VIDEO, value, label, picture.pdq_quality, age, actor, now)
        before = replace(before, videos=before.videos + 1)
        # The first frame of an animation stands for it where it was made a still picture.
        if _is_video(picture) or picture.pdq_quality < MIN_QUALITY:
            return before
    _add(case, FingerprintKind.PDQ, {"pdq": picture.pdq, **file}, label, picture.pdq_quality, age, actor, now)
    before = replace(before, pdq=before.pdq + 1)
    return _mark(case, one, label, age, actor, now, before) if changed_too else before


def _mark(
    case: Case, one: Decoded, label: str, age: str, actor: str, now: datetime, before: Enrolled,
    file: dict[str, str] | None = None,
) -> Enrolled:  # fmt: skip
    """What an enrolled picture is recognised by when it was cropped or captioned; a note where there is nothing.
    ``file``: the kinds that are kept of it already, to which those made are added."""
    file = {} if file is None else file
    digests = {"sha256": one.picture.sha256, "md5": one.picture.md5}
    if one.vectors and FingerprintKind.COPY not in file:
        vector = {"model": one.vectors[0].model, "vector": one.vectors[0].values, **digests}
        _add(case, FingerprintKind.COPY, vector, label, one.picture.pdq_quality, age, actor, now)
        file[FingerprintKind.COPY] = age
        if not one.print and FingerprintKind.LOCAL not in file:
            return replace(before, local=before.local + 1)
    if FingerprintKind.LOCAL in file or (not one.print and one.vectors):
        return before
    if not one.print:
        why = _PRINT_REFUSED.get(one.print_refused, _PRINT_REFUSED["few-corners"])
        before.notes.append(_("%(label)s: will be recognised as it is; %(why)s") % {"label": label, "why": why})
        return before
    _add(case, FingerprintKind.LOCAL, {"local": one.print, **digests}, label, one.picture.pdq_quality, age, actor, now)
    file[FingerprintKind.LOCAL] = age
    return replace(before, local=before.local + 1)


def copies_allowed(case: Case, now: datetime) -> May:
    """Whether the local features and copy vectors of her pictures may be made and kept: they say more of a picture than
    a hash."""
    return may(case, Purpose.COPY_MATCH, now)


_PRINT_REFUSED = {
    "blank": gettext_lazy("it is too plain to be recognised when it was cut or written on"),
    "flat": gettext_lazy("it is too smooth to be recognised when it was cut or written on"),
    "few-corners": gettext_lazy("it has too few details to be recognised when it was cut or written on"),
    "small": gettext_lazy("it is too small to be recognised when it was cut or written on"),
    "on-device": gettext_lazy(
        "made on your own device, it does not tell changed copies; let our computer read the picture for that"
    ),
}


def wanted(case: Case, with_face: bool, now: datetime) -> Want:
    """What to read out of her pictures beside hashes: no more than may be kept."""
    face = Want.FACES if with_face and face_allowed(case, now) else Want.PLAIN
    if case.kind == CaseKind.BLOCK:
        return face
    return face | (Want.PRINT | Want.VECTOR if copies_allowed(case, now) else Want.PLAIN)


def face_allowed(case: Case, now: datetime) -> May:
    """Whether a face template may be made and kept: attested, consented, adult, and switched on in the organisation."""
    return may(case, active.purpose_of(FingerprintKind.FACE, case.kind), now)


def _enrol_face(
    case: Case, decoded: Sequence[Decoded], age: str, actor: str, now: datetime, few: bool
) -> tuple[str, bool]:
    allowed = face_allowed(case, now)
    if not allowed:
        return _("No face template was made: %(why)s") % {"why": allowed.reason}, False
    photos = [[_found(face) for face in one.faces] for one in decoded if not one.picture.error]
    try:
        enrolment = faces.enrol(photos, least=1 if few else MIN_PHOTOS)
    except faces.TemplateRefused as refusal:
        return _(faces.WORDS[refusal.reason].survivor), False
    template = enrolment.template
    if case.kind != CaseKind.BLOCK:
        why = guarding.refusal(case, template.model, template.vector.tolist(), now)
        if why:
            return _("No face template was made: %(why)s") % {"why": why}, False
    Fingerprint.objects.filter(case=case, kind=FingerprintKind.FACE).delete()
    value = {"model": template.model, "vector": template.vector.tolist(), "photos": template.photos}
    words = _("A face template was made from %(n)d photos.") % {"n": template.photos}
    for out in enrolment.left_out:
        words += " " + _("Photo %(n)d was left out: %(why)s") % {
            "n": out.photo + 1, "why": _(faces.WORDS[out.reason].survivor),
        }  # fmt: skip
    for advice in enrolment.advice[:1]:
        words += " " + _(faces.ADVICE[advice].survivor)
    label = _("face from %(n)d photos") % {"n": template.photos}
    _add(case, FingerprintKind.FACE, value, label, 0, age, actor, now)
    return words, True


def enrol_face(case: Case, decoded: Sequence[Decoded], age: str, actor: str, now: datetime) -> tuple[str, bool]:
    """One face template of these photos alone; the pictures themselves are enrolled elsewhere. What became of it in
    words, and whether there is one. Raises ``MinorCase``."""
    if Age.MINOR in (age, case.age):
        raise MinorCase(_("For pictures of somebody under 18 we keep nothing; the hotline and on-device lists help."))
    _one_at_a_time(case)
    return _enrol_face(case, decoded, age, actor, now, few=False)


def _found(face: Face) -> faces.FaceFound:
    return faces.FaceFound(
        face.box, face.score, face.quality, face.px, face.embedding, face.model, face.sharp, face.turn
    )  # fmt: skip


def _add(
    case: Case, kind: str, value: object, label: str, quality: int, age: str, actor: str, now: datetime
) -> Fingerprint:
    row = Fingerprint(organisation_id=case.organisation_id, case=case, kind=kind, quality=quality, age=age, created=now)
    row.value, row.label = value, label[:120]
    row.save()
    active.announce(case.pk)
    events.record(case, "fingerprint.added", actor, subject=row.pk, now=now, kind=kind)
    return row


def keep(case: Case, kind: str, value: object, label: str, actor: str, now: datetime) -> Fingerprint:
    """Keep a fingerprint that is of no picture, after its room has asked ``may``. Its age is the case's."""
    return _add(case, kind, value, label, 0, case.age, actor, now)


def retire(fingerprint: Fingerprint, actor: str, now: datetime) -> None:
    """Use it no more, nor what else was made of the same picture."""
    rows = Fingerprint.objects.filter(pk__in=[row.pk for row in of_same_file(fingerprint)], retired_at=None)
    # What says more than a hash is not kept when it is not used.
    ended = rows.filter(kind__in=MORE_THAN_A_HASH).delete()[0]
    ended += rows.exclude(kind__in=MORE_THAN_A_HASH).update(retired_at=now)
    if ended:
        active.announce(fingerprint.case_id)
        events.record(fingerprint.case, "fingerprint.retired", actor, subject=fingerprint.pk, now=now)


MORE_THAN_A_HASH = tuple(kind for kinds in KEPT_WITH_CONSENT.values() for kind in kinds)


def of_same_file(fingerprint: Fingerprint) -> list[Fingerprint]:
    """This fingerprint and the others of the same picture or video."""
    file = (fingerprint.value or {}).get("sha256")
    if not file:
        return [fingerprint]
    rows = Fingerprint.objects.filter(case_id=fingerprint.case_id).exclude(pk=fingerprint.pk)
    return [fingerprint, *(row for row in rows if (row.value or {}).get("sha256") == file)]


def count(case_id: uuid.UUID) -> int:
    return Fingerprint.objects.filter(case_id=case_id, retired_at=None).count()
