"""Fingerprints that her own browser made, without the picture: taken in as hostile input.

What arrives is a bundle (``efface.net.bundle``), as ``efface fingerprint`` writes one, read in the sandboxed decoder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import fingerprints, uploading
from efface.cases.models import Age, Case
from efface.net.bundle import BundleError, Item
from efface.net.protocol import Decoded, Face, Picture

MOST_CHARACTERS = 2_500_000
"""Of one bundle: a video of 1,800 frames is 180 kB, forty faces are 200 kB."""
MOST_FILES = 1
"""Files in one bundle: each is sent when it is done, so that a closed tab loses none before it."""
_UNIT = 1e-2
"""By how much the length of an embedding may differ from one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it, in words: ``refused`` says why nothing was kept, "" where something was. ``template``: whether
    there is a face template."""

    refused: str = ""
    notes: list[str] = field(default_factory=list)
    template: bool = False


def take_files(case: Case, bundle: str, age: str, now: datetime) -> Taken:
    """The fingerprints of one picture or video. No face of it is looked at."""
    items = _items(case, bundle, age, MOST_FILES)
    if isinstance(items, str):
        return Taken(items)
    plain = [Decoded(one.decoded.picture, print_refused="on-device") for one in items]
    try:
        done = fingerprints.enrol_pictures(case, plain, [_label(one, n) for n, one in enumerate(items, 1)], age,
                                           "survivor", now)  # fmt: skip
    except fingerprints.MinorCase as refusal:
        return Taken(str(refusal))
    if done.problems:
        return Taken(done.problems[0])
    return Taken(notes=done.notes)


def take_faces(case: Case, bundle: str, age: str, model: str, dim: int, now: datetime) -> Taken:
    """One face template of the photos in the bundle, of each of which the one face is here that is hers. ``model``: the
    embedder of this installation, with which alone faces compare, of ``dim`` numbers a face."""
    items = _items(case, bundle, age, uploading.MAX_FILES)
    if isinstance(items, str):
        return Taken(items)
    allowed = fingerprints.face_allowed(case, now)
    if not allowed:
        return Taken(_("No face template was made: %(why)s") % {"why": allowed.reason})
    # A stranger's face has no place here, and a picture none either.
    photos = [Decoded(Picture(), one.decoded.faces[:1]) for one in items]
    if not all(_is_ours(face, model, dim) for photo in photos for face in photo.faces):
        return Taken(_("This is not what the page sends. Please load the page again."))
    try:
        words, made = fingerprints.enrol_face(case, photos, age, "survivor", now)
    except fingerprints.MinorCase as refusal:
        return Taken(str(refusal))
    return Taken("", [words], True) if made else Taken(words)


def _items(case: Case, bundle: str, age: str, most: int) -> list[Item] | str:
    """What the bundle holds, or why nothing is taken in."""
    # Asked before anything is read: of a minor nothing is taken in.
    if Age.MINOR in (age, case.age) or age not in Age.values:
        return _(
            "For pictures of somebody under 18 we keep nothing. Your caseworker shows you the ways that help faster."
        )
    if case.state != Case.State.OPEN:
        return _("Everything is paused. Press Continue first.")
    unfit = _("This is not what the page sends. Please load the page again.")
    if len(bundle) > MOST_CHARACTERS:
        return unfit
    try:
        items = uploading.read_bundle(bundle.encode())
    except BundleError:
        return unfit
    fits = 0 < len(items) <= most and not any(one.decoded.picture.error for one in items)
    return items if fits else unfit


def _label(item: Item, number: int) -> str:
    return uploading.label(item.label, number)


def _is_ours(face: Face, model: str, dim: int) -> bool:
    """Whether it is a face as the installation's own embedder tells it. ``read_bundle`` saw to it that its numbers are
    finite."""
    length = math.sqrt(sum(value * value for value in face.embedding))
    shares = (*face.box, face.score, face.quality, face.sharp)
    fits = face.model == model and len(face.embedding) == dim and abs(length - 1) < _UNIT
    return fits and all(-0.01 <= share <= 1.01 for share in shares)
