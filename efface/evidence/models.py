"""Proof: captures of pages without their media, timestamps, custody."""

from __future__ import annotations

from django.db import models

from efface.cases.models import CaseOwned
from efface.search.models import Finding


class Capture(CaseOwned):
    """A page as it stood at a moment: a sealed WARC without media payload, its digest, its timestamp token."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="captures")
    episode = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    warc = models.UUIDField(help_text="object")
    warc_sha256 = models.CharField(max_length=64)
    warc_bytes = models.PositiveIntegerField()
    token = models.UUIDField(null=True, help_text="object: the raw RFC 3161 answer")
    stamped_at = models.DateTimeField(null=True)
    stamp_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("finding", "episode", name="one_capture_an_episode")]


class Custody(CaseOwned):
    """Who did what to a piece of evidence. Append only."""

    app_may = ("SELECT", "INSERT")

    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="custody")
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
