"""Organisations, the people who work for them, their roles, and the audit chain."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

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
    created = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **more: Any) -> User:
        user = self.model(email=self.normalize_email(email), **more)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """Somebody who signs in to the console. What they may do hangs on their memberships, never on this row."""

    app_may = ("SELECT", "INSERT", "UPDATE")
    engine_may: tuple[str, ...] = ()

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

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=12, choices=[c for c in Role.choices if c[0] != "survivor"])

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


class Programme(Owned):
    """On which terms people are served. Free by default."""

    name = models.CharField(max_length=80)
    free = models.BooleanField(default=True)


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
