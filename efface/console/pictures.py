"""Enrolling pictures on a caseworker's computer: turned into fingerprints in memory, shown to nobody, kept nowhere."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import fingerprints, uploading
from efface.cases.models import Age, Fingerprint
from efface.console.forms import Upload
from efface.console.opening import actor, living
from efface.engine.base import clock


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def pictures(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST multipart: ``pictures`` (files), ``age``, ``with_face``. Answers with what came of each file."""
    case = living(id)
    form, result, problem = Upload(initial={"age": case.age if case.age == Age.ADULT else Age.UNKNOWN}), None, ""
    if request.method == "POST":
        form = Upload(request.POST)
        chosen = request.FILES.getlist("pictures")
        problem = uploading.objection(chosen, int(request.META.get("CONTENT_LENGTH") or 0))
        if not problem and form.is_valid():
            faces = form.cleaned_data["with_face"]
            # Nothing is read out of a picture before it may be kept.
            want = fingerprints.wanted(case, faces, clock.now())
            read = uploading.read([one.read() for one in chosen], want)
            labels = [uploading.label(one.name, number) for number, one in enumerate(chosen, 1)]
            try:
                result = fingerprints.enrol_pictures(
                    case, read, labels, form.cleaned_data["age"], actor(request), clock.now(), with_face=faces,
                    few=form.cleaned_data["few"],
                )
            except fingerprints.MinorCase as refusal:
                problem = str(refusal)
    return render(
        request, "console/pictures.html",
        {"case": case, "form": form, "result": result, "problem": problem, "minor": case.age == Age.MINOR},
        status=422 if problem else 200,
    )  # fmt: skip


@view(access=STAFF_CASES)
@require_POST
def retire(request: Any, id: uuid.UUID, fingerprint_id: uuid.UUID) -> HttpResponse:
    fingerprint = get_object_or_404(Fingerprint.objects.select_related("case"), pk=fingerprint_id, case_id=id)
    fingerprints.retire(fingerprint, actor(request), clock.now())
    messages.success(request, _("This fingerprint is no longer used."))
    return redirect("console:case", id=id)
