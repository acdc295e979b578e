"""Messages with her caseworker, by thread. Nothing is sent anywhere; what cannot be used is shown again."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import drafts, rota
from efface.cases import messages as letters
from efface.cases.models import Case, Message
from efface.engine.base import clock
from efface.law import load
from efface.portal import page
from efface.portal.answers import ACTOR

TOPICS = (
    ("question", gettext_lazy("A question")), ("page", gettext_lazy("About a page")),
    ("allow", gettext_lazy("About what I allow")), ("worry", gettext_lazy("Something worries me")),
    ("other", gettext_lazy("Something else")),
)  # fmt: skip


@view(access=PORTAL)
@require_GET
@page.of_case
def messages_page(request: Any, case: Case) -> HttpResponse:
    response = _page(request, case)
    Message.objects.filter(case=case, from_survivor=False, read_at=None).update(read_at=clock.now())
    return response


def _page(request: Any, case: Case, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    found = letters.threads(case, survivor_reads=True)
    asked = [one.asked_at for one in found if one.asked_at is not None]
    place = load().jurisdictions.get(case.country.upper())
    return page.show(
        request, "portal/messages.html", case,
        {
            "threads": found, "topics": TOPICS,
            "answer": answer_by(min(asked, default=None), now), "place": place, **_kept(case), **more,
        },
        status,
    )  # fmt: skip


def _kept(case: Case) -> dict[str, Any]:
    """What she typed before and did not send."""
    held = drafts.fields(case, reverse("portal:write"))
    thread = held.get("thread", "")
    first = next((one.pk for one in Message.objects.filter(case=case, about=None) if str(one.pk) == thread), None)
    return {"typed": held.get("text", ""), "typed_topic": held.get("topic", ""), "typed_thread": first}


def answer_by(asked: datetime | None, now: datetime) -> dict[str, Any] | None:
    """Until when an answer to what she asked can be expected, and whether that is over. None where nothing is open, or
    the desk does not say."""
    desk = rota.desk()
    if asked is None or desk is None:
        return None
    until = rota.expected(desk, asked)
    return {"until": until, "over": until < now}


@view(access=PORTAL)
@require_POST
@page.of_case
def write(request: Any, case: Case) -> HttpResponse:
    """``text``; ``thread`` (id of its first message) to go on with one, or ``topic`` for a new one."""
    text, thread, topic = (request.POST.get(name, "") for name in ("text", "thread", "topic"))
    try:
        about = Message.objects.filter(pk=uuid.UUID(thread), case=case).first() if thread else None
    except ValueError:
        about = None
    try:
        letters.write(
            case, from_survivor=True, author=ACTOR, text=text, now=clock.now(), about=about,
            topic="" if about is not None else topic,
        )  # fmt: skip
    except letters.Unusable as refusal:
        return _page(request, case, 422, problem=str(refusal), typed=text, typed_topic=topic,
                     typed_thread=about.pk if about else None)  # fmt: skip
    messages.success(request, _("Sent. You find the answer here."))
    return redirect("portal:messages")
