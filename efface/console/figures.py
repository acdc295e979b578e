"""Statistics: what was counted last night, protected; and the reports an organisation publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit, languages
from efface.accounts.access import COORDINATION, PUBLIC, STATISTICS, view
from efface.accounts.models import Organisation
from efface.console import figure_words
from efface.engine.base import clock, tenancy
from efface.takedown.figures import counting, exporting, keeping, publishing, sample
from efface.takedown.figures.models import StatisticsReport

AN_HOUR = 3600
_KINDS = {"csv": ("text/csv; charset=utf-8", exporting.as_csv), "json": ("application/json", exporting.as_json)}


@view(access=STATISTICS)
@require_GET
def statistics(request: Any) -> HttpResponse:
    """``by``: route, host, country or network. ``sample=1`` shows the sample report. There are no other filters: what
    can be cut in any way can be cut down to one person."""
    organisation = request.member.organisation_id
    keeping.begin(organisation, clock.now())
    row = keeping.latest(organisation)
    of_sample = request.GET.get("sample") == "1"
    figures = sample.figures() if of_sample else row.figures if row else None
    shown = _shown(figures, _by(request)) | {
        "row": row, "running": keeping.running(organisation), "of_sample": of_sample,
        "public": publishing.is_public(organisation),
        "reports": StatisticsReport.objects.filter(organisation_id=organisation),
        "short": request.member.organisation.short,
    }  # fmt: skip
    return render(request, "console/statistics.html", shown)


def _by(request: Any) -> str:
    by = request.GET.get("by", "route")
    return by if by in counting.BY else "route"


def _shown(figures: Mapping[str, Any] | None, by: str) -> dict[str, Any]:
    return {"figures": figures, "by": by, "choices": list(figure_words.by_words().items()),
            "blocks": figure_words.blocks(figures, by) if figures else []}  # fmt: skip


@view(access=STATISTICS)
@require_POST
def count(request: Any) -> HttpResponse:
    """Count now instead of tonight. Pressed twice it tells the same."""
    organisation = request.member.organisation_id
    keeping.count.defer(organisation=organisation, once=f"{keeping.COUNT}:{organisation}")
    messages.success(request, _("It is being counted. Look again in a minute."))
    return redirect("console:statistics")


@view(access=STATISTICS)
@require_GET
def export(request: Any, kind: str) -> HttpResponse:
    """The latest figures as csv or json: the same that the page shows. That they were taken out is in the chain."""
    member = request.member
    row = keeping.latest(member.organisation_id)
    if row is None:
        messages.warning(request, _("Nothing has been counted yet."))
        return redirect("console:statistics")
    answer = _file(row.figures, kind, f"statistics-{row.day:%Y-%m-%d}")
    audit.record(member.organisation_id, f"{member.role}:{member.user_id}", "statistics.exported", kind, clock.now())
    return answer


def _file(figures: Mapping[str, Any], kind: str, name: str) -> HttpResponse:
    if kind not in _KINDS:
        raise Http404
    content_type, made = _KINDS[kind]
    answer = HttpResponse(made(figures), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


@view(access=COORDINATION)
@require_POST
def switch(request: Any) -> HttpResponse:
    """``public`` yes or no: whether everybody can read the published reports."""
    publishing.switch(request.member, request.POST.get("public") == "yes", clock.now())
    on = publishing.is_public(request.member.organisation_id)
    messages.success(request, _("Published reports are open to everybody.") if on else _("Nobody outside reads them."))
    return redirect("console:statistics")


@view(access=COORDINATION)
@require_POST
def publish(request: Any) -> HttpResponse:
    """``title`` and ``day``, the day whose figures the page showed."""
    try:
        made = publishing.publish(
            request.member, request.POST.get("title", ""), request.POST.get("day", ""), clock.now()
        )
    except publishing.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Report %(number)d is published. It stays as it is.") % {"number": made.number})
    return redirect("console:statistics")


# --- For everybody ---


@view(access=PUBLIC)
@require_GET
def public(request: Any, short: str, number: int = 0, kind: str = "") -> HttpResponse:
    """A published report of an organisation that opened them: the latest, or ``number``; as a page, csv or json. ``l``:
    its language, the one of the organisation's country where none is given."""
    organisation = Organisation.objects.filter(short=short, training=False).first()
    if organisation is None:
        raise Http404
    with tenancy.looking_up(lookup=str(organisation.pk)):
        if not publishing.is_public(organisation.pk):
            raise Http404
        reports = list(StatisticsReport.objects.filter(organisation_id=organisation.pk))
    report = next((one for one in reports if not number or one.number == number), None)
    if report is None:
        raise Http404
    if kind:
        answer = _file(report.figures, kind, f"{short}-report-{report.number}")
    else:
        language = languages.chosen(request.GET.get("l", ""), organisation)
        with override(language):
            shown = _shown(report.figures, _by(request)) | {
                "report": report, "reports": reports, "of": organisation, "LANGUAGE_CODE": language,
                "languages": [one for one in languages.NAMES.items() if one[0] != language], "language": language,
            }  # fmt: skip
            answer = render(request, "console/public_report.html", shown)
    answer["Cache-Control"] = f"public, max-age={AN_HOUR}"
    return answer
