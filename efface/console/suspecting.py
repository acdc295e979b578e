"""A worker flags a site: it may show children. Asked once more, then the site is stopped for everybody. No picture, no
link that opens."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts.access import STAFF_CASES, view
from efface.accounts.models import Role
from efface.console.opening import actor
from efface.engine.base import clock
from efface.search import stopping
from efface.search.models import Finding, HotlineDraft, Match, Sighting, SiteStop
from efface.search.stopping import Cause
from efface.sites.models import Site


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def suspect(request: Any, kind: str, id: uuid.UUID) -> HttpResponse:
    """``kind`` is match, finding, sighting or site. GET asks once more, POST stops the site."""
    site, address = _meant(kind, id)
    if request.method == "GET":
        return render(request, "console/suspect.html", {
            "site": site, "address": address, "stopped": site.state == Site.State.STOPPED, "kind": kind, "id": id,
        })  # fmt: skip
    cause = Cause(SiteStop.How.PERSON, (kind,), actor(request), request.member.organisation_id)
    made = stopping.stop(site, cause, [address] if address else [], clock.now())
    messages.success(request, _("Stopped. Nothing of the site is looked at any more, and a lead reports it."))
    if request.member.role == Role.LEAD:
        draft = HotlineDraft.objects.get(stop=made)
        return redirect(reverse("console:decision", kwargs={"kind": "suspected", "id": draft.pk}))
    return redirect("console:queue")


def _meant(kind: str, id: uuid.UUID) -> tuple[Site, str]:
    """The site that is meant, and the page where one is."""
    if kind == "match":
        match = Match.objects.select_related("sighting__site").filter(pk=id, sighting__isnull=False).first()
        if match is not None and match.sighting is not None:
            return match.sighting.site, match.page_url or ""
    elif kind == "finding":
        finding = Finding.objects.select_related("site").filter(pk=id).first()
        if finding is not None:
            return finding.site, finding.page_url or ""
    elif kind == "sighting":
        sighting = Sighting.objects.select_related("site").filter(pk=id).first()
        if sighting is not None:
            return sighting.site, sighting.page_url or ""
    elif kind == "site":
        site = Site.objects.filter(pk=id).first()
        if site is not None:
            return site, ""
    raise Http404
