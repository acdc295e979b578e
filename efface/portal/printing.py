"""What happened, to read and to print: the page, and a record for the police or a lawyer as a PDF."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts.access import PORTAL, view
from efface.cases import events, reaching, safety
from efface.cases.models import Case, CaseEvent
from efface.engine.base import clock, moments, typeset
from efface.portal import page, words
from efface.portal.answers import ACTOR
from efface.takedown.record import gathering
from efface.takedown.record.gathering import Record

ABOUT_FINDINGS = ("finding.", "match.", "notice.", "reply.", "plan.", "step.", "hold.", "link.")
HEARD = ("finding.gone", "finding.reappeared")
WIDE = 72
"""Characters of an address or digest on one line."""


def _parts() -> list[tuple[str, str, bool]]:
    """(part, words, chosen at first)."""
    return [
        ("pages", _("The addresses of the pages"), True),
        ("proof", _("Proof: when it was kept, its digest and timestamp"), True),
        ("letters", _("Letters: to whom, when, and their references"), True),
        ("looks", _("What we saw when we looked"), True),
        ("happened", _("Everything else that happened, day by day"), False),
        ("name", _("My name, as far as you know it"), False),
    ]


@view(access=PORTAL)
@require_GET
@page.of_case
def timeline(request: Any, one: Case) -> HttpResponse:
    held = reaching.rules(one)
    whole = page.everything(request, held)
    lines = []
    for event in _events(one)[:500]:
        said = _said(event)
        if said and (whole or _may_see(event.kind, held.told)):
            lines.append({"at": event.at, "words": said[0], "about": said[1]})
    return page.show(request, "portal/timeline.html", one, {"lines": lines, "whole": whole, "parts": _parts()})


def _events(one: Case) -> list[CaseEvent]:
    """Newest first: what the page and the record are made of, so that both tell the same. After her word there is the
    line that would stand there without it."""
    rows = list(CaseEvent.objects.filter(case=one).order_by("-at", "-id")[: gathering.MOST])
    quiet, now = safety.quiet(one), clock.now()
    begun = quiet.effective_at if quiet is not None else None
    if begun is None or begun > now or any(row.kind == "case.attested" and row.at >= begun for row in rows):
        return rows
    return sorted([*rows, CaseEvent(case=one, kind="case.attested", at=begun)], key=lambda row: row.at, reverse=True)


def _may_see(kind: str, told: str) -> bool:
    return not kind.startswith(ABOUT_FINDINGS) or (told == reaching.GONE and kind in HEARD)


def _said(event: CaseEvent) -> tuple[str, str] | None:
    """Words for an event and what they are about; None for what is only of use to us."""
    said = words.event_words(event.kind)
    if not said:
        return None
    data = event.data if isinstance(event.data, dict) else {}
    labels = {each.purpose: each.label for each in words.permissions()} if "purpose" in data else {}
    return said, labels.get(str(data.get("purpose", "")), "")


@view(access=PORTAL)
@require_POST
@page.of_case
def record(request: Any, case: Case) -> HttpResponse:
    """``part``: what is to be in it; ``look`` pdf, or page to print from the browser."""
    parts = [part for part in request.POST.getlist("part") if part in gathering.PARTS]
    told = ((event.at, (_said(event) or ("",))[0]) for event in reversed(_events(case)))
    made = gathering.gather(case, parts, clock.now(), words.state_words, ((at, said) for at, said in told if said))
    if request.POST.get("look") == "page":
        return page.show(request, "portal/record.html", case, {"record": made, "digest": made.digest})
    try:
        data = typeset.pdf(gathering.SOURCE, "record", as_data(made))
    except typeset.CannotSet:
        messages.warning(
            request, _("No PDF can be made in this language here. Please choose the page to print instead.")
        )
        return redirect("portal:timeline")
    events.record(case, "record.made", ACTOR, now=made.made_at, digest=made.digest)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="notes.pdf"'
    return response


def as_data(made: Record) -> dict[str, Any]:
    """A record as ``record.typ`` reads it, in the language of the request."""
    language = _language()
    lines = [
        _("Reference: %(reference)s") % {"reference": _kept(made.reference)},
        _("Kept by: %(who)s") % {"who": made.organisation}, _("Made on: %(when)s") % {"when": _when(made.made_at)},
    ]  # fmt: skip
    if made.name:
        lines.append(_("Name: %(name)s") % {"name": made.name})
    lines.append(
        _(
            "This record holds no picture. Addresses are written so that none opens by mistake: read hxxp as http, and "
            "[.] as a dot."
        )
    )
    sections = [_section(one) for one in made.pages]
    if made.happened:
        sections.append({
            "title": _("What happened"), "lines": [], "fixed": [],
            "items": [f"{_when(at)}: {said}" for at, said in made.happened],
        })  # fmt: skip
    if not sections:
        lines.append(_("Nothing so far. What we find appears here."))
    sections.append({
        "title": _("Digest of this record"), "lines": [], "items": [],
        "fixed": [{"label": "SHA-256", "pieces": _pieces(made.digest)}],
    })  # fmt: skip
    return {
        "language": language, "rtl": language in typeset.RIGHT_TO_LEFT, "title": _("Record of what happened"),
        "author": made.organisation, "footer": made.reference, "lines": lines, "sections": sections,
    }  # fmt: skip


def _section(one: gathering.Page) -> dict[str, Any]:
    fixed = [{"label": _("Address"), "pieces": _pieces(one.address)}] if one.address else []
    for at, digest, stamped in one.proof:
        label = _("Proof kept on %(when)s. SHA-256 of the capture:") % {"when": _when(at)}
        if stamped:
            label += " " + _("Timestamped on %(when)s (RFC 3161).") % {"when": _when(stamped)}
        fixed.append({"label": label, "pieces": _pieces(digest)})
    items = []
    for at, to, ours, theirs in one.letters:
        line = _("%(when)s: a letter to %(to)s, our reference %(ours)s") % {
            "when": _when(at), "to": _kept(to), "ours": _kept(ours),
        }  # fmt: skip
        items.append(line + (_(", theirs %(theirs)s") % {"theirs": _kept(theirs)} if theirs else ""))
    items += [f"{_when(at)}: {said}" for at, said in one.looks]
    title = _("Page %(n)d") % {"n": one.number}
    return {
        "title": f"{title}: {_kept(one.site)}" if one.site else title, "fixed": fixed, "items": items,
        "lines": [_("Known since %(when)s.") % {"when": _when(one.known_since)} + " " + one.state],
    }  # fmt: skip


def _language() -> str:
    return (get_language() or "en").split("-")[0]


def _kept(text: str) -> str:
    return typeset.kept(text, _language())


def _pieces(text: str) -> list[str]:
    return [text[start : start + WIDE] for start in range(0, len(text), WIDE)]


def _when(moment: Any) -> str:
    return moments.minute(moment)
