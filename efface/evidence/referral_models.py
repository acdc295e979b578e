"""Tables of signals, referrals, what investigators ask, and their keys."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import CaseOwned, Hold
from efface.engine.base import rows
from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned

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

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("organisation", "user", name="one_key_in_use", condition=models.Q(ended_at=None))
        ]
