"""What the console keeps of its own: saved views, second opinions, answers that may be undone, looks at pictures."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import CaseOwned
from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned


class SavedView(Owned):
    """A filter of the queue with a name, for one member. ``query`` is the address' own (``filtering``)."""

    member = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=300)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("member", "name", name="one_view_a_name")]


class Opinion(CaseOwned):
    """A colleague is asked about one decision. ``asked`` empty: anybody. What is said binds nobody; both are shown."""

    kind = models.CharField(max_length=20)
    subject = models.UUIDField()
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    question = SealedField()
    answer = SealedField()
    answered_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("kind", "subject", name="opinion_of_decision")]


class Taken(Owned):
    """One answer that was given, for as long as it may be undone. ``batch`` joins those of one press. Ids only."""

    member = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="taken")
    kind = models.CharField(max_length=20)
    subject = models.UUIDField()
    case_id = models.UUIDField(null=True)
    choice = models.CharField(max_length=30)
    at = models.DateTimeField()
    batch = models.UUIDField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["member", "-at"], name="taken_by_member")]


class Look(CaseOwned):
    """A worker looked at one candidate's picture, tiny, grey and blurred. Counted by day; which is told to nobody."""

    member = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="looks")
    match = models.UUIDField()
    at = models.DateTimeField()
    shift = models.DateField(help_text=_("the day of the shift, in the installation's zone"))

    class Meta:
        indexes = [models.Index("member", "shift", name="looks_of_shift")]


class DeskRule(Owned):
    """How much an organisation lets a worker look at in one shift, and how long a pause is. The last row counts."""

    app_may = ("SELECT", "INSERT")

    looks = models.PositiveSmallIntegerField(help_text=_("pictures a worker may look at in a shift"))
    pause_after = models.PositiveSmallIntegerField(help_text=_("pictures after which there is a pause"))
    pause_minutes = models.PositiveSmallIntegerField()
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
