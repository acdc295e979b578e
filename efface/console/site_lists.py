"""Lists of sites and facts of other organisations, taken in and given."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts import audit
from efface.accounts.access import COORDINATION, SITE_EDITORS, view
from efface.cases import uploading
from efface.console.opening import actor
from efface.console.typed import one_line
from efface.engine.base import clock
from efface.net import sitelist
from efface.sites import facts, history, importing, sharing
from efface.sites.models import FactsImport, FactsKey

MOST_HERE = 20_000
"""Sites in one upload; more are taken in from the command line, by parts."""
SHOWN = 200


def _upload(request: Any, most: int) -> tuple[bytes, str]:
    """The uploaded file and "", or why there is none."""
    file = request.FILES.get("file")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if file is None and length <= most:
        return b"", _("No file was chosen.")
    # What is far too large was never read.
    if file is None or file.size > most:
        return b"", _("This file is larger than %(n)d megabytes. Please split it.") % {"n": most // 1_000_000}
    return file.read(), ""


@view(access=SITE_EDITORS)
@require_http_methods(["GET", "POST"])
def take_in(request: Any) -> HttpResponse:
    """GET: the form. POST: ``choice`` try says what would happen, take does it."""
    report, problem = None, ""
    if request.method == "POST":
        data, problem = _upload(request, sitelist.MOST_BYTES)
        if not problem:
            try:
                found = uploading.read_sites(data)
                if len(found.rows) > MOST_HERE:
                    raise sitelist.ListError(
                        _("more than %(n)d lines: please split it, or use the command efface sites import")
                        % {"n": MOST_HERE}
                    )
                dry = request.POST.get("choice") != "take"
                report = importing.take_in(found, actor(request), clock.now(), dry_run=dry)
                if not dry:
                    audit.record(request.member.organisation_id, actor(request), "sites.imported", "", clock.now())
            except sitelist.ListError as error:
                problem = _("This file was not taken in: %(why)s.") % {"why": error}
    return render(request, "console/site_import.html", {
        "report": report, "problem": problem, "most": MOST_HERE,
        "problems": report.problems[:SHOWN] if report else [],
    }, status=422 if problem else 200)  # fmt: skip


@view(access=COORDINATION)
@require_http_methods(["GET", "POST"])
def share(request: Any) -> HttpResponse:
    """GET: what was given and taken. POST: take in a signed file; at first use with the fingerprint of its key."""
    now, problem, signed = clock.now(), "", None
    if request.method == "POST":
        data, problem = _upload(request, sitelist.MOST_BYTES)
        if not problem:
            try:
                read = uploading.read_object(data)
                if isinstance(read, str):
                    raise facts.FactsError(read)
                signed = facts.checked(read, data)
                said = one_line(request.POST.get("fingerprint", ""), 120)
                with transaction.atomic():
                    if said:
                        sharing.pin(signed, said, actor(request), now)
                    done = sharing.take_in(signed, actor(request), now)
                _audit(request, "facts.taken", str(done.row.pk))
                messages.success(request, _("Taken in: %(n)d sites of %(name)s.") % {
                    "n": done.row.sites, "name": signed.name})  # fmt: skip
                return redirect("console:facts")
            except facts.FactsError as error:
                problem = _("This file was not taken in: %(why)s.") % {"why": error}
            except (sharing.NotPinned, history.Refused) as refusal:
                problem = str(refusal)
    mine = facts.fingerprint(facts.public_bytes(facts.signing_key(request.member.organisation_id).public_key()))
    return render(request, "console/facts.html", {
        "problem": problem, "signed": signed, "print": facts.spoken(signed.fingerprint) if signed else "",
        "mine": facts.spoken(mine), "keys": FactsKey.objects.order_by("name"),
        "imports": FactsImport.objects.select_related("key").order_by("-at")[:50],
    }, status=422 if problem else 200)  # fmt: skip


@view(access=COORDINATION)
@require_POST
def give(request: Any) -> HttpResponse:
    """The signed file, for another organisation."""
    organisation, now = request.member.organisation, clock.now()
    data = facts.sign(organisation.name, facts.signing_key(organisation.pk), facts.gather(now), now)
    _audit(request, "facts.given", "")
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="site-facts.json"'
    return answer


@view(access=COORDINATION)
@require_POST
def withdraw(request: Any, id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(FactsImport.objects.select_related("key"), pk=id)
    try:
        sharing.withdraw(row, actor(request), clock.now())
    except history.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        _audit(request, "facts.withdrawn", str(id))
        messages.success(request, _("Withdrawn. What it had set, and nobody changed since, is as it was."))
    return redirect("console:facts")


def _audit(request: Any, action: str, subject: str) -> None:
    audit.record(request.member.organisation_id, actor(request), action, subject, clock.now())
