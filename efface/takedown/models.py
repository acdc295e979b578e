"""Routes, notices, approvals, what came back, and what each check saw."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import CaseOwned
from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned
from efface.search.models import Finding


class Route(CaseOwned):
    """One way to get a finding removed: a party, a notice type, a channel; in the order of the plan."""

    class State(models.TextChoices):
        PLANNED = "planned", _("waits for its turn")
        ACTIVE = "active", _("under way")
        DONE = "done", _("answered")
        DEAD = "dead", _("did not work")
        DROPPED = "dropped", _("not used")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="routes")
    episode = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    party_key = models.CharField(max_length=200)
    role = models.CharField(max_length=12)
    party_name = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text=_("of the party"))
    covers = models.JSONField(default=list, help_text=_("hosts of the asset set it answers for; empty: all"))
    channel = models.CharField(max_length=8)
    contact = models.CharField(max_length=500)
    alternatives = models.JSONField(default=list, help_text=_("next best contacts of the same party"))
    notice_type = models.CharField(max_length=40)
    why = models.CharField(max_length=500)
    exposure = models.CharField(max_length=30)
    exposure_lines = models.JSONField(default=list)
    clock_hours = models.FloatField(null=True)
    clock_basis = models.CharField(max_length=200, blank=True)
    planned_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text=_("last look-up that named this party as in charge"))
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    state_why = models.CharField(max_length=200, blank=True)
    kept_at = models.DateTimeField(null=True, help_text=_("a person goes on with it although others are in charge"))

    class Meta:
        constraints = [
            models.UniqueConstraint("finding", "episode", "party_key", "notice_type", name="one_route_a_party")
        ]
        ordering = ["position"]


class Approval(CaseOwned):
    """A person allowed this: case, recipient party, notice type, template version, exposure. Machines repeat only
    inside it."""

    party_key = models.CharField(max_length=200)
    notice_type = models.CharField(max_length=40)
    template = models.CharField(max_length=40)
    exposure = models.CharField(max_length=30)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "case", "party_key", "notice_type", "template", "exposure",
                name="one_approval", condition=models.Q(revoked_at=None),
            )
        ]


class Notice(CaseOwned):
    """One notice to one party about one finding. ``step`` 1 is the notice, 2 and more are reminders of it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("waits for approval")
        QUEUED = "queued", _("approved, being sent")
        SENT = "sent", _("sent")
        PREPARED = "prepared", _("to be filed by a person")
        FILED = "filed", _("filed")
        AMBIGUOUS = "ambiguous", _("unclear whether it was sent")
        BOUNCED = "bounced", _("came back")
        FAILED = "failed", _("could not be sent")
        CANCELLED = "cancelled", _("cancelled")
        HELD = "held", _("the party changed: a person decides")

    engine_may = ("SELECT",)
    # mail-in knows the notice of a signed address before it knows the organisation.
    extra_rule = "id::text = NULLIF(current_setting('efface.lookup', true), '')"

    route = models.ForeignKey(Route, on_delete=models.PROTECT, related_name="notices")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="notices")
    step = models.PositiveSmallIntegerField(default=1)
    reference = models.CharField(max_length=24, unique=True)
    notice_type = models.CharField(max_length=40)
    template = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    channel = models.CharField(max_length=8)
    contact = models.CharField(max_length=500)
    subject_line = SealedField()
    text = SealedField()
    xarf = SealedField()
    answers = SealedField()
    urls = SealedField()
    exposure_lines = models.JSONField(default=list)
    approval = models.ForeignKey(Approval, null=True, on_delete=models.PROTECT, related_name="notices")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    state_why = models.CharField(max_length=200, blank=True)
    drafted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    clock_due = models.DateTimeField(null=True)
    clock_basis = models.CharField(max_length=200, blank=True)
    outside_reference = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("route", "step", "contact", name="one_notice_a_step")]


class Named(CaseOwned):
    """An address that a notice names to a contact, found by keyed digest: nobody is told the same twice, not even when
    two cases or two findings share it."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="named")
    contact = models.CharField(max_length=500)
    notice_type = models.CharField(max_length=40)
    step = models.PositiveSmallIntegerField()
    url_digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("notice", "url_digest", name="one_name_a_notice")]
        indexes = [models.Index("contact", "url_digest", name="named_to_contact")]


class Inbound(Owned):
    """A mail that came in. The raw bytes are kept sealed; what they mean is a guess with its sentence."""

    engine_may: tuple[str, ...] = ()
    case_column = "case_id"

    case_id = models.UUIDField()
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="inbound")
    at = models.DateTimeField()
    raw = models.UUIDField(help_text="object")
    digest = models.BinaryField(unique=True)
    sender = SealedField()
    subject_line = SealedField()
    text = SealedField()
    kind = models.CharField(max_length=24, blank=True)
    confidence = models.FloatField(default=0)
    because = SealedField()
    handled_at = models.DateTimeField(null=True)
    handled_by = models.CharField(max_length=60, blank=True)


class Check(CaseOwned):
    """What one verification saw and what it means."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="checks")
    episode = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    row = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20)
    reason = models.CharField(max_length=400)
    control_ok = models.BooleanField(default=False)
    places = models.PositiveSmallIntegerField(default=1, help_text=_("from how many places it was seen so"))
    next_at = models.DateTimeField(null=True)
    observation = SealedField()

    class Meta:
        indexes = [models.Index("finding", "at", name="check_of_finding")]


class Outcome(models.Model):
    """Global: how a party answered a kind of notice. No case, no URL."""

    app_may = ("SELECT", "INSERT")
    engine_may: tuple[str, ...] = ()

    party_key = models.CharField(max_length=200)
    role = models.CharField(max_length=12)
    notice_type = models.CharField(max_length=40)
    sent_at = models.DateTimeField()
    hours = models.FloatField(null=True, help_text="until it was gone; null while it is not")
    removed = models.BooleanField()

    class Meta:
        indexes = [models.Index("party_key", "notice_type", name="outcome_of_party")]
