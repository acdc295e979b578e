"""Her pictures become fingerprints: on her own device where that can be, else here in memory, which works without
JavaScript. No picture is kept and nobody sees one."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import fingerprints, ondevice, uploading
from efface.cases.models import Age, Case
from efface.engine.base import clock
from efface.portal import device, device_words, page

WIDER = {"script-src": ["'wasm-unsafe-eval'"], "media-src": ["blob:"]}
"""On this one page the browser may run the nets, and play a video that it was given."""


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def pictures(request: Any, case: Case) -> HttpResponse:
    """POST multipart: ``pictures`` (files), ``age`` (adult, minor, unknown), ``with_face``."""
    result, problem = None, ""
    if request.method == "POST":
        result, problem = _enrol(request, case)
    minor, is_open = case.age == Age.MINOR, case.state == Case.State.OPEN
    face_allowed = bool(fingerprints.face_allowed(case, clock.now()))
    offered = device_words.offer(face_allowed) if is_open and not minor else None
    answer = page.show(
        request, "portal/pictures.html", case,
        {
            "result": result, "problem": problem, "minor": minor, "open": is_open, "face_allowed": face_allowed,
            "device": offered, "changed_too": bool(fingerprints.copies_allowed(case, clock.now())),
        },
        422 if problem else 200,
    )  # fmt: skip
    if offered:
        csp_update(WIDER)(lambda _: answer)(request)
    return answer


@view(access=PORTAL)
@require_POST
@page.of_case
def made_on_device(request: Any, case: Case) -> HttpResponse:
    """POST: ``bundle`` (JSON of fingerprints, never a picture), ``age``, ``part`` (file, face). Answers as JSON with
    ``refused`` or ``notes``, in words."""
    given, age = request.POST.get("bundle", ""), request.POST.get("age", Age.UNKNOWN)
    if request.POST.get("part") != "face":
        taken = ondevice.take_files(case, given, age, clock.now())
    elif embedder := device.nets(device.models_folder()).get("embedder"):
        taken = ondevice.take_faces(case, given, age, embedder.model_id, embedder.dim, clock.now())
    else:
        taken = ondevice.Taken(_("Faces cannot be learned here at the moment. Your caseworker can help."))
    told = {"refused": taken.refused, "notes": taken.notes, "template": taken.template}
    return JsonResponse(told, status=422 if taken.refused else 200)


@view(access=PORTAL)
@require_GET
@page.of_case
def net(request: Any, case: Case, digest: str) -> HttpResponse:
    """A face model of the installation, for a case whose face may be learned."""
    allowed = fingerprints.face_allowed(case, clock.now()) and case.state == Case.State.OPEN
    content = device.net_bytes(device.models_folder(), digest) if allowed else None
    if content is None:
        return HttpResponse(status=404)
    return HttpResponse(content, content_type="application/octet-stream")


def _enrol(request: Any, case: Case) -> tuple[fingerprints.Enrolled | None, str]:
    chosen, age, faces = (
        request.FILES.getlist("pictures"),
        request.POST.get("age", Age.UNKNOWN),
        "with_face" in request.POST,
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
        return fingerprints.enrol_pictures(case, read, labels, age, "survivor", clock.now(), with_face=faces), ""
    except fingerprints.MinorCase as refusal:
        return None, str(refusal)
