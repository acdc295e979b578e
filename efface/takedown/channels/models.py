"""What a person does by hand to get a finding removed, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import CaseOwned
from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned


class Step(CaseOwned):
    """One thing to do by hand: a desk that takes no notice of ours, a form, a letter, a report she makes herself.

    About one finding, or about the case as a whole (police, hash lists). ``channel`` is the folder in ``channels``,
    ``desk`` the law data's entry, "" where there is none. ``key`` makes planning it twice one step. Times are when it
    happened, as the person says: ``done_at``, ``delivered_at`` (letters), ``answered_at``;
    ``answered_as`` is what they then said, and what follows from it (``hearing``)."""

    class State(models.TextChoices):
        TODO = "todo", _("to do")
        DONE = "done", _("done")
        CANNOT = "cannot", _("could not be done")
        DROPPED = "dropped", _("not needed any more")

    class Hand(models.TextChoices):
        WORKER = "worker", _("a worker")
        HER = "her", _("she herself")

    class Answer(models.TextChoices):
        REMOVED = "removed", _("they say it is removed")
        REFUSED = "refused", _("they refuse")
        ASKS = "asks", _("they ask for more")
        RECEIVED = "received", _("they have it, and look at it")
        OTHER = "other", _("something else")

    finding = models.ForeignKey("search.Finding", null=True, on_delete=models.PROTECT, related_name="steps")
    episode = models.PositiveSmallIntegerField(default=1)
    route = models.ForeignKey("takedown.Route", null=True, on_delete=models.PROTECT, related_name="steps")
    key = models.CharField(max_length=120)
    channel = models.CharField(max_length=24)
    hand = models.CharField(max_length=8, choices=Hand, default=Hand.WORKER)
    purpose = models.CharField(max_length=20)
    notice_type = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=20)
    desk = models.CharField(max_length=40, blank=True)
    party_key = models.CharField(max_length=200, blank=True)
    party_name = models.CharField(max_length=200, blank=True)
    place = models.CharField(max_length=8, blank=True, help_text=_("jurisdiction of the recipient"))
    contact = models.CharField(max_length=500, blank=True)
    enclosures = models.JSONField(default=list, help_text=_("what goes with a letter, a line each"))
    why = models.CharField(max_length=500, blank=True)
    exposure = models.CharField(max_length=30, blank=True)
    exposure_lines = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    starts_at = models.DateTimeField(help_text=_("not before"))
    state = models.CharField(max_length=8, choices=State, default=State.TODO)
    state_why = SealedField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=60, blank=True)
    delivered_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_as = models.CharField(max_length=8, choices=Answer, blank=True, help_text=_("what their answer is"))
    confirm = models.JSONField(default=list, help_text=_("what whoever does it says yes to, a line each"))
    elsewhere = models.JSONField(default=list, help_text=_("where else to turn, a line each"))
    reference = SealedField(help_text=_("what they gave us to quote"))
    confirmation = SealedField(help_text=_("their words when it was handed in"))
    answer = SealedField(help_text=_("what they said"))
    note = SealedField()
    clock_due = models.DateTimeField(null=True)
    clock_basis = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("case", "key", name="one_step_a_key")]
        indexes = [models.Index("organisation", "state", "starts_at", name="steps_to_do")]
        ordering = ["starts_at", "made_at"]


class FormWord(Owned):
    """A worker says that a desk's form is not as the prepared answers expect it. ``template`` is the wording that was
    being copied. Stands until a lead says that the answers fit again."""

    contact = models.CharField(max_length=500)
    notice_type = models.CharField(max_length=40)
    template = models.CharField(max_length=40, blank=True)
    said = models.CharField(max_length=500)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("organisation", "contact", name="words_about_form")]


class Ticket(CaseOwned):
    """A notice at a desk that takes tickets. ``key`` names it to the desk for ever, so a request whose answer got lost
    is made again without a second ticket. What the desk says of it is never taken for a removal."""

    class State(models.TextChoices):
        READY = "ready", _("waiting to be handed in")
        OPEN = "open", _("handed in")
        NEEDS = "needs", _("the desk asks for more")
        DONE = "done", _("the desk says it is done")
        REFUSED = "refused", _("the desk refuses")
        FAILED = "failed", _("could not be handed in")
        CANCELLED = "cancelled", _("taken back")

    notice = models.OneToOneField("takedown.Notice", on_delete=models.PROTECT, related_name="ticket")
    desk = models.CharField(max_length=120)
    key = models.CharField(max_length=160, unique=True)
    body = SealedField()
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    outside_id = models.CharField(max_length=80, blank=True)
    words = SealedField()
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
