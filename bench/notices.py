"""Planning and drafting stay linear: what a notice for 500 addresses costs beside one for five, and many findings
beside few, with real rows in PostgreSQL; and the words alone, for every notice type that such facts complete."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.installed import NOW, Place, installation

FEW, MANY = 5, 500
TURNS = 5
HOST = "pictures.example"


def run(findings: int) -> dict[str, Any]:
    with installation() as place:
        drafted = _drafting(place)
        planned = _planning(place, findings)
    words = _words()
    return {
        "urls": [FEW, MANY], "draft_ms": {str(number): round(ms, 2) for number, ms in drafted.items()},
        "draft_ratio": round(drafted[MANY] / drafted[FEW], 2),
        "words_ratio": max(words.values()), "words": words,
        "findings": [findings // 10, findings],
        "plan_ms_a_finding": {str(number): round(ms, 2) for number, ms in planned.items()},
        "plan_ratio_a_finding": round(planned[findings] / planned[findings // 10], 2),
        "note": "medians of several turns; a draft ratio of 100 would be linear in addresses, a plan ratio of 1 in "
                "findings",
    }  # fmt: skip


def _finding(place: Place, number: int, urls: int) -> Any:
    """A confirmed finding with ``urls`` places, all of them still there."""
    from efface.cases.models import Case
    from efface.search import urls as urls_of
    from efface.search.models import Asset, Finding, Match, Media, Sighting
    from efface.sites.models import Site

    case = Case.objects.get(pk=place.case)
    domain = f"n{number}.{HOST}"
    site = Site.objects.create(domain=domain, start_url=f"http://{domain}/", added_at=NOW)
    page, first = f"http://{domain}/v/1", f"http://{domain}/full/0.jpg"
    media = Media.objects.create(
        sha256=hashlib.sha256(domain.encode()).digest(), pdq=["f0" * 32] * 8, first_seen=NOW, last_seen=NOW
    )
    sighting = Sighting.objects.create(
        media=media, site=site, page_digest=urls_of.digest(page), media_digest=urls_of.digest(first), first_seen=NOW,
        last_seen=NOW, page_url=page, media_url=first,
    )  # fmt: skip
    owned: dict[str, Any] = {"organisation_id": place.organisation, "case": case}
    match = Match.objects.create(
        **owned, sighting=sighting, page_digest=urls_of.digest(page), kind="pdq", score=6, strong=True, page_url=page,
        media_url=first, state="confirmed", made_at=NOW,
    )  # fmt: skip
    finding = Finding.objects.create(**owned, match=match, site=site, age="adult", page_url=page, confirmed_at=NOW)
    for role, url in [("page", page), *(("media", f"http://{domain}/full/{one}.jpg") for one in range(urls - 1))]:
        Asset.objects.create(**owned, finding=finding, role=role, url=url, url_digest=urls_of.digest(url), host=domain,
                             added_at=NOW)  # fmt: skip
    return finding


def _route(finding: Any, number: int) -> Any:
    from efface.takedown.models import Route

    return Route.objects.create(
        organisation_id=finding.organisation_id, case=finding.case, finding=finding, episode=1, position=0,
        party_key=f"host:AS{64500 + number}", role="host", party_name="Example Hosting", country="NL", covers=[],
        channel="email", contact=f"abuse@host{number}.example", notice_type="eu_dsa_art16", why="hosts it",
        exposure="recipient_only", planned_at=NOW, starts_at=NOW,
    )  # fmt: skip


def _drafting(place: Place) -> dict[int, float]:
    """Milliseconds of one drafted notice, by the number of its addresses."""
    from efface.engine.base import clock, tenancy
    from efface.takedown import drafting

    took: dict[int, list[float]] = {FEW: [], MANY: []}
    number = 0
    with clock.fixed(NOW):
        # The first fills caches and is not counted.
        for turn in range(TURNS + 1):
            for urls in (FEW, MANY):
                number += 1
                with tenancy.organisation(place.organisation):
                    route = _route(_finding(place, number, urls), number)
                with tenancy.organisation(place.organisation):
                    rows = type(route).objects.select_related("finding__site", "finding__match", "case")
                    route = rows.get(pk=route.pk)
                    began = time.perf_counter()
                    made = drafting.draft(route, NOW)
                    seconds = time.perf_counter() - began
                if len(made.urls) != urls:
                    raise RuntimeError(f"{urls} addresses were to be named and {len(made.urls)} are")
                if turn:
                    took[urls].append(seconds)
    return {urls: statistics.median(found) * 1000 for urls, found in took.items()}


def _planning(place: Place, findings: int) -> dict[int, float]:
    """Milliseconds a finding to plan it and draft what is due at once, in a case with few findings and with many."""
    from efface.engine.base import clock, tenancy
    from efface.takedown import ladder, locking, planning

    took = {}
    first = 100_000
    with clock.fixed(NOW):
        for count in (findings // 10, findings):
            with tenancy.organisation(place.organisation):
                made = [_finding(place, first + number, FEW).pk for number in range(count)]
            first += count
            began = time.perf_counter()
            for pk in made:
                with tenancy.organisation(place.organisation):
                    row = locking.finding(pk)
                    assert row is not None
                    planning.apply(row, _dossier(row), NOW)
                    ladder.begin_due(row, NOW)
            took[count] = (time.perf_counter() - began) / count * 1000
    return took


def _dossier(finding: Any) -> Any:
    from efface.whereabouts.model import Contact, Dossier, Party

    def mail(value: str) -> Contact:
        return Contact("email", value, "rdap", confidence=0.9)

    domain = finding.site.domain
    return Dossier(str(finding.page_url), domain, domain, parties=[
        Party("operator", f"operator:{domain}", domain, contacts=[mail(f"dmca@{domain}")]),
        Party("host", "host:AS64500", "Example Hosting", country="DE", covers=[domain],
              contacts=[mail("abuse@host.example")]),
        Party("registrar", "registrar:9", "Names", contacts=[mail("abuse@names.example")]),
    ])  # fmt: skip


def _words() -> dict[str, float]:
    """The words alone, by notice type: the time for many addresses over the time for few."""
    from efface.law import load
    from efface.takedown import notice

    def facts(urls: int) -> notice.NoticeFacts:
        return notice.NoticeFacts(
            reference="EF-2F7K", recipient="Example Hosting", recipient_role="host", prepared=NOW, seen=NOW, since=NOW,
            organisation=notice.Organisation("Example Helpline", "n-2f7k@reply.helpline.example", "helpline.example"),
            locations=tuple(notice.Location("media", f"https://{HOST}/full/{one}.jpg") for one in range(urls)),
            authorised=True, not_consensual=True, believed=True, adult=True, nature="authentic", domain=HOST,
            offences=("§ 201a StGB",), residence="DE", paid=False, never=frozenset({"Subject A"}),
        )  # fmt: skip

    found = {}
    for one in sorted(load().notices):
        try:
            notice.draft(one, facts(FEW))
        except notice.NoticeError:
            continue
        few, many = (_took(partial(notice.draft, one, facts(urls))) for urls in (FEW, MANY))
        found[one] = round(many / few, 2)
    return found


def _took(act: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(TURNS):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
