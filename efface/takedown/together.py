"""Several findings of a case, one desk, one mail: what waits for the same party with the same request leaves together.

Each finding keeps its own notice, with its clocks, its outcome and its machine-readable copy. Who leaves with whom is
decided in the transaction that commits the lead's message as ``sending``: the others' messages are taken out of the
outbox there, so nothing leaves twice and nothing is forgotten, wherever a process dies. Never across cases."""

from __future__ import annotations

import base64
import copy
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from efface.accounts.models import Organisation
from efface.engine.base import outbox, sealing
from efface.engine.base.models import Outbox
from efface.takedown import composing, drafting, facts, locking, notice, templates
from efface.takedown.models import Notice
from efface.takedown.notice import NoticeFacts
from efface.takedown.reading import unquoted

MOST = 50
"""Findings in one mail, each with its own XARF document."""
MOST_ADDRESSES = 500
GATHER = timedelta(minutes=10)
"""After a mail of a case to a desk, what follows is gathered for so long before the next one leaves."""


def alone(one: Notice) -> bool:
    """Whether nobody else gathers for this case and desk at this moment; held until the transaction ends. To be asked
    before anything of the case is locked."""
    seed = f"together:{one.case_id}:{one.contact.strip().lower()}"
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def wait(one: Notice, now: datetime) -> outbox.May | None:
    """Until when it waits for others, because its desk was written to about this case a moment ago."""
    if one.case.danger:
        return None
    just = Notice.objects.filter(
        case_id=one.case_id, contact=one.contact, notice_type=one.notice_type, step=one.step, channel="email",
        sent_at__gt=now - GATHER, sent_at__lte=now,
    ).exclude(finding_id=one.finding_id)  # fmt: skip
    last = just.order_by("-sent_at").values_list("sent_at", flat=True).first()
    return outbox.May("wait", "what goes to this desk is gathered into one mail", last + GATHER) if last else None


def part(lead: Notice, now: datetime) -> int:
    """Those that were to leave in this notice's mail wait for themselves again. Returns how many."""
    members = Notice.objects.select_for_update(of=("self",)).select_related("case", "route").filter(together=lead)
    gone = (Notice.State.SENT, Notice.State.FILED, Notice.State.BOUNCED, Notice.State.FAILED)
    rows = list(members.exclude(state__in=gone))
    for one in rows:
        one.together = None
        one.save(update_fields=["together"])
        if one.state == Notice.State.QUEUED:
            _queue(one, now)
    return len(rows)


def restore(lead: Notice, row: Outbox, now: datetime) -> None:
    """A message that was to name others too is that of its own notice again. Any other is left as it is."""
    message: Any = row.message
    if message is not None and message.get("gathered"):
        _put(row, lead, [lead], now)


def _queue(one: Notice, now: datetime) -> None:
    from efface.takedown import sending

    sending.queue(one, Organisation.objects.get(pk=one.organisation_id), now)


def gather(lead: Notice, row: Outbox, may: Any, now: datetime) -> list[Notice]:
    """The notices that leave in the mail of ``lead``, whose outbox ``row`` is locked and about to be sent: their own
    messages are taken out, and the mail names them all. ``may(notice, now)`` is the last word on each."""
    found: list[Notice] = []
    given = [_given(lead, now)]
    for pk in _alike(lead):
        message = Outbox.objects.select_for_update().filter(subject=pk, kind=row.kind, state=Outbox.State.READY).first()
        one = locking.notice(pk) if message is not None else None
        if message is None or one is None or may(one, now).word != "go" or not _same_thread(lead, one):
            continue
        more = _given(one, now)
        if not _alike_in_words(lead, given[0], more) or sum(len(part.locations) for part in (*given, more)) > (
            MOST_ADDRESSES
        ):
            continue
        message.state, message.answer = Outbox.State.CANCELLED, f"leaves in one mail with {lead.reference}"
        message.save(update_fields=["state", "answer"])
        given.append(more)
        found.append(one)
    made = _draft(lead, given) if found else None
    if made is not None:
        for one in found:
            one.together = lead
            one.save(update_fields=["together"])
        _put(row, made, [lead, *found], now)
        return found
    for one in found:
        _queue(one, now)
    return []


def _put(row: Outbox, made: Notice, parts: Sequence[Notice], now: datetime) -> None:
    """The message that is about to leave, kept as it leaves."""
    before: Any = row.message
    if before is None:
        return
    organisation = Organisation.objects.get(pk=made.organisation_id)
    data = composing.compose(made, organisation, now, [(one.reference, one.xarf) for one in parts if one.xarf])
    message: Any = {**before, "data": base64.b64encode(data).decode("ascii"), "gathered": len(parts) > 1}
    row.message = message
    row.save(update_fields=["message"])


def _alike(lead: Notice) -> list[Any]:
    """Those of ``alike`` that are approved and wait in the outbox. The oldest first."""
    rows = alike(lead, (Notice.State.QUEUED,))
    return list(rows.order_by("drafted_at", "pk").values_list("pk", flat=True)[: MOST - 1])


def alike(lead: Notice, states: Sequence[str]) -> QuerySet[Notice]:
    """What is for the same desk with the same request, wording and exposure, for the same case: inside one approval."""
    return Notice.objects.filter(
        case_id=lead.case_id, contact=lead.contact, notice_type=lead.notice_type, template=lead.template,
        language=lead.language, step=lead.step, channel=lead.channel, state__in=states, together=None,
        route__party_key=lead.route.party_key, route__exposure=lead.route.exposure,
    ).exclude(pk=lead.pk)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """A notice and those that go with it. ``made`` names everything, as a copy that is not kept; it is the notice
    itself where nobody goes with it."""

    made: Notice
    others: list[Notice]

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(str(one.pk) for one in self.others)


def company(lead: Notice, states: Sequence[str], now: datetime) -> Company:
    """Who would go with ``lead`` as things stand, told to the person who decides. Reads only; nothing is promised:
    what leaves together is decided when it leaves."""
    return Companies([lead], states, now).of(lead)


class Companies:
    """``company`` for many notices, read with a handful of questions, however many go with each."""

    def __init__(self, leads: Sequence[Notice], states: Sequence[str], now: datetime) -> None:
        self.now = now
        self.beside = _beside(leads, states)
        everybody = [one for lead in leads if self.beside[lead.pk] for one in (lead, *self.beside[lead.pk])]
        self.read = _Read(everybody, now) if everybody else None

    def of(self, lead: Notice) -> Company:
        beside = self.beside[lead.pk]
        if not beside or self.read is None:
            return Company(lead, [])
        given, others = [_given(lead, self.now, self.read)], []
        for one in beside:
            more = _given(one, self.now, self.read)
            count = sum(len(part.locations) for part in (*given, more))
            if count <= MOST_ADDRESSES and _alike_in_words(lead, given[0], more):
                given.append(more)
                others.append(one)
        made = _draft(lead, given) if others else None
        return Company(made, others) if made is not None else Company(lead, [])


def _beside(leads: Sequence[Notice], states: Sequence[str]) -> dict[uuid.UUID, list[Notice]]:
    """What is ``alike`` each of these and not stopped, the oldest first."""
    if len(leads) == 1:
        rows = alike(leads[0], states)
    else:
        rows = Notice.objects.filter(
            case__in={one.case_id for one in leads}, contact__in={one.contact for one in leads}, state__in=states,
            together=None,
        )  # fmt: skip
    met: dict[tuple[Any, ...], list[uuid.UUID]] = {}
    for pk, *alike_in in rows.filter(finding__stopped="").order_by("drafted_at", "pk").values_list("pk", *_ALIKE):
        met.setdefault(tuple(alike_in), []).append(pk)
    ids = {lead.pk: [pk for pk in met.get(_alike_in(lead), ()) if pk != lead.pk][: MOST - 1] for lead in leads}
    wanted = {pk for beside in ids.values() for pk in beside}
    found = Notice.objects.select_related("case", "route", "finding__site", "finding__match__sighting")
    known = found.in_bulk(wanted) if wanted else {}
    return {lead: [known[pk] for pk in beside if pk in known] for lead, beside in ids.items()}


_ALIKE = ("case_id", "contact", "notice_type", "template", "language", "step", "channel", "route__party_key",
          "route__exposure")  # fmt: skip


def _alike_in(one: Notice) -> tuple[Any, ...]:
    return (one.case_id, one.contact, one.notice_type, one.template, one.language, one.step, one.channel,
            one.route.party_key, one.route.exposure)  # fmt: skip


class _Read:
    """What these notices say, read at once."""

    def __init__(self, notices: Sequence[Notice], now: datetime) -> None:
        findings = list({one.finding_id: one.finding for one in notices}.values())
        for one in notices:
            one.finding.case = one.case
        sealing.hold_case_keys({one.case_id for one in notices})
        self.facts = drafting.Read.of(findings, now)
        self.assets = facts.assets_of(findings)
        self.organisations = Organisation.objects.in_bulk({one.organisation_id for one in notices})


def _given(one: Notice, now: datetime, read: _Read | None = None) -> NoticeFacts:
    read = read or _Read([one], now)
    roles = {str(asset.url): asset.role for asset in read.assets[one.finding_id]}
    named: Any = one.urls
    urls = [(url, roles.get(url, "page")) for url in named or ()]
    organisation = read.organisations[one.organisation_id]
    return drafting.facts_of(one, one.route, one.finding, one.case, organisation, urls, now, read.facts)


def _alike_in_words(lead: Notice, first: NoticeFacts, other: NoticeFacts) -> bool:
    """Whether the words are the same for both but for the addresses and when they were seen."""
    places = templates.template(lead.notice_type, lead.language).places()
    return _bare(first, places) == _bare(other, places)


def _bare(given: NoticeFacts, places: set[str]) -> NoticeFacts:
    said = {
        "domain": ("domain", "controller"), "asked": ("asked_to", "asked_on", "asked_proof", "asked_answer"),
        "recipient": ("recipient",),
    }  # fmt: skip
    empty: dict[str, Any] = {"domain": "", "asked": None, "recipient": ""}
    unsaid = {name: empty[name] for name, where in said.items() if not places & set(where)}
    return replace(
        given, reference="", organisation=notice.Organisation("", "", ""), locations=(), seen=None, since=None,
        captures=(), looks=(), earlier_notices=(), **unsaid,
    )  # fmt: skip


def _draft(lead: Notice, given: list[NoticeFacts]) -> Notice | None:
    """The lead's notice naming everything, as a copy that is not kept; None where it cannot be written so."""
    first = given[0]
    whole = replace(
        first,
        locations=tuple({place.url: place for one in given for place in one.locations}.values()),
        seen=min((one.seen for one in given if one.seen), default=None),
        since=min((one.since for one in given if one.since), default=None),
        captures=tuple(dict.fromkeys(cap for one in given for cap in one.captures)),
        looks=tuple(sorted({look for one in given for look in one.looks}, key=lambda look: look.at)),
        earlier_notices=tuple(sorted({was for one in given for was in one.earlier_notices}, key=lambda was: was.sent)),
    )
    try:
        made = notice.draft(lead.notice_type, whole, lead.language)
    except notice.NoticeError:
        return None
    if (made.version, made.language) != (lead.template, lead.language):
        return None
    stand = copy.copy(lead)
    stand.subject_line, stand.text = made.subject, made.text
    stand.answers = [{"field": one.field, "label": one.label, "value": one.value} for one in made.answers]
    if lead.step > 1:
        drafting.remind(stand, lead.route)
    return stand


def _same_thread(lead: Notice, other: Notice) -> bool:
    """Reminders go together where they remind of one mail and answer the same question."""
    if lead.step == 1:
        return True
    mails = [_mail_of(composing.earlier(one)) for one in (lead, other)]
    return mails[0] == mails[1] and drafting.asked(lead.route) == drafting.asked(other.route)


def _mail_of(one: Notice | None) -> Any:
    return (one.together_id or one.pk) if one is not None else None


def members(lead: Notice) -> list[Notice]:
    """Those that left, or leave, in this notice's mail; locked, each after its finding."""
    rows = Notice.objects.filter(together=lead).order_by("pk").values_list("pk", flat=True)
    return [one for pk in rows if (one := locking.notice(pk)) is not None]


def concerned(lead: Notice, text: str) -> list[Notice]:
    """Which of the notices of one mail an answer is about: those an address or reference of which it names outside of
    what it quotes, all of them where it names none."""
    return about([lead, *members(lead)], text)


def about(everybody: list[Notice], text: str) -> list[Notice]:
    """``concerned`` for the notices of one mail that are at hand already, the lead first. Pure."""
    if len(everybody) == 1:
        return everybody
    lead = everybody[0]
    said = unquoted(text).casefold().replace("hxxp", "http").replace("[.]", ".")
    # The lead's reference stands over the whole mail: it names nobody.
    named = [one for one in everybody if _names(said, one, one.pk != lead.pk)]
    return named or everybody


def _names(said: str, one: Notice, by_reference: bool) -> bool:
    urls: Any = one.urls
    wanted: Iterable[str] = [str(url).casefold() for url in urls or ()]
    return (by_reference and one.reference.casefold() in said) or any(_whole(url, said) for url in wanted)


def _whole(url: str, said: str) -> bool:
    """The address as a whole, not as the beginning of another."""
    at = said.find(url)
    while at >= 0:
        after = said[at + len(url) : at + len(url) + 1]
        if not after or not (after.isalnum() or after in "/?&=_-%#"):
            return True
        at = said.find(url, at + 1)
    return False
