"""The coordinator's record that face search may be used. Without one it is off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from efface.accounts import audit
from efface.accounts.access import COORDINATION, view
from efface.accounts.models import FaceSearchPermission
from efface.cases import active
from efface.cases.models import Case, FingerprintKind
from efface.console.forms import FaceSearch
from efface.engine.base import clock
from efface.search import sweep


@view(access=COORDINATION)
@require_http_methods(["GET", "POST"])
def face_search(request: Any) -> HttpResponse:
    """POST ``choice`` record (with the three fields) or withdraw."""
    form = FaceSearch(request.POST if request.POST.get("choice") == "record" else None)
    standing = (
        FaceSearchPermission.objects.filter(withdrawn_at=None).select_related("recorded_by").order_by("-recorded_at")
    )
    now, organisation, actor = clock.now(), request.member.organisation_id, f"coordinator:{request.user.pk}"
    if request.method == "POST" and request.POST.get("choice") == "withdraw":
        if standing.update(withdrawn_at=now):
            audit.record(organisation, actor, "face_search.withdrawn", "", now)
            _announce()
        messages.success(request, _("Face search is off. The matcher stops using face templates at once."))
        return redirect("console:face-search")
    if request.method == "POST" and form.is_valid():
        if not standing.exists():
            FaceSearchPermission.objects.create(
                organisation_id=organisation, recorded_by=request.user, recorded_at=now, **form.cleaned_data
            )
            audit.record(organisation, actor, "face_search.permitted", "", now)
            _announce()
            sweep.request_all(organisation, now)
        messages.success(request, _("Recorded. Face search may be used for attested cases with consent."))
        return redirect("console:face-search")
    return render(
        request,
        "console/face_search.html",
        {"form": form, "standing": standing.first()},
        status=422 if request.method == "POST" else 200,
    )


def _announce() -> None:
    """Every case with a face template is read again by the matcher."""
    for case_id in Case.objects.filter(fingerprints__kind=FingerprintKind.FACE).values_list("pk", flat=True).distinct():
        active.announce(case_id)
