"""One answer for many findings of one proven network: each listed, each checked as if it were given alone, all undone
together as far as nothing has left.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from efface.accounts.access import STAFF_CASES, view
from efface.accounts.models import Member
from efface.cases.models import Case
from efface.console import decide, queue, undoing
from efface.console.decision import Decision
from efface.console.typed import one_line
from efface.console.waiting_case import Within
from efface.engine.base import clock
from efface.search.models import Match
from efface.sites.models import Membership, Network
from efface.takedown.models import Notice

MOST_LISTED = 200
KINDS = ("match", "notice")


@dataclass(frozen=True, slots=True)
class Group:
    """Decisions of one case and kind on sites of one operator. ``name`` tells groups of a page apart."""

    name: str
    kind: str
    reference: str
    rows: list[tuple[Decision, str]]
    answers: tuple[tuple[str, str], ...]


def proven(network: Network) -> dict[uuid.UUID, str]:
    """Sites of the network that evidence or a person's word holds together, with the mark of their group."""
    rows = Membership.objects.filter(network=network, until=None).exclude(same="")
    return dict(rows.values_list("site_id", "same"))


def groups(member: Member, network: Network) -> list[Group]:
    """What waits on sites of a proven group, by case: matches that are sure by themselves, and notices."""
    together = proven(network)
    if not together:
        return []
    wanted: list[tuple[str, Any]] = [
        ("match", Match.objects.filter(
            sighting__site__in=list(together), state=Match.State.CANDIDATE, case__state=Case.State.OPEN,
        ).values_list("pk", "sighting__site_id")),
        ("notice", Notice.objects.filter(
            finding__site__in=list(together), state=Notice.State.DRAFT, case__state=Case.State.OPEN,
        ).values_list("pk", "finding__site_id")),
    ]  # fmt: skip
    found: dict[tuple[str, str, str], list[tuple[Decision, str]]] = {}
    for kind, rows in wanted:
        sites = dict(rows)
        for one in queue.KINDS[kind][1](member, case=Within(ids=list(sites), most=MOST_LISTED)):
            if _sure(one):
                found.setdefault((kind, one.reference, together[sites[one.id]]), []).append((one, _site(one)))
    return [
        Group(f"{kind}-{number}", kind, reference, rows, _answers(kind))
        for number, ((kind, reference, _same), rows) in enumerate(found.items(), 1)
        if len(rows) > 1
    ]


def _answers(kind: str) -> tuple[tuple[str, str], ...]:
    return {
        "match": (("confirm", _("Confirm all that are chosen")), ("reject", _("None of the chosen is hers"))),
        "notice": (("approve", _("Approve all that are chosen")),),
    }[kind]


def _sure(one: Decision) -> bool:
    """A match is put to a batch only where the proposal is to confirm it without looking."""
    return one.kind != "match" or (one.options[0].value == "confirm" and one.options[0].look == "primary")


def _site(one: Decision) -> str:
    return next((fact.value for fact in one.facts if fact.name == "site"), "")


@view(access=STAFF_CASES)
@require_http_methods(["GET", "POST"])
def decide_network(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST ``choice``, ``why`` and ``one`` (kind, id and mark of each that was chosen). Each is answered for itself:
    one that a colleague decided meanwhile stops none of the others."""
    network = get_object_or_404(Network, pk=id)
    if request.method == "POST":
        chosen = [_read(one) for one in request.POST.getlist("one")[: 2 * MOST_LISTED]]
        if not chosen or None in chosen:
            messages.warning(request, _("Nothing was chosen."))
            return redirect("console:network-decide", id=id)
        choice, why = request.POST.get("choice", ""), one_line(request.POST.get("why", ""), 200)
        _take(request, [one for one in chosen if one is not None], choice, why)
        return redirect("console:network-decide", id=id)
    context = {
        "network": network, "groups": groups(request.member, network), "sites": len(proven(network)),
        "undoable": undoing.recent(request.member, clock.now()), "here": request.path,
    }  # fmt: skip
    return render(request, "console/network_decide.html", context)


def _read(given: str) -> tuple[str, uuid.UUID, str] | None:
    kind, _colon, rest = given.partition(":")
    id, _colon, mark = rest.partition(":")
    try:
        return (kind, uuid.UUID(id), mark) if kind in KINDS else None
    except ValueError:
        return None


def _take(request: Any, chosen: list[tuple[str, uuid.UUID, str]], choice: str, why: str) -> None:
    allowed = {kind: {value for value, _words in _answers(kind)} for kind in KINDS}
    batch, now, done, refused = uuid.uuid4(), clock.now(), 0, []
    for kind, id, mark in dict.fromkeys(chosen):
        try:
            if choice not in allowed[kind]:
                raise decide.Refused(_("Please choose one of the answers."))
            with transaction.atomic():
                decide.take(request.member, kind, id, mark, choice, {"why": why}, now, batch)
            done += 1
        except decide.Refused as refusal:
            refused.append(str(refusal))
    if done:
        words = ngettext("One decided.", "%(n)d decided. They can be undone together.", done)
        messages.success(request, words % {"n": done})
    for line, count in {line: refused.count(line) for line in refused}.items():
        messages.warning(request, f"{line} ({count})" if count > 1 else line)
