"""Her pictures become fingerprints: on her own device where that can be, else here in memory, which works without
JavaScript. No picture is kept and nobody sees one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from csp.decorators import csp_update
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import active, fingerprints, ondevice, safety, uploading
from efface.cases.may import May
from efface.cases.models import Age, Case, CaseKind
from efface.engine.base import clock
from efface.portal import allowing, device, device_words, page

WIDER = {"script-src": ["'wasm-unsafe-eval'"], "media-src": ["blob:"]}
"""On this one page the browser may run the nets, and play a video that it was given."""
ASK = gettext_noop("Your caseworker tells you what became of the photos of your face.")
"""Said after her word, whatever came of it: why there is no template would tell whoever looks over her shoulder."""


@view(access=PORTAL)
@require_http_methods(["GET", "POST"])
@page.of_case
def pictures(request: Any, case: Case) -> HttpResponse:
    """POST multipart: ``pictures`` (files), ``age`` (adult, minor, unknown), ``with_face``."""
    result, problem = None, ""
    if request.method == "POST":
        result, problem = _enrol(request, case)
    minor, is_open = case.age == Age.MINOR, case.state == Case.State.OPEN
    block, face_allowed = case.kind == CaseKind.BLOCK, _face_shown(case)
    offered = device_words.offer(bool(face_allowed)) if is_open and not minor and not block else None
    answer = page.show(
        request, "portal/pictures.html", case,
        {
            "result": result, "problem": problem, "minor": minor, "open": is_open, "face_allowed": face_allowed,
            "only_face": block, "device": offered, "changed_too": bool(fingerprints.copies_allowed(case, clock.now())),
        },
        422 if problem else 200,
    )  # fmt: skip
    if offered:
        csp_update(WIDER)(lambda _: answer)(request)
    return answer


def _face_shown(case: Case) -> May:
    """Whether her face may be learned, as her pages show it."""
    return allowing.seen(case, active.purpose_of("face", case.kind), clock.now())


@view(access=PORTAL)
@require_POST
@page.of_case
def made_on_device(request: Any, case: Case) -> HttpResponse:
    """POST: ``bundle`` (JSON of fingerprints, never a picture), ``age``, ``part`` (file, face). Answers as JSON with
    ``refused`` or ``notes``, in words."""
    given, age = request.POST.get("bundle", ""), request.POST.get("age", Age.UNKNOWN)
    if case.kind == CaseKind.BLOCK:
        taken = ondevice.Taken(_("This is not what the page sends. Please load the page again."))
    elif request.POST.get("part") != "face":
        taken = ondevice.take_files(case, given, age, clock.now())
    elif embedder := device.nets(device.models_folder()).get("embedder"):
        taken = ondevice.take_faces(case, given, age, embedder.model_id, embedder.dim, clock.now())
    else:
        taken = ondevice.Taken(_("Faces cannot be learned here at the moment. Your caseworker can help."))
    if request.POST.get("part") == "face" and safety.quiet(case):
        taken = ondevice.Taken(_(ASK))
    told = {"refused": taken.refused, "notes": taken.notes, "template": taken.template}
    return JsonResponse(told, status=422 if taken.refused else 200)


@view(access=PORTAL)
@require_GET
@page.of_case
def net(request: Any, case: Case, digest: str) -> HttpResponse:
    """A face model of the installation, for a case whose face may be learned."""
    allowed = _face_shown(case) and case.state == Case.State.OPEN
    content = device.net_bytes(device.models_folder(), digest) if allowed else None
    if content is None:
        return HttpResponse(status=404)
    return HttpResponse(content, content_type="application/octet-stream")


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
            done = replace(done, face=_(ASK))
        return done, ""
    except fingerprints.MinorCase as refusal:
        return None, str(refusal)
