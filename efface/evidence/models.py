"""Proof: captures of pages without their media, what she kept, who demanded what, timestamps, custody, packs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import CaseOwned, Hold
from efface.engine.base import rows
from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned
from efface.search.models import Finding


class Capture(CaseOwned):
    """A page as it stood at a moment: a sealed WARC without media payload, its digest, its timestamp token. ``clock``:
    what is known of the clock that ``at`` was read from (``clock_source``)."""

    police_may = "true"

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="captures")
    episode = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    warc = models.UUIDField(help_text="object")
    warc_sha256 = models.CharField(max_length=64)
    warc_bytes = models.PositiveIntegerField()
    token = models.UUIDField(null=True, help_text="object: the raw RFC 3161 answer")
    stamped_at = models.DateTimeField(null=True)
    stamp_error = models.CharField(max_length=200, blank=True)
    clock = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("finding", "episode", name="one_capture_an_episode")]


class Custody(CaseOwned):
    """Who did what to a piece of evidence, each line's digest over the one before it in the case. Append only.
    ``number`` 0: written before lines were linked; the first linked one covers them all."""

    app_may = ("SELECT", "INSERT")

    capture = models.ForeignKey(Capture, null=True, on_delete=models.PROTECT, related_name="custody")
    about = models.CharField(max_length=10, default="capture", help_text="capture, kept, fact, pack or copy")
    subject = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    number = models.PositiveIntegerField(default=0)
    before = models.BinaryField(default=bytes)
    digest = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint("case", "number", name="one_custody_line", condition=models.Q(number__gt=0))
        ]


class Kept(CaseOwned):
    """A file she kept and handed in, or a member of one. Of a picture digests alone are kept. ``said``: the messages of
    a chat or mail, with its headers (``efface.net.kept.model``)."""

    within = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="members")
    name = SealedField()
    kind = models.CharField(max_length=8)
    app = models.CharField(max_length=20, blank=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    md5 = models.CharField(max_length=32, blank=True)
    pdq = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=40, blank=True)
    cut = models.BooleanField(default=False)
    said = SealedField()
    said_count = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "case", "sha256", name="one_kept_file", condition=models.Q(within=None) & ~models.Q(sha256="")
            )
        ]


class Fact(CaseOwned):
    """One thing about who demands what (``extortion.finding.KINDS``). A machine suggests, a person decides. ``ring``:
    keyed digest within the organisation, of confirmed wallets and handles alone; equal ones are one ring's."""

    police_may = "state = 'confirmed'"

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("suggested")
        CONFIRMED = "confirmed", _("confirmed")
        DROPPED = "dropped", _("not so")

    kind = models.CharField(max_length=10)
    value = SealedField()
    detail = models.CharField(max_length=20, blank=True)
    sure = models.BooleanField(default=False)
    quote = SealedField()
    source = models.ForeignKey(Kept, null=True, on_delete=models.SET_NULL, related_name="facts")
    same = models.BinaryField(help_text="keyed digest within the case: one value is one row")
    ring = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.SUGGESTED)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("case", "same", name="one_fact_a_value")]
        indexes = [models.Index("organisation", "ring", name="fact_ring", condition=models.Q(ring__isnull=False))]


class Pack(CaseOwned):
    """What somebody is handed, sealed to their key. The file lies in pieces in ``blobs`` until ``until``."""

    police_may = "id IN (SELECT pack_id FROM evidence_referralpack)"

    class For(models.TextChoices):
        POLICE = "police", _("police")
        LAWYER = "lawyer", _("her lawyer")
        COURT = "court", _("a court")
        HERSELF = "herself", _("herself")

    class State(models.TextChoices):
        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be made")
        ENDED = "ended", _("removed")

    made_for = models.CharField(max_length=8, choices=For)
    recipient = SealedField(help_text=_("who gets it, in words"))
    key = models.CharField(max_length=80, help_text=_("their age public key"))
    parts = models.JSONField(default=list)
    findings = models.JSONField(null=True, help_text=_("ids; empty for all"))
    ground = models.CharField(max_length=200, blank=True, help_text=_("the statute, where it goes without her consent"))
    of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="sealed_anew")
    once = models.CharField(max_length=40, blank=True, help_text=_("a form makes one pack"))
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=200, blank=True)
    blobs = models.JSONField(default=list, help_text=_("objects, in order"))
    sha256 = models.CharField(max_length=64, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    stamped_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("case", "once", name="one_pack_a_form", condition=~models.Q(once=""))]


class SealedCopy(CaseOwned):
    """The one exception to keeping no picture: a copy of an adult's published medium, sealed by the fetcher before it
    leaves it, for as long as a legal hold asks for it. Asked for by one person, allowed by another, destroyed by a
    deadline; it is never shown, only sealed anew to whom the law names."""

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a second person")
        ALLOWED = "allowed", _("being sealed")
        SEALED = "sealed", _("sealed")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("could not be made")
        DESTROYED = "destroyed", _("destroyed")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="sealed_copies")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="+")
    url = SealedField()
    why = SealedField()
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    until = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    problem = models.CharField(max_length=60, blank=True)
    identity = SealedField(help_text=_("the secret key it is sealed to"))
    blob = models.UUIDField(null=True, help_text="object")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)


OWN = "referral_id IN (SELECT id FROM evidence_referral)"
"""In an investigator's transaction their own standing referrals are all that this finds."""


class Signal(CaseOwned):
    """Something that a lead must know at once. One that is open stands once a kind."""

    class Kind(models.TextChoices):
        SCENE = "scene", _("the picture may show a crime")
        ASSAULT = "assault", _("assault")
        THREAT = "threat", _("a threat to life")
        MINOR = "minor", _("somebody under 18")

    class Outcome(models.TextChoices):
        OPEN = "", _("waits for a lead")
        TAKEN = "taken", _("in hand")
        NOT_SO = "not-so", _("not so")
        ENDED = "ended", _("the case was erased")

    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    note = SealedField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    why = SealedField()

    class Meta:
        constraints = [
            models.UniqueConstraint("case", "kind", name="one_open_signal", condition=models.Q(outcome=""))
        ]


class Referral(CaseOwned):
    """A case passed on to one investigator, for a time. It ends by itself, by a lead, or by her."""

    extra_rule = (
        f"organisation_id = {rows.ORGANISATION} AND investigator_id = {rows.INVESTIGATOR} AND ended_at IS NULL "
        f"AND until > {rows.MOMENT}"
    )

    class Ground(models.TextChoices):
        CONSENT = "consent", _("she wants it")
        STATUTE = "statute", _("a statute obliges")

    class Why(models.TextChoices):
        NONE = "", _("stands")
        TIME = "time", _("its time was over")
        HER = "her", _("she took her consent back")
        LEAD = "lead", _("ended here")
        ERASED = "erased", _("the case was erased")

    investigator = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=12, help_text=_("of the case"))
    desk = models.CharField(max_length=120)
    file_number = models.CharField(max_length=60, blank=True, help_text=_("what the police call it"))
    ground = models.CharField(max_length=8, choices=Ground)
    statute = models.CharField(max_length=200, blank=True)
    terms = models.CharField(max_length=200, blank=True, help_text=_("the agency's, as they stood then; empty: free"))
    parts = models.JSONField(default=list)
    by = models.CharField(max_length=60)
    at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)
    ended_why = models.CharField(max_length=8, choices=Why, default=Why.NONE, blank=True)
    once = models.CharField(max_length=40, blank=True, help_text=_("a form makes one referral"))

    class Meta:
        constraints = [
            models.UniqueConstraint("case", "once", name="one_referral_a_form", condition=~models.Q(once="")),
            models.UniqueConstraint(
                "case", "investigator", name="one_standing_referral", condition=models.Q(ended_at=None)
            ),
        ]


class ReferralPack(CaseOwned):
    """A pack that was made for a referral: its investigator may take it."""

    police_may = OWN

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="packs")
    pack = models.OneToOneField("evidence.Pack", on_delete=models.PROTECT, related_name="+")


class Question(CaseOwned):
    """A question or an answer between investigator and desk, sealed."""

    police_may = OWN

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="questions")
    from_police = models.BooleanField()
    by = models.CharField(max_length=60)
    at = models.DateTimeField()
    text = SealedField()
    read_at = models.DateTimeField(null=True)
    once = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("referral", "once", name="one_question_a_form", condition=~models.Q(once=""))
        ]


class PoliceRequest(CaseOwned):
    """What an investigator asks for and a lead decides."""

    police_may = OWN

    class Kind(models.TextChoices):
        HOLD = "hold", _("wait with notices")
        EXTEND = "extend", _("let the hold stand longer")
        PRESERVE = "preserve", _("keep what there is")
        ACCESS = "access", _("more time to read the case")
        RESEAL = "reseal", _("seal the packs to a new key")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a lead")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("refused")
        ENDED = "ended", _("its time was over")

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=8, choices=Kind)
    why = SealedField()
    owner = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    asked_until = models.DateTimeField()
    hold = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    answer = SealedField()
    until = models.DateTimeField(null=True)
    once = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("referral", "once", name="one_request_a_form", condition=~models.Q(once=""))
        ]


class InvestigatorKey(Owned):
    """An investigator's public key. A lost one is ended and another takes its place."""

    police_may = f"user_id = {rows.INVESTIGATOR}"

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("organisation", "user", name="one_key_in_use", condition=models.Q(ended_at=None))
        ]
