"""Rows of an invented case, one kind at a time, as the rooms would have written them after years of work.

No picture is behind any of it: fingerprints are random numbers, and sites have names that cannot exist.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from efface.accounts.models import Member, User
from efface.cases import consents, events, opening
from efface.cases import messages as letters
from efface.cases.models import Case, Fingerprint, FingerprintKind, Level, Purpose
from efface.engine.base import objects, training
from efface.search import urls
from efface.search.models import Asset, Finding, FindingState, Match, Media, Sighting
from efface.sites.models import Site
from efface.takedown.models import Check, Inbound, Notice, Route

ENGINE = "engine"
USUAL = (Purpose.HASH_MATCH, Purpose.NOTIFY, Purpose.CONTACT_OPERATOR)


@dataclass
class Stage:
    """Where a scene is set: for which member, at which moment; ``draw`` gives the same numbers for the same seed.
    ``mark`` stands in every name of a site, so that no two members share one."""

    member: Member
    now: datetime
    draw: random.Random
    cases: int = field(default=0)

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.member.pk.bytes).hexdigest()[:5]

    @property
    def colleague(self) -> User:
        """The invented colleague of the house (``houses``)."""
        rows = Member.objects.filter(user__email__endswith=training.INVENTED, user__is_active=True).order_by("pk")
        return rows.exclude(pk=self.member.pk).select_related("user")[0].user

    def ago(self, days: float = 0, hours: float = 0) -> datetime:
        return self.now - timedelta(days=days, hours=hours)

    def domain(self, word: str) -> str:
        return f"{word}-{self.mark}{training.INVENTED}"


def pdq(draw: random.Random) -> str:
    """A fingerprint of no picture: 64 hexadecimal digits, half of the bits set as in one of a picture."""
    bits = [1] * 128 + [0] * 128
    draw.shuffle(bits)
    return f"{int(''.join(map(str, bits)), 2):064x}"


def case(stage: Stage, *, age: str = "adult", mine: bool = True, days: float = 20, allows: tuple[str, ...] = USUAL,
         attested: bool = False, **more: Any) -> Case:  # fmt: skip
    """A case with what she allows. ``mine``: the member's; else nobody's."""
    at = stage.ago(days)
    name = f"Subject {chr(65 + stage.cases % 26)}"
    stage.cases += 1
    row = opening.open_case(
        stage.member.organisation_id, ENGINE, age=age, country="DE", language="en", now=at, name=name,
        worker=stage.member.user_id if mine else None, **more,
    ).case  # fmt: skip
    if attested:
        Case.objects.filter(pk=row.pk).update(level=Level.ATTESTED)
        row.level = Level.ATTESTED
    for purpose in allows:
        consents.give(row, purpose, "survivor", at)
    return row


def fingerprint(stage: Stage, owner: Case, value: str, label: str = "Picture 1") -> Fingerprint:
    row = Fingerprint(
        organisation_id=owner.organisation_id, case=owner, kind=FingerprintKind.PDQ, quality=90, age=owner.age,
        created=owner.opened_at,
    )  # fmt: skip
    row.value = {"sha256": hashlib.sha256(value.encode()).hexdigest(), "pdq": [value] * 8}
    row.label = label
    row.save()
    return row


def site(stage: Stage, word: str, **more: Any) -> Site:
    domain = stage.domain(word)
    row, _made = Site.objects.get_or_create(
        domain=domain, defaults={"start_url": f"https://{domain}/", "added_at": stage.ago(90), "origin": "training"}
    )
    given = {"hostility": Site.Hostility.COOPERATIVE, "hostility_why": "", "state": Site.State.ACTIVE} | more
    Site.objects.filter(pk=row.pk).update(**given)
    row.refresh_from_db()
    return row


def match(
    stage: Stage, owner: Case, on: Site, *, kind: str = "pdq", score: float = 4, strong: bool = True,
    state: str = "candidate", days: float = 1, print_of: Fingerprint | None = None, came_back: bool = False,
) -> Match:  # fmt: skip
    """A candidate on a page of ``on``. Of a copy, ``print_of`` is the enrolled picture."""
    number = stage.draw.randrange(1000, 9999)
    page, media_url = f"{on.start_url}v/{number}", f"{on.start_url}full/{number}.jpg"
    at = stage.ago(days)
    value: Any = print_of.value if print_of is not None else {"pdq": [pdq(stage.draw)] * 8}
    media = Media.objects.create(
        sha256=uuid.UUID(int=stage.draw.getrandbits(128)).bytes + uuid.uuid4().bytes, pdq=value["pdq"], quality=90,
        width=800, height=600, first_seen=at, last_seen=at,
    )  # fmt: skip
    seen = Sighting(
        media=media, site=on, page_digest=urls.digest(page), media_digest=urls.digest(media_url), first_seen=at,
        last_seen=at,
    )  # fmt: skip
    seen.page_url, seen.media_url = page, media_url
    seen.save()
    why = _why(kind, score, seen, print_of) + ([{"kind": "return"}] if came_back else [])
    row = Match(
        organisation_id=owner.organisation_id, case=owner, sighting=seen, page_digest=seen.page_digest, kind=kind,
        score=score, strong=strong, reasons=why, state=state, made_at=at,
    )  # fmt: skip
    row.page_url, row.media_url = page, media_url
    row.save()
    return row


def _why(kind: str, score: float, seen: Sighting, print_of: Fingerprint | None) -> list[dict[str, Any]]:
    """As ``search.matching`` writes them."""
    common = {"kind": kind, "fingerprint": str(print_of.pk if print_of else uuid.uuid4()), "sighting": str(seen.pk),
              "role": "media"}  # fmt: skip
    if kind == "face":
        return [common | {"score": score, "threshold": 0.54, "strong_at": 0.61, "strong": score >= 0.61,
                          "region": [0.7, 0.1, 0.2, 0.2], "px": 64}]  # fmt: skip
    return [common | {"distance": int(score), "threshold": 31, "view": "original", "exact": False}]


def finding(
    stage: Stage, owner: Case, on: Site, *, state: str = FindingState.LIVE, days: float = 10,
    print_of: Fingerprint | None = None,
) -> Finding:  # fmt: skip
    """A confirmed match with its asset set."""
    met = match(stage, owner, on, state="confirmed", days=days, print_of=print_of)
    row = Finding(
        organisation_id=owner.organisation_id, case=owner, match=met, site=on, age=owner.age, state=state,
        confirmed_at=stage.ago(days),
    )  # fmt: skip
    row.page_url = met.page_url
    row.save()
    assert met.sighting is not None
    for role, url in (("page", str(met.page_url)), ("media", str(met.media_url))):
        one = Asset(
            organisation_id=owner.organisation_id, case=owner, finding=row, role=role, url_digest=urls.digest(url),
            host=on.domain, pdq=[] if role == "page" else met.sighting.media.pdq, added_at=row.confirmed_at,
        )  # fmt: skip
        one.url = url
        one.save()
    events.record(owner, "finding.confirmed", ENGINE, subject=row.pk, now=row.confirmed_at, match=str(met.pk))
    return row


def notice(
    stage: Stage, about: Finding, *, state: str = Notice.State.DRAFT, role: str = "host",
    party: str = "Example Hosting", contact: str = "", why: str = "It hosts the page.", days: float = 1,
    learns: str = "the address of the page", notice_type: str = "eu_dsa_art16",
) -> Notice:  # fmt: skip
    """A notice by mail to one party about one finding."""
    at = stage.ago(days)
    to = contact or f"abuse@{stage.domain('host')}"
    owned = {"organisation_id": about.organisation_id, "case": about.case, "finding": about}
    route = Route.objects.create(
        **owned, episode=about.episode, position=about.routes.count() + 1, role=role, party_name=party,
        party_key=f"{role}:{to.rpartition('@')[2]}", channel="email", contact=to, notice_type=notice_type, why=why,
        exposure="recipient_only", exposure_lines=[], starts_at=at, planned_at=at, state=Route.State.ACTIVE,
    )  # fmt: skip
    sent = at if state in (Notice.State.SENT, Notice.State.BOUNCED) else None
    row = Notice(
        **owned, route=route, reference=f"TR{stage.draw.randrange(16**6):06X}{uuid.uuid4().hex[:4].upper()}",
        notice_type=notice_type, template=f"{notice_type}/en/1", language="en", channel="email", contact=to,
        state=state, drafted_at=at, sent_at=sent,
        exposure_lines=[{"who": party, "learns": learns, "certain": True}],
    )  # fmt: skip
    row.subject_line = "Notice of illegal content"
    row.text = (
        f"To {party}\n\nOn the page named below stands an intimate picture that was published without the consent of "
        f"the person depicted. We act for her.\n\nPage: {about.page_url}\n\nPlease remove page and file, and tell us "
        f"when that is done.\n\n{stage.member.organisation.name}\n{stage.member.organisation.signatory}\n"
    )
    row.urls = [about.page_url]
    row.save()
    return row


def check(stage: Stage, about: Finding, state: str, reason: str, days: float = 0, hours: float = 1) -> Check:
    return Check.objects.create(
        organisation_id=about.organisation_id, case=about.case, finding=about, episode=about.episode,
        at=stage.ago(days, hours), row=2, state=state, reason=reason, control_ok=state != "unreachable",
    )  # fmt: skip


def reply(stage: Stage, to: Notice, text: str, *, kind: str, confidence: float, because: str, hours: float = 3,
          subject: str = "Re: Notice of illegal content") -> Inbound:  # fmt: skip
    """An answer that the machine could not read for certain."""
    raw = f"From: {to.contact}\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()
    row = Inbound(
        organisation_id=to.organisation_id, case_id=to.case_id, notice=to, at=stage.ago(hours=hours),
        raw=objects.put(to.case_id, raw), digest=hashlib.sha256(to.pk.bytes + raw).digest(), kind=kind,
        confidence=confidence,
    )  # fmt: skip
    row.sender, row.subject_line, row.text, row.because = to.contact, subject, text, because
    row.save()
    return row


def says(stage: Stage, owner: Case, text: str, hours: float = 2) -> uuid.UUID:
    """A message of hers."""
    row = letters.write(owner, from_survivor=True, author="survivor", text=text, now=stage.ago(hours=hours))
    return row.pk
