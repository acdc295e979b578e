"""What was counted, as it was let out: no row says anything of one person."""

from __future__ import annotations

from django.db import models

from efface.engine.base.models import Owned

_LOOKED_UP = "organisation_id::text = NULLIF(current_setting('efface.lookup', true), '')"


class StatisticsDay(Owned):
    """The figures of one day. ``figures`` are protected and may be shown; ``kept`` is what the next day compares with,
    and is shown nowhere."""

    app_may = ("SELECT", "INSERT", "UPDATE")

    day = models.DateField()
    at = models.DateTimeField()
    figures = models.JSONField()
    kept = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "day", name="one_statistics_a_day")]


class StatisticsRun(Owned):
    """A count that is under way: which cases are counted already, as sums that name nobody. One an organisation;
    emptied when it ends."""

    app_may = ("SELECT", "INSERT", "UPDATE")

    moment = models.DateTimeField(help_text="as of when it counts")
    after = models.UUIDField(null=True, help_text="the last case counted")
    cases = models.PositiveIntegerField(default=0)
    tally = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("organisation", name="one_statistics_run")]


class StatisticsSwitch(Owned):
    """Whether the organisation's published reports can be read by everybody. Without a row they cannot."""

    app_may = ("SELECT", "INSERT", "UPDATE")
    extra_rule = _LOOKED_UP

    public = models.BooleanField(default=False)
    by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", name="one_statistics_switch")]


class StatisticsReport(Owned):
    """A published report: a copy of one day's figures, which the database lets nobody change."""

    app_may = ("SELECT", "INSERT")
    extra_rule = _LOOKED_UP

    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    day = models.DateField()
    figures = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the figures as canonical JSON")
    published_by = models.CharField(max_length=60)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "number", name="one_statistics_report_number")]
        ordering = ["-number"]
