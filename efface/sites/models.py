"""Sites, what is known of who stands behind them, and how their desks behaved. Global: no survivor's data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.engine.base.ids import uuid7


class GlobalRow(models.Model):
    """A row that belongs to no organisation and says nothing about any case."""

    app_may: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")
    engine_may: tuple[str, ...] = ("SELECT",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class Network(GlobalRow):
    """Sites run by one operator, with the reason they are held together."""

    name = models.CharField(max_length=120)
    reason = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField()


class Site(GlobalRow):
    """A registered domain that is crawled or was reported."""

    class State(models.TextChoices):
        ACTIVE = "active", _("watched")
        PAUSED = "paused", _("not visited")
        STOPPED = "stopped", _("stopped: suspected child material")
        GONE = "gone", _("offline")

    class Hostility(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        COOPERATIVE = "cooperative", _("answers requests")
        HOSTILE = "hostile", _("hostile")
        EXTORTIONATE = "extortionate", _("asks money for removal")

    domain = models.CharField(max_length=253, unique=True)
    start_url = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    hostility = models.CharField(max_length=12, choices=Hostility, default=Hostility.UNKNOWN)
    hostility_why = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=30, default="unknown")
    country = models.CharField(max_length=2, blank=True)
    network = models.ForeignKey(Network, null=True, on_delete=models.SET_NULL, related_name="sites")
    added_at = models.DateTimeField()
    visited_at = models.DateTimeField(null=True)
    visit_hours = models.FloatField(default=24.0, help_text=_("hours until the next visit"))
    quiet_visits = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, help_text=_("visits in a row that got no answer"))
    day = models.DateField(null=True, help_text=_("the day that day_pages counts"))
    day_pages = models.PositiveIntegerField(default=0)
    visits = models.PositiveIntegerField(default=0, help_text=_("visits begun; numbers the one under way"))
    visit_began = models.DateTimeField(null=True, help_text=_("of the visit that is under way"))
    visit_changed = models.BooleanField(default=False, help_text=_("the visit under way met something new"))
    pages_left = models.PositiveSmallIntegerField(default=0, help_text=_("of the visit that is under way"))
    backoff_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    robots_delay = models.FloatField(default=0)
    looked_up_at = models.DateTimeField(null=True)
    dossier = models.JSONField(null=True, help_text=_("latest answer of whereabouts, without URLs of findings"))


class ContactState(models.TextChoices):
    UNTESTED = "untested", _("not tried yet")
    ACCEPTED = "accepted", _("mail accepted")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    REPLIED = "replied", _("replied")
    COMPLIED = "complied", _("complied")
    SOFT = "soft", _("temporary failure")
    HARD = "hard", _("dead")
    FULL = "full", _("mailbox full")
    POLICY = "policy", _("refuses our mail")
    SILENT = "silent", _("silent")


class ContactObservation(GlobalRow):
    """One address or form of one party, as one source gave it. Append only, except for ``seen_at``."""

    party_key = models.CharField(max_length=200)
    role = models.CharField(max_length=12)
    channel = models.CharField(max_length=8)
    value = models.CharField(max_length=500)
    source = models.CharField(max_length=60)
    confidence = models.FloatField()
    steps = models.JSONField(default=list)
    first_seen = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("party_key", "channel", "value", "source", name="one_contact_observation")
        ]


class Delivery(GlobalRow):
    """How an address behaved, last state first."""

    channel = models.CharField(max_length=8)
    value = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=ContactState, default=ContactState.UNTESTED)
    at = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    replied = models.PositiveIntegerField(default=0)
    complied = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("channel", "value", name="one_delivery_state")]


from efface.sites.network_models import Evidence, Membership, NetworkEdge, NetworkWord  # noqa: E402

__all__ = [
    "ContactObservation", "ContactState", "Delivery", "Evidence", "GlobalRow", "Membership", "Network", "NetworkEdge",
    "NetworkWord", "Site",
]  # fmt: skip
