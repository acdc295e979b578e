"""A coordinator's decision about how a site is visited: robots.txt, pace, hours, its own search. With a reason."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from efface.accounts.access import COORDINATION, view
from efface.engine.base import clock
from efface.search import rules
from efface.search.models import SiteRule
from efface.sites.models import Site

SHOWN = 10


class Visiting(forms.Form):
    """Empty fields mean: as everywhere."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=300,
        help_text=gettext_lazy("Others read it later, and so may the site. Write nothing about anybody's case."),
    )  # fmt: skip
    robots_days = forms.IntegerField(
        label=gettext_lazy("Days for which robots.txt does not bind the crawl"), min_value=0,
        max_value=rules.LONGEST_EXCEPTION.days, initial=0,
        help_text=gettext_lazy("0: it binds. After that many days it binds again by itself."),
    )  # fmt: skip
    delay_s = forms.FloatField(label=gettext_lazy("Seconds between two pages"), required=False)
    from_hour = forms.IntegerField(label=gettext_lazy("Visited from this hour on (UTC)"), required=False)
    to_hour = forms.IntegerField(label=gettext_lazy("and until this hour (UTC)"), required=False)
    pages = forms.IntegerField(label=gettext_lazy("Pages of one visit"), required=False)
    search_words = forms.BooleanField(
        label=gettext_lazy(
            "The site's own search may be asked for names and handles that people allowed us to look for. The site "
            "then learns that somebody looks for this name."
        ),
        required=False,
    )


@view(access=COORDINATION)
@require_http_methods(["GET", "POST"])
def visiting(request: Any, id: uuid.UUID) -> HttpResponse:
    site, now = get_object_or_404(Site, pk=id), clock.now()
    form = Visiting(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            rules.decide(
                site, rules.Decision(**form.cleaned_data), request.member.organisation_id,
                f"coordinator:{request.user.pk}", now,
            )  # fmt: skip
        except rules.NotDecided as wrong:
            form.add_error(None, str(wrong))
        else:
            messages.success(request, _("Recorded. It counts from the next page on."))
            return redirect("console:site-visiting", id=site.pk)
    rows = SiteRule.objects.filter(site=site).order_by("-decided_at", "-pk")[:SHOWN]
    return render(
        request,
        "console/visiting.html",
        {"site": site, "form": form, "rows": rows, "rule": rules.of(site.pk, now)},
        status=422 if request.method == "POST" else 200,
    )
