"""People and cases for tests of the doors."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from tests.conftest import NOON, make_organisation, role

PASSWORD = "a long enough pass phrase"


def worker(
    organisation: Any, as_role: str = "caseworker", name: str = "", password: str | None = None, *, trained: bool = True
) -> Any:
    """A member; caseworkers and leads trained for the conversation that opens face search.

    Hashing a password is slow on purpose: only who signs in at the door needs one."""
    from efface.accounts.models import Member, User
    from efface.engine.base import tenancy

    user = User.objects.create_user(
        f"{as_role}-{uuid.uuid4().hex[:8]}@desk.example", password, name=name or as_role.title(), created=NOON
    )
    with tenancy.organisation(organisation.pk):
        Member.objects.create(
            organisation=organisation, user=user, role=as_role,
            trained_at=NOON if trained and as_role in ("caseworker", "lead") else None,
        )  # fmt: skip
    return user


def permit_faces(organisation: Any) -> Any:
    """Face search is on in this organisation, as a coordinator recorded it."""
    from efface.accounts.models import FaceSearchPermission
    from efface.engine.base import tenancy

    user = worker(organisation, "coordinator")
    with tenancy.organisation(organisation.pk):
        FaceSearchPermission.objects.create(
            organisation=organisation, impact_assessment="x", legal_basis="x", countries="DE", recorded_by=user,
            recorded_at=NOON,
        )  # fmt: skip
    return organisation


def signed_in(user: Any, *, second_step: bool = True) -> Client:
    """A session with password and, as a rule, second step behind it."""
    from efface.accounts import second

    client = Client()
    client.force_login(user)
    if second_step:
        session = client.session
        session[second.PASSED] = str(user.pk)
        session.save()
    return client


def open_case(organisation: Any, **more: Any) -> Any:
    """``Opened``: the case and its access code."""
    from efface.cases import opening
    from efface.engine.base import tenancy

    given = {"age": "adult", "country": "DE", "language": "en", "now": NOON, **more}
    with tenancy.organisation(organisation.pk):
        return opening.open_case(organisation.pk, "caseworker:test", **given)


def entered(code: str) -> Client:
    client = Client()
    answer = client.post("/enter/", {"code": code})
    assert answer.status_code == 302, answer.content
    return client


def make_site(domain: str = "pictures.example") -> Any:
    from efface.sites.models import Site

    return Site.objects.get_or_create(domain=domain, defaults={"start_url": f"https://{domain}/", "added_at": NOON})[0]


def make_match(
    case: Any,
    *,
    kind: str = "pdq",
    score: float = 4,
    strong: bool = True,
    state: str = "candidate",
    page: str = "https://pictures.example/p/1",
    at: datetime = NOON,
    reasons: Any = None,
) -> Any:
    from efface.search.models import Match, Media, Sighting

    digest = hashlib.sha256(page.encode()).digest()
    media = Media.objects.create(
        sha256=hashlib.sha256(uuid.uuid4().bytes).digest(), width=800, height=600, first_seen=at, last_seen=at
    )
    sighting = Sighting(
        media=media, site=make_site(), page_digest=digest, media_digest=digest, first_seen=at, last_seen=at
    )
    sighting.page_url, sighting.media_url = page, page + ".jpg"
    sighting.save()
    match = Match(
        organisation_id=case.organisation_id,
        case=case,
        sighting=sighting,
        page_digest=digest,
        kind=kind,
        score=score,
        strong=strong,
        state=state,
        made_at=at,
        reasons=reasons if reasons is not None else [_reason(kind, score, sighting.pk)],
    )
    match.page_url, match.media_url = page, page + ".jpg"
    match.save()
    return match


def _reason(kind: str, score: float, sighting: uuid.UUID) -> dict[str, Any]:
    """As ``search.matching`` writes them."""
    common = {"kind": kind, "fingerprint": str(uuid.uuid4()), "sighting": str(sighting), "role": "media"}
    if kind == "face":
        return common | {"score": score, "threshold": 0.54, "strong_at": 0.61, "strong": score >= 0.61,
                         "region": [0.7, 0.1, 0.2, 0.2], "px": 64}  # fmt: skip
    return common | {"distance": int(score), "threshold": 31, "view": "original", "exact": False}


def make_finding(case: Any, *, age: str = "adult", state: str = "live", page: str = "https://pictures.example/p/2",
                 kind: str = "pdq", at: datetime = NOON) -> Any:  # fmt: skip
    from efface.search.models import Finding

    match = make_match(case, page=page, state="confirmed", kind=kind, score=0.7 if kind == "face" else 4, at=at)
    finding = Finding(
        organisation_id=case.organisation_id,
        case=case,
        match=match,
        site=match.sighting.site,
        age=age,
        state=state,
        confirmed_at=at,
    )
    finding.page_url = page
    finding.save()
    return finding


def make_notice(finding: Any, *, state: str = "draft", channel: str = "email", contact: str = "abuse@host.example",
                at: datetime = NOON, **more: Any) -> Any:  # fmt: skip
    from efface.takedown.models import Notice, Route

    route = Route.objects.create(
        organisation_id=finding.organisation_id,
        case=finding.case,
        finding=finding,
        episode=1,
        position=Route.objects.filter(finding=finding).count() + 1,
        party_key=f"host:{uuid.uuid4().hex[:6]}",
        role="host",
        party_name="Example Hosting",
        channel=channel,
        contact=contact,
        notice_type="eu_dsa_art16",
        why="It hosts the page.",
        exposure="recipient_only",
        exposure_lines=[],
        starts_at=at,
        planned_at=at,
        state="active",
    )
    notice = Notice(
        organisation_id=finding.organisation_id,
        case=finding.case,
        route=route,
        finding=finding,
        reference=uuid.uuid4().hex[:10].upper(),
        notice_type="eu_dsa_art16",
        template="eu_dsa_art16/en/1",
        language="en",
        channel=channel,
        contact=contact,
        state=state,
        drafted_at=at,
        exposure_lines=[{"who": "Example Hosting", "learns": "the address of the page", "certain": True}],
        **more,
    )
    notice.subject_line, notice.text = "Notice of illegal content", "The complete text.\nEvery line of it."
    notice.answers = [{"field": "urls", "label": "Addresses", "value": finding.page_url}]
    notice.save()
    return notice


def make_check(finding: Any, state: str = "live", at: datetime = NOON) -> Any:
    from efface.takedown.models import Check

    return Check.objects.create(
        organisation_id=finding.organisation_id,
        case=finding.case,
        finding=finding,
        episode=1,
        at=at,
        row=2,
        state=state,
        reason="The page still serves the picture.",
        control_ok=True,
        next_at=at + timedelta(hours=24),
    )


__all__ = ["make_organisation", "role"]
