"""Find: a case, a notice, a site, a page by its whole address, what the law says, who helps, guides, and help.

Everybody finds what is knowledge; cases, notices and pages only those who work on cases.

What is sealed is found by its keyed digest: a page only by its whole address, never by a part of it. Names, messages
and notes cannot be searched, and the page says so. The words go by POST and so stand in no address, log or history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts.access import MEMBERS, SITES, STAFF_CASES, view
from efface.cases.models import Case
from efface.console import handbook, helping, knowledge
from efface.console.typed import one_line
from efface.engine.base import training
from efface.law import load
from efface.search import urls
from efface.search.models import Asset, Match
from efface.sites.models import Site
from efface.takedown.models import Notice
from efface.training import exercises

EACH, SHORTEST, LONGEST = 10, 2, 800


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a result leads, its words, and what stands beside it."""

    url: str
    words: str
    beside: str = ""


@view(access=MEMBERS)
@require_http_methods(["GET", "POST"])
def find(request: Any) -> HttpResponse:
    wanted = one_line(request.POST.get("q", ""), LONGEST)
    role = request.member.role
    groups = seek(wanted, role) if len(wanted) >= SHORTEST else []
    shown = {
        "wanted": wanted, "groups": groups, "asked": request.method == "POST", "shortest": SHORTEST,
        "works": role in STAFF_CASES.roles,
    }  # fmt: skip
    return render(request, "console/find.html", shown)


def seek(wanted: str, role: str) -> list[tuple[str, list[Hit]]]:
    """Groups of results that have any, in this order; of each only what this role may open."""
    groups: list[tuple[str, list[Hit]]] = []
    if role in STAFF_CASES.roles:
        groups += [(_("Pages"), _pages(wanted)), (_("Cases"), _cases(wanted)), (_("Notices"), _notices(wanted))]
    if role in SITES.roles:
        groups.append((_("Sites"), _sites(wanted)))
    groups += [(_("Guides"), _guides(wanted)), (_("Who helps"), _people(wanted))]
    if role in STAFF_CASES.roles:
        groups += [(_("Exercises"), _exercises(wanted)), (_("Help"), _help(wanted))]
    if role in SITES.roles:
        groups.append((_("Law"), _law(wanted)))
    return [(name, hits) for name, hits in groups if hits]


def refang(text: str) -> str:
    """An address as the desk shows it (hxxps, [.]) as it is."""
    return text.replace("[.]", ".").replace("hxxp", "http", 1).replace("[:]", ":")


def _pages(wanted: str) -> list[Hit]:
    address = refang(wanted)
    if "://" not in address:
        return []
    digest = urls.digest(address)
    found: dict[Any, Hit] = {}
    for match in Match.objects.filter(page_digest=digest).select_related("case")[:EACH]:
        found[match.case_id] = _of_case(match.case, str(match.get_state_display()))
    for asset in Asset.objects.filter(url_digest=digest).select_related("case", "finding__site")[:EACH]:
        found[asset.case_id] = _of_case(asset.case, f"{asset.finding.site.domain}: {asset.finding.get_state_display()}")
    return list(found.values())[:EACH]


def _of_case(case: Case, beside: str) -> Hit:
    return Hit(reverse("console:case", args=[case.pk]), case.reference, beside)


def _cases(wanted: str) -> list[Hit]:
    rows = Case.objects.exclude(state=Case.State.ERASED).filter(reference__startswith=wanted.upper()[:12])
    return [_of_case(row, str(row.get_state_display())) for row in rows.order_by("reference")[:EACH]]


def _notices(wanted: str) -> list[Hit]:
    rows = Notice.objects.filter(reference__istartswith=wanted[:24]).select_related("case", "route")
    return [
        Hit(
            reverse("console:notice-text", args=[row.pk]), row.reference,
            f"{row.case.reference} · {row.route.party_name or row.route.party_key} · {row.get_state_display()}",
        )
        for row in rows.order_by("reference")[:EACH]
    ]  # fmt: skip


def _sites(wanted: str) -> list[Hit]:
    address = refang(wanted).lower()
    domain = urls.host_of(address) if "://" in address else address
    domain = domain.removeprefix("www.")
    if not domain:
        return []
    rows = Site.objects.filter(domain__contains=domain).order_by("domain")[:EACH]
    return [Hit(reverse("console:site", args=[row.pk]), row.domain, str(row.get_hostility_display())) for row in rows]


def _help(wanted: str) -> list[Hit]:
    return [Hit(f"{reverse('console:help')}#{topic.key}", str(topic.title)) for topic in helping.search(wanted)[:EACH]]


def _guides(wanted: str) -> list[Hit]:
    words = wanted.casefold().split()
    found = [one for one in handbook.guides() if all(word in one.text.casefold() for word in words)]
    return [Hit(reverse("console:guide", args=[one.code]), one.title) for one in found[:EACH]]


def _people(wanted: str) -> list[Hit]:
    return [
        Hit(f"{reverse('console:knowledge')}?{urlencode({'q': wanted, 'place': row['place'].id})}", row["desk"].name,
            f"{row['place'].name} · {row['kind']}")
        for row in knowledge.people(wanted)[:EACH]
    ]  # fmt: skip


def _exercises(wanted: str) -> list[Hit]:
    if not training.here():
        return []
    words, language = wanted.casefold().split(), get_language() or "en"
    found = []
    for key, one in exercises.all_of_them().items():
        title = exercises.in_language(one.title, language)
        text = f"{title} {exercises.in_language(one.learn, language)}".casefold()
        if all(word in text for word in words):
            found.append(Hit(reverse("console:training-exercise", args=[key]), title))
    return found[:EACH]


def _law(wanted: str) -> list[Hit]:
    held, low = load(), wanted.casefold()
    hits = [
        Hit(reverse("console:law-notice", args=[one.id]), one.name, one.law)
        for one in held.notices.values()
        if low in f"{one.name} {one.law} {one.id}".casefold()
    ]
    hits += [
        Hit(reverse("console:law-place", args=[one.id]), one.name)
        for one in held.jurisdictions.values()
        if low in one.name.casefold() or low == one.id
    ]
    hits += [
        Hit(reverse("console:law-desk", args=[one.id]), one.name)
        for one in held.channels.values()
        if low in one.name.casefold()
    ]
    return hits[:EACH]
