"""Mail that came back: kept, read in the decoder, and acted on where its meaning is certain; else in front of a person.

Receiving writes the sealed raw bytes and one ``Inbound`` row in a transaction, once for each mail and notice. The job
``read`` parses and classifies; what follows happens in the transaction that marks the mail handled.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from efface.accounts import audit
from efface.accounts.models import User
from efface.cases import events
from efface.engine.base import clock, deadlines, objects, sealing, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.net.decoder import Decoder, DecoderError
from efface.net.protocol import Mail
from efface.sites import contacts, hostility, learning
from efface.sites.models import ContactState, Site
from efface.takedown import answering, classify, ladder, locking, planning, publishing, timing, together, verifying
from efface.takedown.models import Inbound, Notice, Publication, Route

KINDS = {
    "auto-acknowledgement": "acknowledged",
    "asks-for-more": "asks_more",
    "refuses": "refuses",
    "claims-removal": "claims_removal",
    "counter-notice": "counter_notice",
    "forwards": "forwards",
    "bounce": "bounce",
    "delay": "delay",
    "feedback-report": "feedback",
    "other": "other",
}
"""From the classifier's words to those a mail is kept and settled under."""
MACHINE = frozenset({"acknowledged", "claims_removal", "forwards", "bounce", "delay"})
"""What is acted on without a person, where it is certain."""
LEFT = (Notice.State.SENT, Notice.State.FILED)
REPORTS = frozenset({"bounce", "delay", "feedback"})
REFUSAL = {"full": ContactState.FULL, "policy": ContactState.POLICY}
MOST_MAILS = 200
LONGEST_TEXT = 20_000
AFTER_CLAIM = timedelta(hours=24)
READ_AGAIN = timedelta(hours=1)


class TooMany(Exception):
    """One notice drew more mail than anybody would write about it."""


class NoSuchKind(ValueError):
    """A mail cannot be settled as this."""


_decoder: Decoder | None = None
_decoder_lock = threading.Lock()


def decode(raw: bytes) -> Mail:
    """A mail as plain data, parsed in this process's sandbox. Where nothing can be decoded a person gets it unread."""
    global _decoder
    try:
        with _decoder_lock:
            if _decoder is None:
                _decoder = Decoder()
        return _decoder.decode_mail(raw)
    except DecoderError:
        return Mail(error="off")


def receive(notice: Notice, raw: bytes, now: datetime) -> Inbound | None:
    """Keep a mail that came to a notice's signed address; None where it is here already. Inside the organisation.

    Raises ``TooMany`` and ``sealing.KeyMissing`` (the case was erased)."""
    digest = sealing.digest("inbound", f"{notice.pk}:{hashlib.sha256(raw).hexdigest()}")
    if Inbound.objects.filter(digest=digest).exists():
        return None
    if Inbound.objects.filter(notice=notice).count() >= MOST_MAILS:
        raise TooMany
    name = objects.put(notice.case_id, raw)
    try:
        with transaction.atomic():
            row = Inbound.objects.create(
                organisation_id=notice.organisation_id, case_id=notice.case_id, notice=notice, at=now, raw=name,
                digest=digest,
            )  # fmt: skip
            _request(row, now)
    except IntegrityError:
        objects.remove(name)
        return None
    return row


def _request(row: Inbound, now: datetime) -> None:
    """Have it read; and again in an hour where that came to nothing."""
    read.defer(organisation=row.organisation_id, once=f"inbound:{row.pk}", inbound=row.pk)
    deadlines.set_deadline(
        "inbound.read", row.pk, now + READ_AGAIN, organisation=row.organisation_id, case=row.case_id
    )


@deadlines.handler("inbound.read")
def _due(deadline: Deadline, now: datetime) -> None:
    row = Inbound.objects.filter(pk=deadline.subject, kind="").first()
    if row is not None:
        _request(row, now)


@job("mail")
def read(organisation: uuid.UUID, inbound: uuid.UUID) -> None:
    with tenancy.organisation(organisation):
        row = Inbound.objects.filter(pk=inbound, kind="").first()
        try:
            raw = objects.get(row.case_id, row.raw) if row else b""
            sent = str(row.notice.text) if row else ""
        except sealing.KeyMissing:
            return
    if row is None:
        return
    mail = decode(raw)
    found = classify.classify(mail, sent)
    with tenancy.organisation(organisation):
        _keep(inbound, mail, found, clock.now())


def _keep(inbound: uuid.UUID, mail: Mail, found: classify.Classification, now: datetime) -> None:
    row = Inbound.objects.select_for_update(of=("self",)).get(pk=inbound)
    if row.kind:
        return
    sealed: Any = row
    sealed.sender, sealed.subject_line = mail.sender[:320], mail.subject[:500]
    sealed.text, sealed.because = mail.text[:LONGEST_TEXT], found.because
    row.kind, row.confidence = KINDS[found.kind], found.confidence
    row.save()
    deadlines.cancel(key=f"inbound.read:{row.pk}")
    notice = _notice(row)
    about = _about(row, notice)
    for one in about:
        shared = {"mail": notice.reference} if one.pk != notice.pk else {}
        events.record(
            one.case, "reply.received", "engine", subject=one.pk, now=now, kind=row.kind, because=found.because,
            **shared,
        )  # fmt: skip
    for one in about:
        if found.demands_money:
            _asks_money(one, now)
        if found.mentions:
            _named(one, found.mentions, now)
    asked = answering.wants(mail.text) if row.kind not in REPORTS else ()
    if answering.PUBLISHES in asked:
        publishing.published(notice, Publication.How.REPLY, found.because, "engine", now)
    certain = row.kind != "bounce" or found.permanent or bool(found.refusal)
    # An automatic answer is never answered, and no party twice by a machine: two would go on for ever.
    answered = (
        row.kind == "asks_more" and answering.answerable(asked) and not mail.auto_submitted
        and not Inbound.objects.filter(notice__route=notice.route, kind="asks_more", handled_by="engine").exists()
    )  # fmt: skip
    if (row.kind in MACHINE or answered) and certain and not found.needs_person:
        _act_on(row, notice, now, found.refusal)
        _handled(row, "engine", now)


def settle(inbound: Inbound, kind: str, user: User, now: datetime) -> None:
    """A person says what a mail is, and what follows follows. Twice: no effect. Raises ``NoSuchKind``."""
    if kind not in set(KINDS.values()):
        raise NoSuchKind(kind)
    with transaction.atomic():
        row = Inbound.objects.select_for_update(of=("self",)).get(pk=inbound.pk)
        if row.handled_at is not None:
            return
        row.kind = kind
        row.save(update_fields=["kind"])
        notice = _notice(row)
        _act_on(row, notice, now)
        _handled(row, f"user:{user.pk}", now)
        audit.record(row.organisation_id, f"user:{user.pk}", "reply.settled", str(row.pk), now)
        events.record(notice.case, "reply.settled", f"caseworker:{user.pk}", subject=notice.pk, now=now, kind=kind)


def _handled(row: Inbound, by: str, now: datetime) -> None:
    row.handled_at, row.handled_by = now, by[:60]
    row.save(update_fields=["handled_at", "handled_by"])


def _notice(row: Inbound) -> Notice:
    found = locking.notice(row.notice_id)
    assert found is not None  # the row's own reference keeps it
    return found


def _act_on(row: Inbound, notice: Notice, now: datetime, refusal: str = "") -> None:
    """What follows for each notice of the mail that was answered: for those the answer names, else for all."""
    for one in _about(row, notice):
        _act(one, row.kind, now, refusal)
        timing.heard(one, row.kind, row.at, now)


def _about(row: Inbound, notice: Notice) -> list[Notice]:
    """The notices of the mail that was answered that this answer is about; each locked after its finding."""
    return together.concerned(notice, asked_of(row))


def asked_of(row: Inbound) -> str:
    """The words in which an answer may name single addresses: a report or a confirmation is about the whole mail."""
    return "" if row.kind in REPORTS or row.kind == "acknowledged" else str(row.text or "")


def _act(notice: Notice, kind: str, now: datetime, refusal: str = "") -> None:
    """What follows from a mail of this kind. The notice is locked; ``refusal`` is the classifier's word on a bounce."""
    finding, route = notice.finding, notice.route
    if kind == "bounce":
        _bounced(notice, REFUSAL.get(refusal, ContactState.HARD), now)
    elif kind == "feedback":
        contacts.delivery("email", notice.contact, ContactState.POLICY, now)
    elif kind == "delay":
        contacts.delivery("email", notice.contact, ContactState.SOFT, now)
    elif kind == "acknowledged":
        contacts.delivery("email", notice.contact, ContactState.ACKNOWLEDGED, now)
        learning.acknowledged(notice.pk)
    elif kind in ("claims_removal", "forwards", "asks_more", "refuses", "counter_notice"):
        contacts.delivery("email", notice.contact, ContactState.REPLIED, now)
        learning.replied(notice.pk)
    if kind == "claims_removal":
        verifying.request(finding)
        if notice.state in (Notice.State.SENT, Notice.State.FILED) and route.state == Route.State.ACTIVE:
            ladder.chase_at(notice, now + AFTER_CLAIM)
    elif kind == "asks_more":
        # The answer says everything again, with every address, to whoever wrote last.
        last = Notice.objects.filter(route=route, state__in=LEFT).order_by("-step").first()
        planning.request(finding, last.pk if last is not None else notice.pk)
    elif kind == "refuses":
        ladder.give_up(route, "refused", now)
        planning.request(finding)
    elif kind == "counter_notice":
        ladder.close(route, Route.State.DEAD, "counter-notice: a lawyer looks at it", now)


def _bounced(notice: Notice, state: str, now: datetime) -> None:
    if notice.state not in (Notice.State.SENT, Notice.State.AMBIGUOUS):
        return
    notice.state, notice.state_why = Notice.State.BOUNCED, "came back undelivered"
    notice.save(update_fields=["state", "state_why"])
    contacts.delivery("email", notice.contact, state, now)
    learning.bounced(notice.pk)
    events.record(notice.case, "notice.bounced", "engine", subject=notice.pk, now=now)
    ladder.contact_dead(notice, now)


def _asks_money(notice: Notice, now: datetime) -> None:
    """An operator who offers removal for money is never written to again, by any case."""
    if notice.route.role != "operator":
        return
    site = notice.finding.site
    hostility.declare(site, Site.Hostility.EXTORTIONATE, "asked money for removal in a reply", "engine", now,
                      how="reply")  # fmt: skip
    ladder.give_up(notice.route, "asks money for removal", now)
    planning.request(notice.finding)


def _named(notice: Notice, mentions: tuple[str, ...], now: datetime) -> None:
    """A network in front of a site names who stands behind it."""
    if notice.route.role != "cdn":
        return
    desks = [one for one in mentions if one.partition("@")[0] in ("abuse", "noc", "legal", "report", "hostmaster")]
    for address in desks[:1]:
        planning.name_host(notice.finding, address, notice.route.party_key, now)
        planning.request(notice.finding)
