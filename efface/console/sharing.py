"""Colleagues on one case: notes between workers, whose case it is, second opinions, a look at a picture."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import assigning, notes
from efface.cases.models import Case
from efface.console import opinions, queue, refusals, revealing
from efface.console.models import Opinion
from efface.console.typed import lines, one_line
from efface.engine.base import clock


def somebody(given: str) -> uuid.UUID | None:
    """A user's id from a form; None for nobody. Raises ``ValueError`` for what is none."""
    return uuid.UUID(given) if given else None


def _part(case: uuid.UUID, part: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('console:case', args=[case])}#{part}")


@view(access=STAFF_CASES)
@require_POST
def note(request: Any, id: uuid.UUID) -> HttpResponse:
    """``text``: a note for colleagues."""
    from efface.console import casework

    one, text = get_object_or_404(Case, pk=id), lines(request.POST.get("text", ""))
    try:
        notes.write(one, text, request.user, clock.now())
    except notes.NoteRefused as refusal:
        messages.warning(request, refusals.say(refusal))
        return casework.page(request, one, status=422, noted=text)
    messages.success(request, _("Noted, for colleagues only."))
    return _part(id, "notes")


@view(access=STAFF_CASES)
@require_POST
def note_back(request: Any, id: uuid.UUID, note_id: uuid.UUID) -> HttpResponse:
    if notes.take_back(get_object_or_404(Case, pk=id), note_id, request.user, clock.now()):
        messages.success(request, _("Taken back. Its text is gone."))
    else:
        messages.warning(request, _("Only who wrote a note takes it back."))
    return _part(id, "notes")


@view(access=STAFF_CASES)
@require_POST
def give(request: Any, id: uuid.UUID) -> HttpResponse:
    """``to``: a user, or nobody; ``seen``: whose it was on the page; ``why``."""
    one, why = get_object_or_404(Case, pk=id), one_line(request.POST.get("why", ""), 300)
    try:
        to = somebody(request.POST.get("to", ""))
        changed = assigning.give(one, to, why, request.member, clock.now(), request.POST.get("seen"))
    except assigning.AssignRefused as refusal:
        messages.warning(request, refusals.say(refusal))
    except ValueError:
        messages.warning(request, _("Please choose a caseworker or lead of this organisation."))
    else:
        mine = to == request.user.pk
        words = _("It is yours.") if mine else _("Given.") if to else _("It is nobody's now, and stands open to all.")
        messages.success(request, words if changed else _("Nothing changed."))
    return _part(id, "facts")


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def opinion(request: Any, kind: str, id: uuid.UUID) -> HttpResponse:
    """What colleagues said about one decision; POST asks: ``of`` (a user or anybody), ``question``."""
    found, status, typed = queue.find(request.member, kind, id), 200, ""
    said = opinions.of(kind, id)
    if found is None and not said:
        words = lines(request.POST.get("question", "")).strip()
        status = 404 if kind not in queue.KINDS else 409 if words else 200
        return render(request, "console/decided.html", {"typed": [words] if words else []}, status=status)
    if request.method == "POST":
        typed = lines(request.POST.get("question", ""))
        try:
            if found is None:
                raise opinions.OpinionRefused(_("This was decided already. Nobody needs to be asked."))
            opinions.ask(found, somebody(request.POST.get("of", "")), typed, request.member, clock.now())
        except opinions.OpinionRefused as refusal:
            messages.warning(request, refusals.say(refusal))
            status = 422
        except ValueError:
            messages.warning(request, _("Please choose a caseworker or lead of this organisation."))
            status = 422
        else:
            messages.success(request, _("Asked. The answer stands beside the decision."))
            return redirect("console:opinions", kind=kind, id=id)
    colleagues = [one for one in assigning.workers() if one.user_id != request.user.pk]
    shown = {"decision": found, "said": said, "colleagues": colleagues, "typed": typed, "kind": kind, "id": id}
    return render(request, "console/opinions.html", shown, status=status)


@view(access=STAFF_CASES)
@require_POST
def opinion_withdraw(request: Any, id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(Opinion, pk=id)
    if opinions.withdraw(row.pk, request.user, clock.now()):
        messages.success(request, _("It is not asked any more."))
    return redirect("console:opinions", kind=row.kind, id=row.subject)


@view(access=STAFF_CASES)
@require_POST
def look(request: Any, id: uuid.UUID) -> HttpResponse:
    """A candidate's picture: tiny, grey, blurred, kept nowhere. Words where it is not shown."""
    found = revealing.look(request.member, id, clock.now())
    if isinstance(found, revealing.Refused):
        return HttpResponse(found.words, status=409, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(found.png)
    for name, value in found.headers.items():
        answer[name] = value
    return answer
