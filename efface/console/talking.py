"""The conversation that opens level L1, one step a page, for a trained worker. Ended at any step it has changed
nothing, and its last page is the same whatever ended it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from efface.accounts.access import STAFF_CASES, view
from efface.cases import attesting, conversing, proving, safety
from efface.cases.models import Case, CaseKind, Conversation
from efface.console.opening import actor, living
from efface.engine.base import clock


@dataclass(frozen=True, slots=True)
class Words:
    """``ask`` is for the worker, ``say`` what can be said to her."""

    ask: str
    say: str


def step_words(name: str, kind: str) -> Words:
    if name == "wants":
        return _wants(kind)
    ask, say = {
        "alone": (_("Is she alone in the room?"), _("“Are you alone right now, and is it a good moment to talk?”")),
        "listening": (
            _("Could anybody be listening, or see her screen?"),
            _("“Could somebody hear us: behind a door, over a loudspeaker, on a second device?” If you are not sure, "
              "the answer is yes."),
        ),
        "word": (
            _("What does she say?"),
            _("“Before we go on: is there a word you would like to say to me?” Type what she answers, as she says it. "
              "If there is none, type a dash. It is compared and not kept."),
        ),
        "face": (
            _("Is the face you see live the face on the proof and on her photos?"),
            _("Ask her to turn her head and to come closer. A camera that stays off, photos of somebody else, or doubt "
              "mean no."),
        ),
        "proof": (
            _("Which proof did you see?"),
            _("All but face and name is covered. Say what kind of proof it was, without a number. Nothing of it is "
              "kept."),
        ),
    }[name]  # fmt: skip
    return Words(ask, say)


def _wants(kind: str) -> Words:
    ask = _("Does she want it herself? Let her say in her own words what will happen.")
    if kind == CaseKind.BLOCK:
        return Words(ask, _(
            "“Your photos become a row of numbers. If somebody wants to have your face searched for, they are refused. "
            "Nobody looks for you, and nobody is told who you are. It starts 72 hours after a second colleague has "
            "agreed, and you can end it at any time.”"
        ))  # fmt: skip
    return Words(ask, _(
        "“Your face and the names you give us are compared with what we meet on the web, to find pictures you may not "
        "know of. What is found comes to me first. It starts 72 hours after a second colleague has agreed. You can "
        "stop it with one button, then and later.”"
    ))  # fmt: skip


def _page(request: Any, case: Case, row: Conversation | None, status: int = 200, **more: Any) -> HttpResponse:
    step = conversing.next_step(row) if row is not None else None
    done = [one.name for one in conversing.STEPS].index(step.name) if step else 0
    return render(request, "console/talking.html", {
        "case": case, "row": row, "step": step, "words": step_words(step.name, case.kind) if step else None,
        "alone": conversing.is_alone(row), "number": done + 1, "of": len(conversing.STEPS),
        "seen": proving.SEEN if step and step.name == "proof" and proving.standing(case, clock.now()) else "",
        "refusal": "" if row is not None else attesting.may_begin(case, request.user), **more,
    }, status=status)  # fmt: skip


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def talk(request: Any, id: uuid.UUID) -> HttpResponse:
    """GET: the next step. POST ``do``: begin (with ``way``), answer (``step``, ``given``), agree (``word``), end."""
    case, now = living(id), clock.now()
    row = conversing.open_one(case, request.user, now)
    if request.method != "POST":
        return _page(request, case, row)
    do = request.POST.get("do", "")
    try:
        if do == "begin":
            conversing.begin(case, request.user, request.POST.get("way", ""), now)
        elif row is None:
            return redirect("console:talk-over", id=id)
        elif do == "agree":
            safety.choose(case, request.POST.get("word", "")[:200], now)
            messages.success(request, _("Agreed. Only a proof of the word is kept; nobody can read it."))
        elif do == "answer":
            step, given = request.POST.get("step", ""), request.POST.get("given", "")
            row = conversing.answer(row, request.user, step, given, now)
        elif do == "end":
            row = conversing.end(row, request.user, now)
    except (attesting.AttestationRefused, safety.UnfitWord) as refusal:
        return _page(request, case, conversing.open_one(case, request.user, now), 422, problem=str(refusal))
    if row is not None and row.ended_at:
        if row.outcome == Conversation.Outcome.ATTESTED:
            messages.success(request, _("Noted. A second worker is asked to approve."))
            return redirect("console:case", id=id)
        return redirect("console:talk-over", id=id)
    return redirect("console:attest", id=id)


@view(access=STAFF_CASES)
def over(request: Any, id: uuid.UUID) -> HttpResponse:
    """The goodbye. It says the same whatever ended the conversation."""
    return render(request, "console/talking_over.html", {"case": living(id)})


@view(access=STAFF_CASES)
@require_POST
def stop(request: Any, id: uuid.UUID) -> HttpResponse:
    """She told the worker that she does not want it any more."""
    if attesting.stop(living(id), actor(request), clock.now()):
        messages.success(request, _("Stopped. Her face and names are not used from this moment."))
    return redirect("console:case", id=id)
