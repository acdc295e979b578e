"""Organisations, the people who work for them, their roles, and the audit chain."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext_lazy as _

from efface.engine.base import rows
from efface.engine.base.fields import SealedField
from efface.engine.base.ids import uuid7
from efface.engine.base.models import Owned


class Role(models.TextChoices):
    SURVIVOR = "survivor", _("survivor")
    CASEWORKER = "caseworker", _("caseworker")
    LEAD = "lead", _("lead")
    COORDINATOR = "coordinator", _("coordinator")
    INVESTIGATOR = "investigator", _("investigator")
    AUDITOR = "auditor", _("auditor")
    OPERATOR = "operator", _("operator")


class Organisation(models.Model):
    """A helpline, NGO, law clinic or police unit. It signs notices as the survivor's agent."""

    app_may = ("SELECT", "UPDATE")
    engine_may = ("SELECT",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    short = models.SlugField(max_length=30, unique=True)
    country = models.CharField(max_length=2)
    address = models.CharField(max_length=200, blank=True)
    signatory = models.CharField(max_length=120, help_text=_("role that signs notices, e.g. Removal Desk"))
    phone = models.CharField(max_length=40, blank=True)
    opens_herself = models.BooleanField(
        default=False, help_text=_("survivors may open a case in the portal without a worker")
    )
    portal_host = models.CharField(max_length=253, blank=True, help_text=_("host name of this organisation's portal"))
    training = models.BooleanField(
        default=False, help_text=_("nothing here is real and nothing leaves; said when it is made, never changed")
    )
    created = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **more: Any) -> User:
        user = self.model(email=self.normalize_email(email), **more)
        user.set_password(password)
        user.save()
        return user


#: Roles that read what cases hold. No case key opens for the others (``sealing.shut``).
READS_CASES = frozenset({Role.CASEWORKER, Role.LEAD, Role.INVESTIGATOR})


class User(AbstractBaseUser):
    """Somebody who signs in to the console. What they may do hangs on their memberships, never on this row."""

    app_may = ("SELECT", "INSERT", "UPDATE")
    engine_may: tuple[str, ...] = ()
    police_may = f"id = {rows.INVESTIGATOR}"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField()
    # Django and allauth ask for it; there is no admin site.
    is_staff = False

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()


class Member(Owned):
    """A person's role in an organisation."""

    app_may = ("SELECT", "INSERT", "UPDATE", "DELETE")
    extra_rule = "user_id = NULLIF(current_setting('efface.user', true), '')::uuid"
    police_may = f"user_id = {rows.INVESTIGATOR}"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=12, choices=[c for c in Role.choices if c[0] != "survivor"])
    trained_at = models.DateTimeField(null=True, help_text=_("trained for the conversation that opens face search"))

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "user", name="one_role_a_member")]


class CalendarFeed(Owned):
    """A member's calendar by address: the address is a secret, kept as a keyed digest only."""

    extra_rule = "encode(digest, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="calendar_feeds")
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, help_text=_("last time a calendar asked for it"))
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("member", name="one_calendar_feed", condition=models.Q(ended_at=None))
        ]


class Invitation(Owned):
    """A one-time way in: for somebody new, or (``member`` set) back in for somebody who lost password or second step.
    Its link is kept as a keyed digest only. One that leads to case contents and was not made by a lead waits for one
    (``needs_lead``)."""

    extra_rule = "encode(digest, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"

    digest = models.BinaryField(unique=True)
    email = models.EmailField()
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=12, choices=[c for c in Role.choices if c[0] != "survivor"])
    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="ways_back")
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    needs_lead = models.BooleanField(default=False)
    agreed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


OWN = f"member_id IN (SELECT id FROM accounts_member WHERE user_id = {rows.INVESTIGATOR})"  # noqa: S608
"""In an investigator's transaction: rows of their own membership."""


class SignIn(Owned):
    """One signed-in session of a member: which kind of device, since when, last seen. Found by a keyed digest of the
    session's key; no address is kept. ``ended_at``: the session is shut out from the next request on."""

    extra_rule = "encode(digest, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"
    police_may = OWN

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sign_ins")
    digest = models.BinaryField(unique=True)
    device = models.CharField(max_length=60)
    began_at = models.DateTimeField(help_text="by the machine's clock, as all three")
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class Unsent(Owned):
    """What a member sent from a session that was over: kept sealed until they are in again, a day at most."""

    police_may = OWN

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="unsent")
    path = models.CharField(max_length=200)
    fields = SealedField(scope="installation")
    at = models.DateTimeField(help_text="by the machine's clock")

    class Meta:
        constraints = [models.UniqueConstraint("member", "path", name="one_unsent_a_form")]


class LegalDemand(Owned):
    """A demand by an authority or a party: who asked for what, by which law, until when, what was given, who decided.
    Rows are never changed but for the answer, which is given once."""

    class Outcome(models.TextChoices):
        OPEN = "", _("not decided yet")
        NOTHING = "nothing", _("nothing was given")
        PART = "part", _("a part was given")
        ALL = "all", _("all of it was given")
        NOT_HERE = "not_here", _("we do not have it")

    app_may = ("SELECT", "INSERT", "UPDATE")

    number = models.PositiveIntegerField()
    asked_by = SealedField(scope="installation")
    asked_for = SealedField(scope="installation")
    law = SealedField(scope="installation")
    received_at = models.DateField()
    until = models.DateField(null=True)
    may_tell = models.BooleanField(default=True, help_text=_("whether the person concerned may be told"))
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN, blank=True)
    given = SealedField(scope="installation")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "number", name="one_demand_number")]
        ordering = ["-number"]


class Grant(Owned):
    """Money somebody gave for this work, spent in steps (``Spending``). It never says which case it was spent on."""

    name = models.CharField(max_length=80)
    funder = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    budget = models.BigIntegerField(help_text="in minor units")
    warn_at = models.PositiveSmallIntegerField(default=80, help_text="percent spent at which the page warns")
    ends_on = models.DateField(null=True)
    made_at = models.DateTimeField()


class Spending(Owned):
    """A step of spending, never changed: what was wrong is taken back by another with the opposite sign."""

    app_may = ("SELECT", "INSERT")

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="spendings")
    programme = models.ForeignKey("Programme", null=True, on_delete=models.PROTECT, related_name="spendings")
    amount = models.BigIntegerField(help_text="in minor units of the grant's currency; below nothing: given back")
    what = models.CharField(max_length=120)
    key = models.CharField(max_length=40, help_text="the form it came with, so that it counts once")
    by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "key", name="one_spending_a_form")]
        ordering = ["at"]


class Programme(Owned):
    """On which terms people are served. Free by default. Only the office reads it: what is searched for and removed
    never depends on it."""

    name = models.CharField(max_length=80)
    free = models.BooleanField(default=True)
    kind = models.CharField(max_length=12, default="survivors", help_text="a kind of terms.yaml")
    currency = models.CharField(max_length=3, default="EUR")
    price = models.BigIntegerField(default=0, help_text="a case, in minor units")
    scale = models.JSONField(default=list, help_text="percent of the price from which people choose, nothing first")
    grant = models.ForeignKey(Grant, null=True, on_delete=models.PROTECT, related_name="programmes")
    made_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="no new cases; those in it go on as they are")


class Voucher(Owned):
    """A one-time code that leads into a programme. Kept as a keyed digest only; not which case used it."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="vouchers")
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    expires_on = models.DateField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class Invoice(Owned):
    """An invoice or a credit note, never changed: what was wrong is credited. Each year's numbers begin with 1 and have
    no gaps. It goes to an agency, a funder or a client, and says nothing of a case."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT = "credit", _("credit note")

    app_may = ("SELECT", "INSERT")

    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=7, choices=Kind)
    supplier = SealedField(scope="installation", help_text="JSON: [name, address, tax number], as they were")
    customer = SealedField(scope="installation")
    address = SealedField(scope="installation")
    lines = SealedField(scope="installation", help_text="JSON: [[words, quantity, minor units each]]")
    currency = models.CharField(max_length=3)
    net = models.BigIntegerField(help_text="in minor units, as tax and gross; of a credit note below nothing")
    tax_points = models.PositiveIntegerField(default=0, help_text="hundredths of a percent")
    tax = models.BigIntegerField()
    supplied = models.CharField(max_length=60, blank=True, help_text="when it was done, where that is another day")
    no_tax = models.CharField(max_length=200, blank=True, help_text="why no tax is asked for, where none is")
    gross = models.BigIntegerField()
    issued_on = models.DateField()
    due_on = models.DateField(null=True)
    credits = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credit_notes")
    programme = models.ForeignKey(Programme, null=True, on_delete=models.PROTECT, related_name="invoices")
    key = models.CharField(max_length=40, help_text="the form it came with, so that it is issued once")
    by = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organisation", ExtractYear("issued_on"), "number", name="one_invoice_number_a_year"
            ),
            models.UniqueConstraint("organisation", "key", name="one_invoice_a_form"),
        ]
        ordering = ["-issued_on", "-number"]

    @property
    def reference(self) -> str:
        """The number as it is printed: "2026-0007"."""
        return f"{self.issued_on:%Y}-{self.number:04}"


class FaceSearchPermission(Owned):
    """A coordinator's record that face search may be used: without one it is off."""

    engine_may = ("SELECT",)

    impact_assessment = models.CharField(max_length=200)
    legal_basis = models.CharField(max_length=200)
    countries = models.CharField(max_length=200)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)


class AuditEntry(Owned):
    """One link of the organisation's audit chain: ``digest`` covers the link before it. Carries ids, no contents."""

    app_may = ("SELECT", "INSERT")

    number = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=60, blank=True)
    before = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "number", name="one_audit_number")]
        ordering = ["number"]


class AuditHead(Owned):
    """Where the organisation's chain ends, sealed with a key that is not in the database: without it the last entries
    could be cut off, or the whole chain written anew, and what is left would still look whole."""

    app_may = ("SELECT", "INSERT", "UPDATE")

    number = models.BigIntegerField()
    digest = models.BinaryField()
    seal = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", name="one_audit_head")]
