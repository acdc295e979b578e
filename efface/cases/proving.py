"""Proof without exposure: a covered picture of an identity document is seen once by one worker, who states what was
seen; the picture is destroyed, or sealed for a time where she wants that."""

from __future__ import annotations

import dataclasses
import uuid
from base64 import b64decode, b64encode
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Organisation
from efface.cases import events, proof_room, statements, uploading
from efface.cases.models import Age, Case, ProofStatement, SealedProof
from efface.engine.base import deadlines
from efface.engine.base.models import Deadline
from efface.net.proofs import Proof, ProofRequest
from efface.vision.proof.areas import Area

KIND = "proof.destroy"
VALID = timedelta(days=365)
MOST_DAYS = 90
MAX_BYTES = 25_000_000


class ProofRefused(ValueError):
    """The step is not allowed or not possible; the message says why and what to do."""


def objection(case: Case, picture: Any) -> str:
    """Why this uploaded file cannot be taken, in words; "" where it can."""
    if case.age == Age.MINOR:
        return _("Of somebody under 18 we take no document. Your caseworker helps you without one.")
    if case.state != Case.State.OPEN:
        return _("Everything is paused. Press Continue first.")
    if picture is None or not picture.size:
        return _("No picture was chosen.")
    if picture.size > MAX_BYTES:
        return _("The picture is larger than %(n)d megabytes. A smaller photo is enough.") % {
            "n": MAX_BYTES // 1_000_000
        }
    return ""


def prepare(case: Case, request: ProofRequest, actor: str) -> Proof:
    """The picture covered as asked, held for whoever chose it to look at; nobody else sees it yet. Raises
    ``ProofRefused``."""
    proof = uploading.cover_proof(request)
    if proof.error:
        raise ProofRefused(error_words(proof.error))
    if proof.picture:
        proof_room.put(
            case.pk,
            proof_room.Held(proof.picture, " ".join(request.name.split())[:200], proof.match, tuple(proof.notes),
                            proof.text_left, by=actor),
        )  # fmt: skip
    return proof


def draft(case: Case, actor: str) -> proof_room.Held | None:
    """What this person chose and has not handed in; None for everybody else."""
    held = proof_room.get(case.pk)
    return held if held and held.picture and not held.handed_in and held.by == actor else None


def cover_more(case: Case, areas: list[Area], actor: str) -> None:
    """Covers more of what is held for this person. Raises ``ProofRefused``."""
    held = draft(case, actor)
    if held is None:
        raise ProofRefused(gone_words())
    request = ProofRequest(held.picture, automatic=False, areas=areas, name=held.name)
    proof = uploading.cover_proof(request)
    if proof.error:
        raise ProofRefused(error_words(proof.error))
    proof_room.put(case.pk, dataclasses.replace(held, picture=proof.picture, text_left=proof.text_left))


def hand_in(case: Case, keep_days: int, actor: str, now: datetime) -> None:
    """She lets a worker look at it, once. Raises ``ProofRefused`` where it is no longer there."""
    if not 0 <= keep_days <= MOST_DAYS:
        raise ProofRefused(_("It can be kept for at most %(n)d days.") % {"n": MOST_DAYS})
    if draft(case, actor) is None or proof_room.hand_in(case.pk, keep_days) is None:
        raise ProofRefused(gone_words())
    events.record(case, "proof.handed_in", actor, now=now)


def look(case: Case, worker: Any, actor: str, now: datetime) -> proof_room.Held:
    """The one look. What she wanted kept is sealed first. Raises ``ProofRefused`` where nothing waits."""
    held = proof_room.take(case.pk, worker.pk)
    if held is None:
        raise ProofRefused(
            "No covered document waits. If it was sent, it was seen or it is gone: please ask for it again."
        )
    if held.keep_days:
        seal(case, held.picture, now + timedelta(days=held.keep_days), actor, now)
    events.record(case, "proof.seen", actor, now=now)
    audit.record(case.organisation_id, actor, "proof.seen", str(case.pk), now)
    return held


def state(
    case: Case, worker: Any, *, name_matches: bool, face_matches: bool, actor: str, now: datetime
) -> ProofStatement:
    """The worker who looked says that name and face matched: a signed statement. Raises ``ProofRefused``."""
    held = proof_room.get(case.pk)
    if held is None or held.looked != worker.pk:
        raise ProofRefused(
            "Only the worker who looked at the covered document can say what was seen, soon after the look."
        )
    if not (name_matches and face_matches):
        raise ProofRefused("A statement needs both: the name and the face matched. Otherwise talk with her again.")
    if not held.name:
        raise ProofRefused(
            "The name on the document was not written down. Please ask for the document again, with the name."
        )
    organisation = Organisation.objects.get(pk=case.organisation_id)
    document, opening = statements.make(organisation.name, held.name, now, now + VALID)
    made = ProofStatement(
        organisation_id=case.organisation_id, case=case, worker=worker, made_at=now, valid_until=now + VALID
    )
    made.document, made.opening = document, dataclasses.asdict(opening)
    made.save()
    proof_room.drop(case.pk)
    events.record(case, "proof.stated", actor, subject=made.pk, now=now)
    audit.record(case.organisation_id, actor, "proof.stated", str(made.pk), now)
    return made


def refuse(case: Case, actor: str, now: datetime) -> None:
    """It did not match, or she changed her mind: what is held is destroyed."""
    if proof_room.drop(case.pk):
        events.record(case, "proof.dropped", actor, now=now)


def standing(case: Case, now: datetime) -> ProofStatement | None:
    """The latest statement that is neither withdrawn nor expired."""
    rows = ProofStatement.objects.filter(case=case, withdrawn_at=None, valid_until__gt=now)
    return rows.order_by("-made_at").first()


def stated(cases: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, datetime]:
    """When the latest statement of each case was made that is neither withdrawn nor expired."""
    rows = ProofStatement.objects.filter(case__in=cases, withdrawn_at=None, valid_until__gt=now).order_by()
    return dict(rows.values_list("case").annotate(Max("made_at")))


SEEN = "covered document: name and face matched"
"""What an attestation says of a document for which there is a statement; the day stands in the statement."""


def withdraw(case: Case, statement: uuid.UUID, actor: str, now: datetime) -> None:
    """It is no longer handed on. Copies that went out stay valid until their date; their holders are not known here."""
    if ProofStatement.objects.filter(case=case, pk=statement, withdrawn_at=None).update(withdrawn_at=now):
        events.record(case, "proof.withdrawn", actor, subject=statement, now=now)


def seal(case: Case, picture: bytes, until: datetime, actor: str, now: datetime) -> SealedProof:
    """The covered picture under the case's key, until a deadline destroys it."""
    kept = SealedProof(organisation_id=case.organisation_id, case=case, sealed_at=now, until=until)
    kept.picture = b64encode(picture).decode()
    kept.save()
    deadlines.set_deadline(KIND, kept.pk, until, organisation=case.organisation_id, case=case.pk)
    events.record(case, "proof.sealed", actor, subject=kept.pk, now=now)
    return kept


def ask(kept: SealedProof, worker: Any, why: str, actor: str, now: datetime) -> None:
    """First pair of eyes: says why the sealed picture has to be looked at again. Raises ``ProofRefused``."""
    if not why.strip():
        raise ProofRefused("Please say why it has to be looked at again.")
    if not _there(kept).filter(asked_by=None).update(asked_by=worker, asked_at=now, why=why.strip()[:200]):
        raise ProofRefused("Somebody asked already, or it was destroyed.")
    events.record(kept.case, "proof.asked", actor, subject=kept.pk, now=now)


def allow(kept: SealedProof, worker: Any, actor: str, now: datetime) -> None:
    """Second pair of eyes, not the first. Raises ``ProofRefused``."""
    if kept.asked_by_id == worker.pk:
        raise ProofRefused("A second worker must allow it; you asked for it.")
    if not _there(kept).filter(asked_by__isnull=False, allowed_by=None).update(allowed_by=worker, allowed_at=now):
        raise ProofRefused("Nobody asked, somebody allowed it already, or it was destroyed.")
    events.record(kept.case, "proof.allowed", actor, subject=kept.pk, now=now)


def look_again(kept: SealedProof, worker: Any, actor: str, now: datetime) -> bytes:
    """The one look that was allowed, by the worker who asked. Raises ``ProofRefused``."""
    used = _there(kept).filter(asked_by=worker, allowed_by__isnull=False, until__gt=now)
    if not used.update(asked_by=None, asked_at=None, allowed_by=None, allowed_at=None, why=""):
        raise ProofRefused("Only the worker who asked can look, once, after a second worker allowed it.")
    events.record(kept.case, "proof.seen", actor, subject=kept.pk, now=now)
    audit.record(kept.organisation_id, actor, "proof.seen_again", str(kept.pk), now)
    return b64decode(str(kept.picture or ""))


def destroy(kept: SealedProof, actor: str, now: datetime) -> None:
    """The sealed picture is gone; that there was one stays known."""
    if _there(kept).update(picture=None, destroyed_at=now):
        deadlines.cancel(kind=KIND, subject=kept.pk)
        events.record(kept.case, "proof.destroyed", actor, subject=kept.pk, now=now)


@deadlines.handler(KIND)
def its_time_is_over(deadline: Deadline, now: datetime) -> None:
    kept = SealedProof.objects.select_related("case").filter(pk=deadline.subject).first()
    if kept is not None:
        destroy(kept, "engine", now)


def sealed(case: Case) -> list[SealedProof]:
    rows = SealedProof.objects.filter(case=case, destroyed_at=None).select_related("asked_by", "allowed_by")
    return list(rows.order_by("sealed_at"))


def _there(kept: SealedProof) -> Any:
    return SealedProof.objects.filter(pk=kept.pk, destroyed_at=None)


def gone_words() -> str:
    return _("The picture is no longer here: it is kept for two hours at most, in memory only. Please choose it again.")


def error_words(reason: str) -> str:
    """Why a picture could not be covered, and what to do."""
    return {
        "too-many-pixels": _("This photo has too many pixels. Please take a smaller one."),
        "unknown-format": _(
            "This kind of picture cannot be read here (HEIC, for example). Please choose a JPEG or PNG, or a "
            "screenshot of the photo."
        ),
        "corrupt": _("This picture is damaged and cannot be read. Please take it again."),
        "memory": _("This picture is too large to be read. Please take a smaller one."),
        "timeout": _("This took too long. Please try again, or take a smaller photo."),
        "off": _(
            "The safe reader is not running, so nothing was read. Please try later, or show the document to your "
            "caseworker."
        ),
    }.get(reason, _("This picture could not be read. Please take it again."))  # fmt: skip


MATCH_WORDS = {
    "same": "The face on the document and on the other photo look like the same person.",
    "unsure": "The faces look alike, but not clearly enough to say. Please look yourself.",
    "different": "The faces do not look alike to the computer. Documents are old, people change: please look yourself.",
    "no-face": "No face was found on one of the two pictures. Please look yourself.",
    "several": "There are several people on the other photo, so nothing was compared.",
}
"""How the faces compared, in words for a worker: a hint, never a decision."""
