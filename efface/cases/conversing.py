"""The conversation that opens L1, step by step: saved as it goes, and ended harmlessly at any step.

An answer that makes the conversation unfit ends it the way a good one ends: with the same page, and with nothing
changed. So does her word. The worker's page then says goodbye; it does not say which of the two it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from efface.cases import attesting, events, safety
from efface.cases.models import Case, Conversation

WAYS = ("in-person", "video")
"""By telephone nobody sees whose face it is."""
LASTS = timedelta(hours=3)
"""A conversation left open for longer is over: what was said then says nothing of who is in the room now."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to ask or do; its words are the console's. ``ends_on``: the answer that ends the conversation;
    ``free``: words are typed instead, which are compared with hers, and kept only where ``kept``."""

    name: str
    ends_on: str = ""
    free: bool = False
    kept: bool = False


STEPS = (
    Step("alone", "no"), Step("listening", "yes"), Step("word", free=True), Step("wants", "no"), Step("face", "no"),
    Step("proof", free=True, kept=True),
)  # fmt: skip


def open_one(case: Case, worker: Any, now: datetime) -> Conversation | None:
    """The conversation this worker has begun and not ended; one that was left open too long is ended here."""
    row = Conversation.objects.filter(case=case, worker=worker, ended_at=None).order_by("-begun_at").first()
    if row is not None and now - row.begun_at > LASTS:
        _end(row, now)
        return None
    return row


def begin(case: Case, worker: Any, way: str, now: datetime) -> Conversation:
    """Begin, or go on with the one that is open. Raises ``attesting.AttestationRefused``."""
    if way not in WAYS:
        raise attesting.AttestationRefused(_("Say how you speak with her."))
    refusal = attesting.may_begin(case, worker)
    if refusal:
        raise attesting.AttestationRefused(refusal)
    going = open_one(case, worker, now)
    if going is not None:
        return going
    row = Conversation(organisation_id=case.organisation_id, case=case, worker=worker, way=way, begun_at=now)
    row.said = {}
    row.save()
    return row


def next_step(row: Conversation) -> Step | None:
    """What comes next; None where all was said, or the conversation is over."""
    if row.ended_at:
        return None
    said = row.said or {}
    return next((one for one in STEPS if one.name not in said), None)


def is_alone(row: Conversation | None) -> bool:
    """Whether, in a conversation that goes on, she said that she is alone, that nobody listens, and was asked for her
    word. Before that nothing is set for her."""
    return row is not None and not row.ended_at and {"alone", "listening", "word"} <= set(row.said or {})


def answer(row: Conversation, worker: Any, name: str, given: str, now: datetime) -> Conversation:
    """Take the answer to one step; after the last one the attestation is made. An answer to another step than the next
    one, or to a conversation that is over, changes nothing."""
    row = Conversation.objects.select_for_update(of=("self",)).select_related("case").get(pk=row.pk)
    step = next_step(row)
    if row.worker_id != worker.pk or step is None or step.name != name:
        return row
    if now - row.begun_at > LASTS:
        return _end(row, now)
    given = given.strip()[:200]
    if not given or (not step.free and given not in ("yes", "no")):
        raise attesting.AttestationRefused(_("Please answer this step first."))
    if step.free and safety.heard(row.case, given):
        safety.signal(row.case, "conversation", now)
        row.refresh_from_db()
        return row
    if given == step.ends_on:
        return _end(row, now)
    row.said = {**(row.said or {}), name: given if step.kept or not step.free else "-"}
    row.save()
    return _finish(row, worker, now) if next_step(row) is None else row


def end(row: Conversation, worker: Any, now: datetime) -> Conversation:
    """The worker ends it, for whatever reason. Nothing has changed."""
    return _end(row, now) if row.worker_id == worker.pk and not row.ended_at else row


def _end(row: Conversation, now: datetime) -> Conversation:
    row.ended_at, row.outcome, row.said = now, Conversation.Outcome.ENDED, {}
    row.save()
    return row


def _finish(row: Conversation, worker: Any, now: datetime) -> Conversation:
    said = row.said or {}
    try:
        attesting.attest(
            row.case, worker, spoke_alone=said["alone"] == "yes", proof_seen=said["proof"], now=now, conversation=row
        )
    except attesting.AttestationRefused:
        row.said = {name: value for name, value in said.items() if name != "proof"}
        row.save()
        raise
    row.ended_at, row.outcome = now, Conversation.Outcome.ATTESTED
    row.save()
    events.record(row.case, "conversation.held", f"caseworker:{worker.pk}", subject=row.pk, now=now)
    return row
