"""One notice as its desk receives it, before and after it goes: to read here, and as plain text."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from efface.accounts.access import STAFF_CASES, view
from efface.cases.models import Case
from efface.law import load
from efface.takedown import showing
from efface.takedown.models import Notice


def _found(id: uuid.UUID) -> Notice:
    rows = Notice.objects.exclude(case__state=Case.State.ERASED).select_related("case", "route", "finding__site")
    return get_object_or_404(rows, pk=id)


@view(access=STAFF_CASES)
@require_GET
def page(request: Any, id: uuid.UUID) -> HttpResponse:
    """Every address in it can be read and none opened."""
    row = _found(id)
    shown = showing.of_notice(row)
    reports = [showing.defanged(json.dumps(one, indent=1, ensure_ascii=False)) for one in shown.reports]
    answers = [(label, showing.defanged(value)) for _field, label, value in shown.answers]
    return render(request, "console/notice_text.html", {
        "notice": row, "shown": shown, "text": showing.defanged(shown.text), "reports": reports, "answers": answers,
        "subject": showing.defanged(shown.subject), "kind": load().notices.get(row.notice_type),
    })  # fmt: skip


@view(access=STAFF_CASES)
@require_GET
def plain(request: Any, id: uuid.UUID) -> HttpResponse:
    """The text as it leaves, to be copied or kept."""
    row = _found(id)
    answer = HttpResponse(showing.of_notice(row).plain(), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.reference}.txt"'
    answer["Cache-Control"] = "no-store"
    return answer
