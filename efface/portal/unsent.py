"""What she typed and did not send, and staying signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import drafts
from efface.cases.models import Case
from efface.engine.base import clock
from efface.portal import carrying, page


def form_name(path: str) -> str:
    """The name of the portal's form at a path, "" where there is none that can be sent again."""
    try:
        found = resolve(path)
    except Resolver404:
        return ""
    return str(found.url_name) if found.namespace == "portal" and path.startswith("/case/") else ""


def form_words(name: str) -> str:
    return {
        "write": _("A message to your caseworker"), "link": _("The address of a page"),
        "ask": _("An answer to a question"), "reply": _("An answer to a question"),
        "avoid": _("Somebody who must never hear of it"), "place": _("A place of your own"),
        "name": _("Something you go by"),
    }.get(name, _("An answer"))  # fmt: skip


@view(access=PORTAL)
@require_GET
@page.of_case
def drafts_page(request: Any, case: Case) -> HttpResponse:
    rows = [
        {"path": one.path, "words": form_words(form_name(one.path)), "fields": list(one.fields.items()), "at": one.at}
        for one in drafts.listed(case)
        if form_name(one.path) and isinstance(one.fields, dict)
    ]
    return page.show(request, "portal/drafts.html", case, {"rows": rows})


@view(access=PORTAL)
@require_POST
@page.of_case
def keep(request: Any, case: Case) -> HttpResponse:
    """``path`` and the fields of the form there, as she types. Answers nothing."""
    path = request.POST.get("path", "")
    fields = {
        name: request.POST.get(name, "") for name in request.POST
        if name != "path" and name not in carrying.NOT_CARRIED
    }  # fmt: skip
    if form_name(path) == "write" and not fields.get("text", "").strip():
        fields = {}  # what is chosen around a message is none
    if form_name(path) and not drafts.keep(case, path, fields, clock.now()):
        drafts.drop(case, path)
    return HttpResponse(status=204)


@view(access=PORTAL)
@require_POST
@page.of_case
def drop(request: Any, case: Case) -> HttpResponse:
    drafts.drop(case, request.POST.get("path", ""))
    messages.success(request, _("Thrown away."))
    return redirect("portal:drafts")


@view(access=PORTAL)
@require_POST
@page.with_code
def stay(request: Any, case: Case) -> HttpResponse:
    """She is still there: the session lasts its full time again."""
    request.session.modified = True
    return HttpResponse(status=204)
