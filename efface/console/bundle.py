"""Taking in fingerprints that were made elsewhere: by ``efface fingerprint`` on her own or a colleague's computer."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts.access import STAFF_CASES, view
from efface.cases import fingerprints, uploading
from efface.cases.models import Age, Case
from efface.console.forms import Upload
from efface.console.opening import actor, living
from efface.engine.base import clock
from efface.net.bundle import MOST_BYTES, BundleError
from efface.net.protocol import Decoded, Want


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def bundle(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST multipart: ``bundle`` (one file), ``age``, ``with_face``. Answers with what came of each item."""
    case = living(id)
    form, result, problem = Upload(initial={"age": case.age if case.age == Age.ADULT else Age.UNKNOWN}), None, ""
    if request.method == "POST":
        form = Upload(request.POST)
        given = request.FILES.get("bundle")
        if given is None:
            problem = _("No file was chosen.")
        elif given.size > MOST_BYTES:
            problem = _("This file is larger than a bundle can be. Choose the one that `efface fingerprint` made.")
        elif form.is_valid():
            result, problem = _take_in(request, case, given.read(), form.cleaned_data)
    return render(
        request, "console/bundle.html",
        {"case": case, "form": form, "result": result, "problem": problem, "minor": case.age == Age.MINOR},
        status=422 if problem else 200,
    )  # fmt: skip


def _take_in(
    request: Any, case: Case, data: bytes, given: dict[str, Any]
) -> tuple[fingerprints.Enrolled | None, str]:
    now = clock.now()
    try:
        items = uploading.read_bundle(data)
        want = fingerprints.wanted(case, given["with_face"], now)
        enrolled = fingerprints.enrol_pictures(
            case, [_allowed(one.decoded, want) for one in items], [one.label for one in items], given["age"],
            actor(request), now, with_face=given["with_face"], few=given["few"],
        )  # fmt: skip
    except BundleError as error:
        return None, _("This file was not taken in: %(why)s.") % {"why": error}
    except fingerprints.MinorCase as refusal:
        return None, str(refusal)
    return enrolled, ""


def _allowed(decoded: Decoded, want: Want) -> Decoded:
    """No more of it than may be kept."""
    return replace(
        decoded,
        faces=decoded.faces if want & Want.FACES else [],
        print=decoded.print if want & Want.PRINT else "",
        vectors=decoded.vectors if want & Want.VECTOR else [],
    )
