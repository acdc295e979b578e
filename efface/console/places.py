"""Sites: the registry as a list, and one site: who stands behind it, how their desks behaved. No case contents."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from efface.accounts.access import SITE_EDITORS, SITES, STAFF_CASES, view
from efface.console.opening import actor
from efface.engine.base import clock, text
from efface.sites import dossiers, finding, history, registry
from efface.sites.models import Network, Site, SiteChange

MOST_NETWORKS = 500
MOST_COUNTED = 10_000
"""Beyond, the list says "more than"; before many are changed they are counted to the last."""
MOST_CSV = 200_000


@view(access=SITES)
@require_GET
def sites(request: Any) -> HttpResponse:
    """The registry. The filter is the address of the page; ``after`` is where the page before ended."""
    now, wanted = clock.now(), finding.read(request.GET)
    found = finding.rows(wanted, now)
    shown = list(finding.after(found, wanted.order, request.GET.get("after", ""))[: finding.PAGE + 1])
    more = len(shown) > finding.PAGE
    count = found.order_by()[: MOST_COUNTED + 1].count()
    shown = shown[: finding.PAGE]
    return render(request, "console/sites.html", {
        "sites": [{"site": one, "age": finding.age(one, now), "reads": _reads(one)} for one in shown],
        "filter": wanted,
        "query": wanted.query(), "all": min(count, MOST_COUNTED), "many": count > MOST_COUNTED,
        "begun": bool(request.GET.get("after")),
        "next": finding.mark_of(shown[-1], wanted.order) if more else "",
        "near": finding.near(wanted.words) if wanted.words and not shown else [],
        "choices": choices(), "editor": request.member.role in SITE_EDITORS.roles,
        "waiting": Site.objects.filter(review=Site.Review.NEW, merged=None).count(),
        "undo": last_batch(actor(request), now),
    })  # fmt: skip


def _reads(one: Site) -> str:
    """How a domain reads to people, where that is not how it is written."""
    shown = registry.reads_as(one.domain) if "xn--" in one.domain else one.domain
    return "" if shown == one.domain else shown


def choices() -> dict[str, Any]:
    return {
        "state": Site.State.choices, "review": Site.Review.choices, "kind": Site.Kind.choices,
        "hostility": Site.Hostility.choices, "priority": Site.Priority.choices,
        "settable": [one for one in Site.State.choices if one[0] != Site.State.STOPPED],
        "network": [(str(one.pk), one.name) for one in Network.objects.order_by("name")[:MOST_NETWORKS]],
        "fresh": [("never", _("never looked up")), ("old", _("more than 30 days old")), ("fresh", _("fresh"))],
        "covered": [("yes", _("yes")), ("no", _("no"))],
        "order": [
            ("domain", _("domain")), ("-added_at", _("newest first")), ("added_at", _("oldest first")),
            ("-looked_up_at", _("looked up last")), ("looked_up_at", _("longest not looked up")),
        ],
    }  # fmt: skip


def last_batch(by: str, now: datetime) -> dict[str, Any] | None:
    """What this person last changed together and can take back still."""
    recent = SiteChange.objects.filter(by=by, at__gt=now - history.UNDO_FOR, what__in=history.EDITED)
    last = recent.exclude(batch=None).order_by("-at", "-pk").first()
    if last is None or last.undoes or SiteChange.objects.filter(undoes=last.batch).exists():
        return None
    count = SiteChange.objects.filter(batch=last.batch).values("site").distinct().count()
    return {"batch": last.batch, "count": count, "until": last.at + history.UNDO_FOR}


@view(access=SITES)
@require_GET
def site(request: Any, id: uuid.UUID) -> HttpResponse:
    return page(request, id)


def page(request: Any, id: uuid.UUID, *, problem: str = "", status: int = 200) -> HttpResponse:
    """One site. ``problem`` is why something asked for could not be done."""
    one, now = get_object_or_404(Site.objects.select_related("network", "merged"), pk=id), clock.now()
    dossier = one.dossier if isinstance(one.dossier, dict) else {}
    return render(request, "console/site.html", {
        "site": one, "dossier": dossier, "chain": dossiers.chain(one, now), "changes": dossiers.changes(one),
        "aliases": one.aliases.order_by("domain").only("domain"), "age": finding.age(one, now), "problem": problem,
        "siblings": one.network.sites.exclude(pk=one.pk).order_by("domain").only("domain")[:200] if one.network else [],
        "editor": request.member.role in SITE_EDITORS.roles, "choices": choices(),
        "may_flag": request.member.role in STAFF_CASES.roles,
        "undo": last_batch(actor(request), now),
    }, status=status)  # fmt: skip


class _Echo:
    def write(self, value: str) -> str:
        return value


HEAD = ("domain", "state", "review", "type", "hostility", "network", "country", "covered", "looked_up", "added")


def lines(found: Iterable[Site]) -> Iterator[str]:
    table = csv.writer(_Echo())
    yield "\ufeff"
    yield table.writerow(HEAD)
    for one in found:
        yield table.writerow([text.cell(cell) for cell in (
            one.domain, one.state, one.review, one.kind, one.hostility, one.network.name if one.network else "",
            one.country, "yes" if one.covered else "no", one.looked_up_at.date() if one.looked_up_at else "",
            one.added_at.date(),
        )])  # fmt: skip


@view(access=SITES)
@require_GET
def as_csv(request: Any) -> HttpResponse:
    """Every site of the filter as CSV, for a table program."""
    found = finding.rows(finding.read(request.GET), clock.now())[:MOST_CSV]
    # Read here, in the request's transaction: a stream outlives it.
    answer = HttpResponse("".join(lines(found.iterator(2000))), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="sites.csv"'
    return answer
