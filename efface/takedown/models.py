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
    gone_since = models.DateTimeField(null=True, help_text=_("first look-up of a row that named others instead"))
    told = models.JSONField(default=dict, help_text=_("what is missing, what it achieved, what else is open"))
    arranged = models.CharField(max_length=10, blank=True, help_text=_("a person's word that shapes it"))

    class Meta:
        constraints = [
            models.UniqueConstraint("finding", "episode", "party_key", "notice_type", name="one_route_a_party")
        ]
        ordering = ["position"]


class KeptPlan(CaseOwned):
    """The last plan of a finding, for people: who is not asked and why, steps for a person, parties only shown."""

    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, related_name="kept_plan")
    episode = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    content = SealedField()


class PlanChange(CaseOwned):
    """A person's word on a plan. Append only: what is taken back is said by a row of its own."""

    app_may = ("SELECT", "INSERT")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="plan_changes")
    episode = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=10)
    party_key = models.CharField(max_length=200, blank=True)
    notice_type = models.CharField(max_length=40, blank=True)
    other = models.CharField(max_length=200, blank=True, help_text=_("the party it goes before"))
    until = models.DateTimeField(null=True)
    why = SealedField()
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index("finding", "at", name="change_of_plan")]
        constraints = [models.UniqueConstraint("undoes", name="undone_once")]


class Particular(CaseOwned):
    """Something that only some notices need to know, as a person wrote it down (``asking.ENTRIES``). The last word
    counts; an empty one takes it back."""

    name = models.CharField(max_length=40)
    value = SealedField()
    said_at = models.DateTimeField()
    by = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint("case", "name", name="one_particular_a_case")]


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


class FourEyes(Owned):
    """While a row stands, the first notice of a case to a party of a type needs the word of two people."""

    since = models.DateTimeField()
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("organisation", name="four_eyes_once", condition=models.Q(ended_at=None))
        ]


class FirstWord(CaseOwned):
    """The first of two people who allow a first notice. It allows nothing by itself."""

    party_key = models.CharField(max_length=200)
    notice_type = models.CharField(max_length=40)
    template = models.CharField(max_length=40)
    exposure = models.CharField(max_length=30)
    notice = models.ForeignKey("takedown.Notice", on_delete=models.PROTECT, related_name="first_words")
    shown = models.CharField(max_length=64, help_text=_("SHA-256 of what was read"))
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "case", "party_key", "notice_type", "template", "exposure",
                name="one_first_word", condition=models.Q(taken_back_at=None),
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
    overdue_at = models.DateTimeField(null=True, help_text=_("the law's time was seen to be over then"))
    outside_reference = models.CharField(max_length=80, blank=True)
    confirmation = SealedField(help_text=_("what the form said when it was filed"))
    together = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="members", help_text=_("whose mail it leaves in")
    )

    class Meta:
        constraints = [models.UniqueConstraint("route", "step", "contact", name="one_notice_a_step")]
        indexes = [
            models.Index("contact", "sent_at", name="notice_to_contact"),
            models.Index("contact", name="notice_refused", condition=models.Q(state="failed")),
            models.Index(
                "state", "drafted_at", name="notice_waiting",
                condition=models.Q(state__in=["draft", "prepared", "held"]),
            ),
        ]


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


class ClockFact(CaseOwned):
    """Something that starts, stops or lengthens a clock of a notice, as somebody saw it or wrote it down. Never
    changed; a mistake is taken back and stays readable."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("they have it")
        ACKNOWLEDGEMENT = "acknowledgement", _("they confirmed that they have it")
        CONFIRMATION = "confirmation", _("they confirmed the request itself")
        AUTHORITY_NOTICE = "authority_notice", _("the authority gave its order or asked for removal")
        PROVIDER_INQUIRY = "provider_inquiry", _("the provider asked whoever posted it")
        MERCHANT_COMPLAINT = "merchant_complaint", _("the complaint reached the merchant")
        COUNTER_NOTICE = "counter_notice", _("the other side objected (counter-notice)")
        COURT_ORDER = "court_order", _("a court gave its order")
        IDENTITY_ASKED = "identity_asked", _("they asked who she is, or by what right we write")
        IDENTITY_GIVEN = "identity_given", _("their question who she is was answered")
        EXTENDED = "extended", _("they said in time that they need the longer period")

    class How(models.TextChoices):
        AUTO_REPLY = "auto-reply", _("their machine's confirmation")
        REPLY = "reply", _("their mail")
        DELIVERY_REPORT = "delivery-report", _("a delivery report of their mail server")
        FORM = "form", _("what the form showed or sent")
        POST = "post", _("the post's proof of delivery")
        PHONE = "phone", _("said on the telephone")
        LETTER = "letter", _("a letter or a file of theirs")

    engine_may = ("SELECT",)

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="clock_facts")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    how = models.CharField(max_length=16, choices=How)
    noted_at = models.DateTimeField()
    by = models.CharField(max_length=60)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "notice", "kind", "at", name="one_clock_fact", condition=models.Q(taken_back_at=None)
            )
        ]
        ordering = ["at", "id"]


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


class Publication(CaseOwned):
    """Somebody showed a notice of ours to others. It waits until a person has seen it."""

    class How(models.TextChoices):
        PAGE = "page", _("a page of the site shows it")
        REPLY = "reply", _("they said so in an answer")
        PERSON = "person", _("somebody here saw it")

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="publications")
    how = models.CharField(max_length=6, choices=How)
    where = SealedField()
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("notice", "how", name="one_publication_a_way")]


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


from efface.takedown.channels.models import FormWord, Step, Ticket  # noqa: E402, F401 - tables of this room
from efface.takedown.figures.models import (  # noqa: E402, F401
    StatisticsDay,
    StatisticsReport,
    StatisticsRun,
    StatisticsSwitch,
)
