"""Her pictures become fingerprints here in memory; no picture is kept and nobody sees one. Works without JavaScript."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts.access import PORTAL, view
from efface.cases import active, fingerprints, safety, uploading
from efface.cases.models import Age, Case, CaseKind
from efface.engine.base import clock
from efface.portal import allowing, page


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def pictures(request: Any, case: Case) -> HttpResponse:
    """POST multipart: ``pictures`` (files), ``age`` (adult, minor, unknown), ``with_face``."""
    result, problem = None, ""
    if request.method == "POST":
        result, problem = _enrol(request, case)
    return page.show(
        request, "portal/pictures.html", case,
        {
            "result": result, "problem": problem, "minor": case.age == Age.MINOR,
            "open": case.state == Case.State.OPEN,
            "face_allowed": allowing.seen(case, active.purpose_of("face", case.kind), clock.now()),
            "block": case.kind == CaseKind.BLOCK,
        },
        422 if problem else 200,
    )  # fmt: skip


def _enrol(request: Any, case: Case) -> tuple[fingerprints.Enrolled | None, str]:
    chosen, age, faces = (
        request.FILES.getlist("pictures"),
        request.POST.get("age", Age.UNKNOWN),
        "with_face" in request.POST or case.kind == CaseKind.BLOCK,
    )
    problem = uploading.objection(chosen, int(request.META.get("CONTENT_LENGTH") or 0))
    if problem:
        return None, problem
    if case.state != Case.State.OPEN:
        return None, _("Everything is paused. Press Continue first.")
    # Asked before anything is read: of a minor nothing is taken in.
    if Age.MINOR in (age, case.age) or age not in Age.values:
        return None, _(
            "For pictures of somebody under 18 we keep nothing. Your caseworker shows you the ways that help faster."
        )
    # Nothing is read out of a picture before it may be kept.
    want = fingerprints.wanted(case, faces, clock.now())
    read = uploading.read([one.read() for one in chosen], want)
    labels = [uploading.label(one.name, number) for number, one in enumerate(chosen, 1)]
    try:
        done = fingerprints.enrol_pictures(case, read, labels, age, "survivor", clock.now(), with_face=faces)
        if done.face and safety.quiet(case):
            # Why there is none would tell whoever looks over her shoulder that search has ended.
            done = replace(done, face=_("Your caseworker tells you what became of the photos of your face."))
        return done, ""
    except fingerprints.MinorCase as refusal:
        return None, str(refusal)
