"""Who else sees how her case stands: the service that opened it for her, what it sees, and the end of that."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases.models import Case
from efface.engine.base import clock
from efface.partners import casework
from efface.portal import page
from efface.portal.answers import ACTOR


@view(access=PORTAL)
@require_GET
@page.of_case
def others(request: Any, case: Case) -> HttpResponse:
    return page.show(request, "portal/others.html", case, {"sights": casework.sights(case, clock.now())})


@view(access=PORTAL)
@require_POST
@page.of_case
def end(request: Any, case: Case, id: uuid.UUID) -> HttpResponse:
    """``id`` is that of what stands between the service and her case. It counts at once."""
    row = next((one for one in casework.seen_by(case) if one.pk == id), None)
    if row is not None and casework.end_sight(case, ACTOR, clock.now(), row.partner):
        messages.success(request, _("Ended. That service sees nothing of your case any more."))
    else:
        messages.info(request, _("This was ended before. Nothing was done a second time."))
    return redirect("portal:others")
