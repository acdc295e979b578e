"""How far a member is with practising. Only in training organisations."""

from __future__ import annotations

from django.db import models

from efface.engine.base.models import Owned


class Practice(Owned):
    """One exercise of one member: the invented rows it is about, since when, and when it was done well. ``content``
    maps names of ``exercises.yaml`` to ids."""

    member = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="practices")
    exercise = models.CharField(max_length=30)
    content = models.JSONField(default=dict)
    times = models.PositiveSmallIntegerField(default=1, help_text="how often it was begun")
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("member", "exercise", name="one_practice_an_exercise")]
