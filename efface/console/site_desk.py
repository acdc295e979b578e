"""What people do with sites: add, judge, merge, change many at once, take back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit
from efface.accounts.access import SITE_EDITORS, SITES, view
from efface.console import places
from efface.console.opening import actor
from efface.console.typed import one_line, place
from efface.engine.base import clock
from efface.sites import finding, history, jobs, merging, networks, registry
from efface.sites.models import Site

MOST_CHOSEN = 500
FIELDS = ("state", "review", "kind", "hostility", "priority")
EACH = 40
"""Discovered sites on one page."""


@view(access=SITES)
@require_POST
def add(request: Any) -> HttpResponse:
    text = one_line(request.POST.get("address", ""), 500)
    try:
        domain, _start = registry.parse(text)
    except registry.NotASite as error:
        messages.warning(request, str(error))
        return redirect("console:sites")
    known = Site.objects.filter(domain=domain).exists()
    one = registry.register(text, clock.now())
    if known:
        messages.info(request, _("This site is in the registry already."))
    else:
        history.record(one, "added", None, one.domain, actor(request), clock.now())
        messages.success(request, _("Added. It is visited, and who stands behind it is looked up."))
    return redirect("console:site", id=one.pk)


@view(access=SITE_EDITORS)
@require_POST
def edit(request: Any, id: uuid.UUID) -> HttpResponse:
    """One field of one site, with its reason. Of an alias its site's."""
    one = get_object_or_404(Site, pk=id)
    values = {name: request.POST[name] for name in FIELDS if request.POST.get(name)}
    why = one_line(request.POST.get("why", ""), 200)
    if "hostility" in values and values["hostility"] != one.hostility and not why:
        return places.page(request, id, problem=_("Please say how you know. No case, no name."), status=422)
    try:
        done = history.edit([one.merged_id or one.pk if "hostility" in values else one.pk], values, actor(request),
                            clock.now(), why=why)  # fmt: skip
    except history.Refused as refusal:
        return places.page(request, id, problem=str(refusal), status=422)
    if done.changed:
        _audit(request, "site.edited", str(done.batch))
        messages.success(request, _("Noted for every case."))
    return redirect("console:site", id=id)


@view(access=SITES)
@require_POST
def look_up(request: Any, id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Site, pk=id)
    jobs.look_up.defer(once=f"lookup:{one.pk}", site=one.pk)
    messages.success(request, _("It is being looked up. The page shows the answer when it is there."))
    return redirect("console:site", id=id)


@view(access=SITE_EDITORS)
@require_POST
def merge(request: Any, id: uuid.UUID) -> HttpResponse:
    """This site becomes an alias of the one named in ``into``."""
    one, text = get_object_or_404(Site, pk=id), one_line(request.POST.get("into", ""), 300)
    try:
        domain, _start = registry.parse(text)
        into = Site.objects.filter(domain=domain).first()
        if into is None:
            raise merging.Refused(_("%(site)s is not in the registry. Please add it first.") % {"site": domain})
        merging.merge(one, into, actor(request), clock.now(), one_line(request.POST.get("why", ""), 200))
    except (registry.NotASite, merging.Refused) as refusal:
        return places.page(request, id, problem=str(refusal), status=422)
    _audit(request, "site.merged", str(id))
    messages.success(request, _("%(alias)s is an alias now.") % {"alias": one.domain})
    return redirect("console:site", id=into.pk)


@view(access=SITE_EDITORS)
@require_POST
def split(request: Any, id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Site, pk=id)
    try:
        merging.split(one, actor(request), clock.now(), one_line(request.POST.get("why", ""), 200))
    except merging.Refused as refusal:
        return places.page(request, id, problem=str(refusal), status=422)
    _audit(request, "site.split", str(id))
    messages.success(request, _("It is a site of its own again."))
    return redirect("console:site", id=id)


@view(access=SITE_EDITORS)
@require_POST
def bulk(request: Any) -> HttpResponse:
    """Many sites at once: the chosen ones, or all of the filter. Asks once more with their number before it acts."""
    now, given = clock.now(), request.POST
    wanted = finding.read(given)
    values = {name: given[f"set_{name}"] for name in FIELDS if given.get(f"set_{name}")}
    back = f"{reverse('console:sites')}?{wanted.query()}"
    if not values:
        messages.warning(request, _("Please choose what to set."))
        return redirect(back)
    everything = given.get("scope") == "all"
    field = "page" if given.get("scope") == "page" else "site"
    if everything:
        ids = list(finding.rows(wanted, now).order_by("pk").values_list("pk", flat=True))
    else:
        chosen = [one for one in map(_uuid, given.getlist(field)[:MOST_CHOSEN]) if one]
        ids = list(Site.objects.filter(pk__in=chosen).order_by("pk").values_list("pk", flat=True))
    if not ids:
        messages.warning(request, _("Please choose the sites first."))
        return redirect(back)
    why = one_line(given.get("why", ""), 200)
    problem = ""
    if given.get("confirmed") == str(len(ids)):
        if "hostility" not in values or why:
            try:
                done = history.edit(ids, values, actor(request), now, why=why)
            except history.Refused as refusal:
                messages.warning(request, str(refusal))
                return redirect(back)
            _audit(request, "sites.edited", str(done.batch))
            messages.success(request, ngettext(
                "%(n)d site changed.", "%(n)d sites changed.", done.changed) % {"n": done.changed})  # fmt: skip
            return redirect(back)
        problem = _("Please say how you know. No case, no name.")
    elif given.get("confirmed"):
        problem = _("The number of sites has changed since you looked. Please read it again.")
    labels = {"state": _("State"), "review": _("Review"), "kind": _("Type"), "hostility": _("Behaviour"),
              "priority": _("Visited")}  # fmt: skip
    shown = places.choices()
    return render(request, "console/bulk.html", {
        "count": len(ids), "filter": wanted, "ids": [] if everything else ids, "everything": everything, "back": back,
        "values": values, "problem": problem, "ask_why": "hostility" in values,
        "words": [(labels[name], dict(shown[name]).get(value, value)) for name, value in values.items()],
        "some": Site.objects.filter(pk__in=ids[:12]).order_by("domain").only("domain"),
    }, status=422 if problem else 200)  # fmt: skip


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@view(access=SITE_EDITORS)
@require_POST
def undo(request: Any, batch: uuid.UUID) -> HttpResponse:
    try:
        done = history.undo(batch, actor(request), clock.now())
    except history.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        _audit(request, "sites.undone", str(batch))
        words = ngettext("%(n)d site is as it was.", "%(n)d sites are as they were.", done.changed) % {
            "n": done.changed}  # fmt: skip
        if done.kept:
            words += " " + ngettext(
                "%(n)d had been changed since and was left alone.", "%(n)d had been changed since and were left alone.",
                done.kept) % {"n": done.kept}  # fmt: skip
        messages.success(request, words)
    return redirect(_next(request))


@view(access=SITES)
@require_GET
def discovered(request: Any) -> HttpResponse:
    """Sites nobody has said yes or no to."""
    now = clock.now()
    rows = Site.objects.filter(review=Site.Review.NEW, merged=None).order_by("-added_at", "-pk")
    mark = request.GET.get("after", "")
    shown = list(finding.after(rows, "-added_at", mark)[: EACH + 1])
    kin = networks.kin_of([one.pk for one in shown[:EACH]])
    return render(request, "console/discovered.html", {
        "sites": [{"site": one, "parties": _parties(one), "kin": kin.get(one.pk, "")} for one in shown[:EACH]],
        "count": rows.count(),
        "keys": request.GET.get("keys") == "1",
        "next": finding.mark_of(shown[EACH - 1], "-added_at") if len(shown) > EACH else "",
        "editor": request.member.role in SITE_EDITORS.roles, "undo": places.last_batch(actor(request), now),
    })  # fmt: skip


def _parties(one: Site) -> list[str]:
    """The first dossier in a line."""
    dossier = one.dossier if isinstance(one.dossier, dict) else {}
    parties = [party for party in dossier.get("parties", []) if isinstance(party, dict)]
    return [f"{party.get('role')}: {party.get('name') or party.get('key')}" for party in parties[:5]]


@view(access=SITES)
@require_POST
def answer(request: Any, id: uuid.UUID) -> HttpResponse:
    """``choice`` is accept, or ignore for leads and coordinators."""
    one, choice = get_object_or_404(Site, pk=id), request.POST.get("choice", "")
    if choice == "ignore" and request.member.role not in SITE_EDITORS.roles:
        return render(request, "403.html", status=403)
    if choice not in ("accept", "ignore"):
        return render(request, "404.html", status=404)
    if one.review != Site.Review.NEW:
        messages.info(request, _("Somebody has answered this already."))
        return redirect("console:discovered")
    if choice == "accept":
        history.accept(one, actor(request), clock.now())
        messages.success(request, _("%(site)s is watched from now on.") % {"site": one.domain})
    else:
        history.ignore(one, actor(request), clock.now())
        messages.success(request, _("%(site)s is put aside.") % {"site": one.domain})
    return redirect(reverse("console:discovered") + "?keys=1")


def _audit(request: Any, action: str, subject: str) -> None:
    audit.record(request.member.organisation_id, actor(request), action, subject, clock.now())


def _next(request: Any) -> str:
    return place(request.POST.get("next", "")) or "console:sites"
