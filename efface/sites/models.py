"""Sites, what is known of who stands behind them, and how their desks behaved. Global: no survivor's data."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.engine.base import training
from efface.engine.base.ids import uuid7


def grams(domain: str) -> list[str]:
    """The three-letter parts of a domain, beginning and end marked, each once: what it is found by."""
    text = f"^{domain.lower()}$"
    return sorted({text[place : place + 3] for place in range(len(text) - 2)})


class GlobalRow(models.Model):
    """A row that belongs to no organisation and says nothing about any case."""

    app_may: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")
    engine_may: tuple[str, ...] = ("SELECT",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class Networks(models.Manager["Network"]):
    """As ``Sites``: those with an invented site are of training."""

    def get_queryset(self) -> models.QuerySet[Network]:
        invented = Site._base_manager.filter(network=models.OuterRef("pk"), domain__endswith=training.INVENTED)
        seen = models.Exists(invented)
        return super().get_queryset().filter(seen if training.here() else ~seen)


class Network(GlobalRow):
    """Sites run by one operator, with the reason they are held together."""

    name = models.CharField(max_length=120)
    reason = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField()

    objects = Networks()


class Sites(models.Manager["Site"]):
    """The sites there are: in training the invented ones alone, at work none of them. So nothing that is done there
    touches what all organisations share, and nothing invented is visited, listed or counted."""

    def get_queryset(self) -> models.QuerySet[Site]:
        rows = super().get_queryset()
        if training.here():
            return rows.filter(domain__endswith=training.INVENTED)
        return rows.exclude(domain__endswith=training.INVENTED)


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
        PUBLISHES = "publishes", _("publishes notices it gets")
        DOXXES = "doxxes", _("exposes who complains")

    class Review(models.TextChoices):
        NEW = "new", _("new: nobody has said yet")
        ACCEPTED = "accepted", _("accepted")
        IGNORED = "ignored", _("ignored")

    class Priority(models.TextChoices):
        FIRST = "first", _("before others")
        USUAL = "usual", _("as every site")
        LAST = "last", _("after others")

    class Kind(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        TUBE = "tube", _("video site")
        FORUM = "forum", _("forum")
        LEAK_BOARD = "leak_board", _("leak board")
        IMAGEBOARD = "imageboard", _("imageboard")
        FILE_HOST = "file_host", _("file host")
        MESSENGER = "messenger", _("messenger channel")
        SOCIAL = "social", _("social network")
        BLOG = "blog", _("blog")
        SEARCH = "search", _("search engine")
        OTHER = "other", _("other")

    domain = models.CharField(max_length=253, unique=True)
    start_url = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    hostility = models.CharField(max_length=12, choices=Hostility, default=Hostility.UNKNOWN)
    hostility_why = models.CharField(max_length=200, blank=True)
    hostility_how = models.CharField(max_length=8, blank=True, help_text=_("page, reply, person or shared"))
    kind = models.CharField(max_length=30, choices=Kind, default=Kind.UNKNOWN)
    review = models.CharField(max_length=8, choices=Review, default=Review.ACCEPTED)
    origin = models.CharField(max_length=12, blank=True, help_text=_("how it came here"))
    merged = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="aliases")
    covered = models.BooleanField(default=False, help_text=_("somebody who could act can be written to"))
    grams = ArrayField(models.CharField(max_length=3), default=list, help_text=_("three-letter parts of the domain"))
    priority = models.CharField(
        max_length=5, choices=Priority, default=Priority.USUAL, help_text=_("how soon it is visited, beside others")
    )
    country = models.CharField(max_length=2, blank=True)
    network = models.ForeignKey(Network, null=True, on_delete=models.SET_NULL, related_name="sites")
    moving = models.JSONField(null=True, help_text=_("a change of parties that one look-up saw and none has borne out"))
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
    depended_until = models.DateTimeField(null=True, help_text=_("until then it is looked up more often"))
    dossier = models.JSONField(null=True, help_text=_("latest answer of whereabouts, without URLs of findings"))

    objects = Sites()

    class Meta:
        indexes = [
            GinIndex("grams", name="site_grams"),
            models.Index("review", "added_at", name="site_review"),
            models.Index("state", "domain", name="site_state"),
            models.Index("kind", "domain", name="site_kind"),
            models.Index("hostility", "domain", name="site_hostility"),
            models.Index(models.F("looked_up_at").asc(nulls_first=True), "id", name="site_looked_up"),
            models.Index("added_at", "id", name="site_added"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.grams:
            self.grams = grams(self.domain)
        super().save(*args, **kwargs)


class SiteChange(GlobalRow):
    """What changed of a site, when and through whom. Append only: an undoing is a change too. Changes of one
    ``batch`` were made together."""

    app_may = ("SELECT", "INSERT")
    engine_may: tuple[str, ...] = ()

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    by = models.CharField(max_length=60, help_text=_("engine, or role and id of a member"))
    what = models.CharField(max_length=20, help_text=_("the field, or host, cdn, registrar"))
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    batch = models.UUIDField(null=True)
    undoes = models.UUIDField(null=True, help_text=_("the batch that this one takes back"))
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index("site", "at", name="change_of_site"),
            models.Index("batch", name="change_of_batch"),
            models.Index("by", "at", name="change_by"),
        ]

    @property
    def before_words(self) -> str:
        return self._words(self.before)

    @property
    def after_words(self) -> str:
        return self._words(self.after)

    @property
    def who(self) -> str:
        """The role that did it: members of other organisations are nobody's business."""
        return self.by.partition(":")[0]

    def _words(self, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if self.what in ("state", "review", "kind", "hostility", "priority"):
            return str(dict(getattr(Site, self.what.title()).choices).get(value, value))
        return "" if value is None else str(value)


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
    """One address or form of one party, as one source gave it, with the confidence and the decoding steps it had.
    Append only, which the database holds: seen again, only ``seen_at`` and ``seen`` move; anything else that differs
    is another row."""

    app_may = ("SELECT", "INSERT", "UPDATE (seen_at, seen)")

    party_key = models.CharField(max_length=200)
    role = models.CharField(max_length=12)
    channel = models.CharField(max_length=8)
    value = models.CharField(max_length=500)
    source = models.CharField(max_length=60)
    confidence = models.FloatField()
    steps = models.JSONField(default=list)
    steps_key = models.CharField(max_length=200, blank=True, help_text=_("the steps in one word"))
    first_seen = models.DateTimeField()
    seen_at = models.DateTimeField()
    seen = models.PositiveIntegerField(default=1, help_text=_("how often"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "party_key", "channel", "value", "source", "confidence", "steps_key", name="one_observation"
            )
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


class Asked(GlobalRow):
    """One notice to one desk and what became of it: what desks are learned from. Says nothing of a case: ``mark`` is a
    digest that only whoever holds the notice can make again, and moments are whole days."""

    app_may = ("SELECT", "INSERT", "UPDATE")
    engine_may: tuple[str, ...] = ()

    mark = models.CharField(max_length=32, unique=True)
    provider = models.CharField(max_length=120, help_text=_("registered domain of the address, or AS number"))
    role = models.CharField(max_length=12)
    channel = models.CharField(max_length=8)
    notice_type = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    sent_on = models.DateField()
    delivered = models.BooleanField(default=True, help_text=_("false once it came back"))
    acknowledged = models.BooleanField(default=False)
    replied = models.BooleanField(default=False)
    removed_days = models.FloatField(null=True, help_text=_("until it was gone; empty while it is not"))
    ended_days = models.FloatField(null=True, help_text=_("until nobody looked, or it went for another reason"))
    site = models.CharField(max_length=253, blank=True, help_text=_("domain it was about"))
    host = models.CharField(max_length=200, blank=True, help_text=_("party key of the host it stood with"))

    class Meta:
        indexes = [
            models.Index("provider", "channel", "notice_type", "language", name="asked_of_provider"),
            models.Index("sent_on", name="asked_on"),
        ]


class FactsKey(GlobalRow):
    """The signing key of another organisation, pinned by a coordinator who compared its fingerprint."""

    app_may = ("SELECT", "INSERT")
    engine_may: tuple[str, ...] = ()

    fingerprint = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    pinned_by = models.CharField(max_length=60)
    pinned_at = models.DateTimeField()


class FactsImport(GlobalRow):
    """A signed file of facts that was taken in; it can be withdrawn as a whole."""

    app_may = ("SELECT", "INSERT", "UPDATE (withdrawn_at)")
    engine_may: tuple[str, ...] = ()

    key = models.ForeignKey(FactsKey, on_delete=models.PROTECT, related_name="imports")
    digest = models.CharField(max_length=64, unique=True)
    batch = models.UUIDField(help_text=_("of the changes it made to sites"))
    by = models.CharField(max_length=60)
    at = models.DateTimeField()
    sites = models.PositiveIntegerField(default=0)
    contacts = models.PositiveIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True)

    @property
    def source(self) -> str:
        """The source of the observations it brought."""
        return f"shared:{self.key.fingerprint[:8]}:{self.digest[:8]}"


from efface.sites.network_models import Evidence, Membership, NetworkEdge, NetworkRules, NetworkWord  # noqa: E402

__all__ = [
    "Asked", "ContactObservation", "ContactState", "Delivery", "Evidence", "FactsImport", "FactsKey", "GlobalRow",
    "Membership", "Network", "NetworkEdge", "NetworkRules", "NetworkWord", "Site",
    "SiteChange",
]  # fmt: skip
