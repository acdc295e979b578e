"""What a partner may do in a case that it brought: open it, add links, read how it stands. Never a picture, never a
name, never an address: what it gave it knows, and what was found is the survivor's."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from efface.cases import events, links, opening
from efface.cases.models import Case, ReportedLink
from efface.engine.base import sealing
from efface.partners import delivering, keys
from efface.partners.models import Hook, News, Partner, PartnerCase, PartnerFeed, PartnerLink, Scope
from efface.search.models import Finding

PAGE, LARGEST_PAGE = 50, 200
MOST_LINKS = 50


class Unknown(LookupError):
    """The case is not one that this partner brought, or there is none with this id."""


class NotOpen(ValueError):
    """The case is paused, closed or erased: nothing is added to it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of rows in the order they were made, and where the next one begins ("" at the end)."""

    rows: Sequence[dict[str, Any]]
    after: str


def actor(partner: Partner) -> str:
    return f"partner:{partner.pk}"


def open_case(partner: Partner, given: dict[str, Any], now: datetime) -> tuple[PartnerCase, str]:
    """A case of its own and the access code, which the partner hands to the survivor. ``given``: age, country,
    language, acquisition, danger. Nothing is used before she gave her consents in the portal."""
    opened = opening.open_case(
        partner.organisation_id, actor(partner), age=given["age"], country=given["country"],
        language=given["language"], acquisition=given["acquisition"], danger=given["danger"], now=now,
    )  # fmt: skip
    row = PartnerCase.objects.create(
        organisation_id=partner.organisation_id, case=opened.case, partner=partner, at=now
    )
    return row, opened.access_code


def case_of(partner: Partner, case_id: uuid.UUID) -> Case:
    """Raises ``Unknown``: for a case of somebody else as for none."""
    row = PartnerCase.objects.select_related("case").filter(partner=partner, case_id=case_id, ended_at=None).first()
    if row is None:
        raise Unknown("no such case")
    return row.case


@dataclass(frozen=True, slots=True)
class Sight:
    """What one partner sees of one case. ``stands``: its key works; ``reads``: it may ask how the case stands;
    ``told``: it is told of changes, ``waiting`` of which have not arrived yet; ``adds``: it may add links; ``dated``:
    it has a calendar. All of them False once it ended."""

    id: uuid.UUID
    name: str
    since: datetime
    ended_at: datetime | None
    stands: bool
    reads: bool
    told: bool
    adds: bool
    dated: bool
    waiting: int


def sights(case: Case, now: datetime) -> list[Sight]:
    """What each partner sees of this case, or saw, the first first."""
    rows = seen_by(case)
    standing = Hook.objects.filter(partner__in=[row.partner_id for row in rows], ended_at=None)
    hooked = set(standing.values_list("partner", flat=True))
    news = News.objects.filter(case=case, state__in=(News.State.WAITING, News.State.STUCK))
    waiting = dict(news.values_list("hook__partner").annotate(n=Count("id")))
    feeds = PartnerFeed.objects.filter(partner__in=[row.partner_id for row in rows], ended_at=None)
    dated = set(feeds.values_list("partner", flat=True))
    return [
        _sight(row, row.partner_id in hooked, row.partner_id in dated, waiting.get(row.partner_id, 0), now)
        for row in rows
    ]


def _sight(row: PartnerCase, hooked: bool, dated: bool, waiting: int, now: datetime) -> Sight:
    stands, scopes = row.ended_at is None and keys.standing(row.partner, now) == "good", row.partner.scopes
    return Sight(
        id=row.pk, name=row.partner.name, since=row.at, ended_at=row.ended_at, stands=stands,
        reads=stands and Scope.CASES_READ in scopes, told=stands and hooked,
        adds=stands and Scope.LINKS_ADD in scopes, dated=stands and dated and Scope.CASES_READ in scopes,
        waiting=waiting,
    )  # fmt: skip


def seen_by(case: Case) -> list[PartnerCase]:
    """Whoever brought it or did once, the first first."""
    return list(PartnerCase.objects.filter(case=case).select_related("partner").order_by("at", "id"))


def end_sight(case: Case, actor: str, now: datetime, partner: Partner | None = None) -> int:
    """No partner, or this one no more, sees anything of this case, and none is told of news: what waited to be told
    is withdrawn. Counts from this moment. Returns how many saw it."""
    # What happens at the same moment is told before or not at all: news are written under the same lock.
    Case.objects.select_for_update(no_key=True).only("pk").get(pk=case.pk)
    rows = PartnerCase.objects.select_for_update().filter(case=case, ended_at=None)
    partners = list((rows.filter(partner=partner) if partner is not None else rows).values_list("partner", flat=True))
    for one in partners:
        PartnerCase.objects.filter(case=case, partner=one).update(ended_at=now)
        delivering.withdraw(one, case.pk)
        events.record(case, "partner.ended", actor, subject=one, now=now)
    return len(partners)


def add_link(partner: Partner, case: Case, url: str, now: datetime) -> tuple[PartnerLink, bool]:
    """The link, and whether it is new. Raises ``NotOpen`` and ``efface.cases.messages.Unusable``."""
    if case.state != Case.State.OPEN:
        raise NotOpen(case.state)
    digest = sealing.digest("partner-link", f"{case.pk}:{url.strip()}")
    # One after another in a case: of the same link sent twice at once the second comes upon the first.
    Case.objects.select_for_update(no_key=True).only("pk").get(pk=case.pk)
    known = PartnerLink.objects.select_related("link").filter(partner=partner, case=case, digest=digest).first()
    if known is not None:
        return known, False
    link = links.report(case, url, actor(partner), now)
    row = PartnerLink.objects.create(
        organisation_id=case.organisation_id, case=case, partner=partner, link=link, digest=digest, at=now
    )
    return row, True


def cases(partner: Partner, after: uuid.UUID | None, most: int) -> Listed:
    rows = PartnerCase.objects.filter(partner=partner, ended_at=None).select_related("case").order_by("id")
    found, more = _page(rows, after, most)
    return Listed([case_state(one.case) for one in found], more)


def findings(partner: Partner, case: Case, after: uuid.UUID | None, most: int) -> Listed:
    """How each finding stands. Not where it is, and nothing of what it shows."""
    found, more = _page(Finding.objects.filter(case=case).order_by("id"), after, most)
    return Listed([finding_state(one) for one in found], more)


def case_links(partner: Partner, case: Case, after: uuid.UUID | None, most: int) -> Listed:
    rows = PartnerLink.objects.filter(partner=partner, case=case).select_related("link").order_by("id")
    found, more = _page(rows, after, most)
    return Listed([link_state(one) for one in found], more)


def _page(rows: Any, after: uuid.UUID | None, most: int) -> tuple[list[Any], str]:
    most = max(1, min(most, LARGEST_PAGE))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows[: most + 1])
    return found[:most], str(found[most - 1].pk) if len(found) > most else ""


def case_state(case: Case) -> dict[str, Any]:
    return {
        "id": str(case.pk), "reference": case.reference, "state": case.state, "opened_at": case.opened_at,
        "closed_at": case.closed_at,
    }  # fmt: skip


def finding_state(finding: Finding) -> dict[str, Any]:
    return {
        "id": str(finding.pk), "state": finding.state, "confirmed_at": finding.confirmed_at, "gone_at": finding.gone_at,
        "episode": finding.episode,
    }  # fmt: skip


def link_state(row: PartnerLink) -> dict[str, Any]:
    """``received`` until somebody looked, then ``looked-at``; what was seen there is in the findings, if anything."""
    link: ReportedLink = row.link
    return {"id": str(row.pk), "state": "looked-at" if link.handled_at else "received", "added_at": row.at}
