"""Making a pack: asked for in one transaction, made by a job, kept in sealed pieces until its time is over.

What is opened is in memory only, a member at a time; what is written is sealed to the recipient, and once more with the
case's key. A job that is killed begins anew, and what it had written is removed.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.cases import events, retention, uses
from efface.cases.may import may
from efface.cases.models import Age, Case, CaseEvent, Purpose
from efface.engine.base import age, clock, deadlines, objects, sealing, settings, tenancy, typeset
from efface.engine.base.ids import uuid7
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.evidence import custody, stamp
from efface.evidence.models import Pack
from efface.evidence.packs import container, gathering, readme, report, signing, tables
from efface.evidence.packs.verifying import AUTHORITY, CERTIFICATE, MANIFEST, REPORT, SIGNATURE, TOKEN

log = logging.getLogger(__name__)
ENDS = "pack.ends"
KEPT = timedelta(days=14)
"""A pack lies ready for so long; then it is removed, and can be made again."""
SOON = timedelta(seconds=1)
PIECE = 4 * 1024 * 1024
MOST_GROUND = 200


class PackRefused(ValueError):
    """It is not made or handed over; the message says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a pack is to be. ``made_for`` of ``Pack.For``; ``key`` the recipient's age public key; ``parts`` of
    ``gathering.PARTS``; ``findings`` ids, None for all; ``agreed``: she said yes to exactly this; ``ground``: the
    statute that obliges, where the police get it without her yes; ``once``: the form it came from."""

    made_for: str
    recipient: str
    key: str
    parts: Sequence[str]
    findings: Sequence[uuid.UUID] | None = None
    agreed: bool = False
    ground: str = ""
    once: str = ""


def allowed(case: Case, made_for: str, agreed: bool, ground: str, now: datetime) -> str:
    """Why this may not be handed over, in words; "" where it may. The police: her consent, or a statute that is named.
    Anybody else: she said so."""
    if case.state == Case.State.ERASED:
        return _("The case was erased.")
    if made_for == Pack.For.POLICE and case.age != Age.ADULT:
        return _("Of somebody who is, or may be, under 18 no pack is made: addresses alone are passed on.")
    if made_for == Pack.For.POLICE:
        if ground.strip():
            return ""
        answer = may(case, Purpose.POLICE, now)
        return "" if answer else _("She has not agreed that the police get it: %(why)s") % {"why": answer.reason}
    return "" if agreed else _("Ask her first, and tick that she agreed.")


def order(case: Case, given: Order, actor: str, now: datetime) -> Pack:
    """Have a pack made. The same form twice gives the pack it gave before. Raises ``PackRefused``."""
    if given.made_for not in Pack.For.values:
        raise PackRefused(_("Choose who gets it."))
    if not given.recipient.strip():
        raise PackRefused(_("Write who gets it: a person or a desk."))
    try:
        key = age.recipient(given.key)
    except age.KeyUnusable as refusal:
        raise PackRefused(_("The key cannot be used: %(why)s.") % {"why": refusal}) from None
    parts = gathering.usable(list(given.parts))
    if not parts:
        raise PackRefused(_("Choose at least one part."))
    if given.ground and not actor.startswith("lead:"):
        raise PackRefused(_("Only a lead can say that a statute obliges."))
    reason = allowed(case, given.made_for, given.agreed, given.ground, now)
    if reason:
        raise PackRefused(reason)
    try:
        with transaction.atomic():
            pack = Pack.objects.create(
                organisation_id=case.organisation_id, case=case, made_for=given.made_for,
                recipient=" ".join(given.recipient.split())[:120], key=key, parts=parts,
                findings=None if given.findings is None else [str(one) for one in given.findings],
                ground=" ".join(given.ground.split())[:MOST_GROUND], once=given.once[:40], asked_by=actor, asked_at=now,
                until=now + KEPT,
            )  # fmt: skip
    except IntegrityError:
        return Pack.objects.get(case=case, once=given.once[:40])
    _asked(pack, actor, now)
    return pack


def again(pack: Pack, key: str, actor: str, now: datetime) -> Pack:
    """The same sealed to another key: the recipient lost theirs, or its time was over. What the case holds now is in
    it. Raises ``PackRefused``."""
    given = Order(
        pack.made_for, str(pack.recipient or ""), key, pack.parts,
        None if pack.findings is None else [uuid.UUID(one) for one in pack.findings], agreed=True, ground=pack.ground,
    )  # fmt: skip
    if key.strip() != pack.key and not actor.startswith("lead:"):
        raise PackRefused(_("A lead decides about another key: it may be somebody else who asks."))
    made = order(pack.case, given, actor, now)
    Pack.objects.filter(pk=made.pk).update(of=pack)
    return made


def _asked(pack: Pack, actor: str, now: datetime) -> None:
    events.record(
        pack.case, "pack.asked", actor, subject=pack.pk, now=now, made_for=pack.made_for, parts=list(pack.parts)
    )
    audit.record(pack.organisation_id, actor, "pack.asked", str(pack.pk), now)
    deadlines.set_deadline(ENDS, pack.pk, pack.until, organisation=pack.organisation_id, case=pack.case_id)
    make.defer(
        organisation=pack.organisation_id, once=f"pack:{pack.pk}", lock=f"packs:{pack.organisation_id}", pack=pack.pk
    )


@job("evidence", in_training=True)
def make(organisation: uuid.UUID, pack: uuid.UUID) -> None:
    with tenancy.organisation(organisation):
        row = Pack.objects.select_related("case__organisation").filter(pk=pack, state=Pack.State.WAITING).first()
    if row is None:
        return
    _forget_pieces(row)
    try:
        _make(row)
    except _USUAL as error:
        log.warning("pack %s could not be made: %s", pack, type(error).__name__)
        _failed(row, _words(error))


_USUAL = (
    container.PackTooLarge, typeset.CannotSet, signing.CannotSign, sealing.KeyMissing, sealing.SealBroken,
    objects.ObjectMissing, PackRefused,
)  # fmt: skip
"""What no second try mends. Anything else (a storage that is away) is tried again by the queue."""


def _words(error: Exception) -> str:
    if isinstance(error, sealing.KeyMissing | sealing.SealBroken | objects.ObjectMissing):
        return _("Something of the evidence cannot be opened; the check on the evidence page says what.")
    return str(error)[:200]


def _failed(row: Pack, words: str) -> None:
    now = clock.now()
    with tenancy.organisation(row.organisation_id):
        _forget_pieces(row)
        if Pack.objects.filter(pk=row.pk, state=Pack.State.WAITING).update(state=Pack.State.FAILED, problem=words):
            events.record(row.case, "pack.failed", "engine", subject=row.pk, now=now)


def _make(row: Pack) -> None:
    now = clock.now()
    with tenancy.organisation(row.organisation_id):
        _still(row, now)
    built = _Built()
    whole, size = hashlib.sha256(), 0
    for piece in _pieces(age.seal(_opened(row, now, built), [row.key])):
        whole.update(piece)
        size += len(piece)
        name = uuid7()
        with tenancy.organisation(row.organisation_id):
            row.blobs.append(str(name))
            Pack.objects.filter(pk=row.pk).update(blobs=row.blobs)
        with tenancy.organisation(row.organisation_id):
            objects.put(row.case_id, piece, name)
    with tenancy.organisation(row.organisation_id):
        _still(row, clock.now())
        done = Pack.objects.filter(pk=row.pk, state=Pack.State.WAITING).update(
            state=Pack.State.READY, ready_at=clock.now(), sha256=whole.hexdigest(), size=size, members=built.members,
            manifest_sha256=built.manifest, stamped_at=built.stamped_at, problem=built.note,
        )  # fmt: skip
        if not done:  # ended meanwhile
            _forget_pieces(row)
            return
        custody.note(
            row.case_id, row.organisation_id, "engine", "made", clock.now(), about="pack", subject=row.pk,
            sha256=whole.hexdigest(),
        )  # fmt: skip
        events.record(row.case, "pack.ready", "engine", subject=row.pk, now=clock.now())


def _still(row: Pack, now: datetime) -> None:
    """Asked again when it is made: she may have taken it back meanwhile."""
    reason = allowed(row.case, row.made_for, True, row.ground, now)
    if reason:
        raise PackRefused(reason)


@dataclass(slots=True)
class _Built:
    members: int = 0
    manifest: str = ""
    stamped_at: datetime | None = None
    note: str = ""


def _opened(row: Pack, now: datetime, built: _Built) -> Iterator[bytes]:
    """The opened pack, piece by piece."""
    writer, listed, told = container.Writer(), dict[str, dict[str, object]](), gathering.Gathered()
    by = signing.signer(clock.wall())
    authority = _authority()

    def put(name: str, data: bytes, listing: bool = True) -> Iterator[bytes]:
        if listing:
            listed[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        built.members += 1
        yield from writer.add(name, data)

    for name, data in gathering.members(row, now, told):
        yield from put(name, data)
    with tenancy.organisation(row.organisation_id):
        paper = report.pdf(row, told, by, now)
    yield from put(REPORT, signing.sign_pdf(paper, by, f"Evidence in case {row.case.reference}"))
    yield from put(CERTIFICATE, by.pem)
    if authority:
        yield from put(AUTHORITY, authority)
    made = now.astimezone(UTC).isoformat(timespec="seconds")
    yield from put("README.txt", readme.text(
        reference=row.case.reference, organisation=row.case.organisation.name, made=made, file=filename(row),
        signer=by.words(), fingerprint=by.fingerprint, stamped=bool(settings.get("tsa_url")),
    ))  # fmt: skip
    manifest = tables.as_json({
        "efface": "pack", "version": 1, "case": row.case.reference, "pack": str(row.pk), "made": made,
        "organisation": row.case.organisation.name, "recipient_key": row.key, "files": listed,
    })  # fmt: skip
    built.manifest = hashlib.sha256(manifest).hexdigest()
    yield from put(MANIFEST, manifest, listing=False)
    yield from put(SIGNATURE, signing.detached(manifest, by), listing=False)
    token = _token(manifest, built)
    if token:
        yield from put(TOKEN, token, listing=False)
    yield from writer.end()


def _token(manifest: bytes, built: _Built) -> bytes:
    url = settings.get("tsa_url")
    if not url:
        built.note = _("Without a timestamp: no authority is set up.")
        return b""
    try:
        stamped = stamp.ask(url, manifest, settings.get("tsa_certificate"))
    except stamp.StampError as error:
        built.note = _("Without a timestamp: %(why)s. Make it again later to have one.") % {"why": error}
        return b""
    built.stamped_at = stamped.at
    return stamped.token


def _authority() -> bytes:
    path = settings.get("tsa_certificate")
    try:
        return Path(path).read_bytes() if path else b""
    except OSError:
        return b""


def _pieces(parts: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for part in parts:
        held += part
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def filename(row: Pack) -> str:
    """Says nothing of whom it is about."""
    return f"pack-{row.pk.hex[-8:]}.zip.age"


def _forget_pieces(row: Pack) -> None:
    for name in row.blobs:
        objects.remove(uuid.UUID(name))
    row.blobs = []
    with tenancy.organisation(row.organisation_id):
        Pack.objects.filter(pk=row.pk).update(blobs=[])


def open_for(row: Pack, actor: str, now: datetime) -> Iterator[bytes]:
    """The sealed file, piece by piece, to hand over; noted in the chain of custody and the audit chain before the first
    byte. Raises ``PackRefused``: it is not there any more, or may not be handed over now."""
    if row.state != Pack.State.READY:
        raise PackRefused(_("This pack is not there to be handed over."))
    _still(row, now)
    custody.note(
        row.case_id, row.organisation_id, actor, "handed-over", now, about="pack", subject=row.pk, sha256=row.sha256
    )
    audit.record(row.organisation_id, actor, "pack.handed-over", str(row.pk), now)
    events.record(row.case, "pack.handed_over", actor, subject=row.pk, now=now)
    if row.made_for == Pack.For.POLICE and not row.ground:
        uses.note(row.case, Purpose.POLICE, "passed-on", now, by=str(row.get_made_for_display()))
    return _stream(row.organisation_id, row.case_id, list(row.blobs))


def _stream(organisation: uuid.UUID, case_id: uuid.UUID, names: list[str]) -> Iterator[bytes]:
    for name in names:
        with tenancy.organisation(organisation):
            piece = objects.get(case_id, uuid.UUID(name))
        yield piece


def end(row: Pack, actor: str, now: datetime) -> None:
    """Not there any more from now on; its file goes once that is written down, by the deadline. What was handed over
    stays where it is."""
    if Pack.objects.filter(pk=row.pk).exclude(state=Pack.State.ENDED).update(state=Pack.State.ENDED):
        # A file that is removed before would be missing if this were rolled back.
        deadlines.set_deadline(ENDS, row.pk, now + SOON, organisation=row.organisation_id, case=row.case_id)
        custody.note(
            row.case_id, row.organisation_id, actor, "removed", now, about="pack", subject=row.pk, sha256=row.sha256
        )
        events.record(row.case, "pack.ended", actor, subject=row.pk, now=now)


@deadlines.handler(ENDS)
def _ends(deadline: Deadline, now: datetime) -> None:
    row = Pack.objects.select_related("case").filter(pk=deadline.subject).first()
    if row is None:
        return
    if row.state == Pack.State.ENDED:
        _remove(row, deadline)
        return
    later = retention.kept_until(row.case_id, now)
    if later is None:
        end(row, "engine", now)
    else:
        # What a hold or the police keep is not deleted by age.
        Pack.objects.filter(pk=row.pk).update(until=later)
        deadlines.set_deadline(ENDS, row.pk, later, organisation=row.organisation_id, case=row.case_id)


def _remove(row: Pack, deadline: Deadline) -> None:
    meant = Deadline.objects.get(pk=deadline.pk).due
    if meant > deadline.due:
        # It was ended in this very transaction: the file goes in the next.
        deadlines.set_deadline(ENDS, row.pk, meant, organisation=row.organisation_id, case=row.case_id)
    else:
        _forget_pieces(row)


@events.on("hold.lifted", "hold.ended", "request.ended")
def _released(event: CaseEvent) -> None:
    """What was kept longer than its own time goes as soon as nothing keeps it."""
    if retention.kept_until(event.case_id, event.at) is not None:
        return
    over = Pack.objects.filter(case_id=event.case_id, asked_at__lte=event.at - KEPT)
    for pack in over.exclude(state=Pack.State.ENDED).select_related("case"):
        end(pack, "engine", event.at)
