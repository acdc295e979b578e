"""Partners of an organisation: their keys, the cases they brought, what they are told, what they reported."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import CaseOwned
from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned


class Scope(models.TextChoices):
    """What a key may be used for. One word each; none includes another."""

    CASES_OPEN = "cases.open", _("open cases")
    CASES_READ = "cases.read", _("read how its own cases stand")
    LINKS_ADD = "links.add", _("add links to its own cases")
    REPORTS_SEND = "reports.send", _("send abuse reports (XARF)")
    LOOKUP = "lookup", _("ask whether a picture is on the list")


class Partner(Owned):
    """An API client: a helpline, NGO or platform under agreement. The key is told once; a digest of it is kept."""

    extra_rule = "encode(digest, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"

    name = models.CharField(max_length=80)
    hint = models.CharField(max_length=12, help_text=_("the key's first letters, to know it by"))
    digest = models.BinaryField(unique=True)
    scopes = models.JSONField(default=list)
    agreement = models.CharField(max_length=300, blank=True, help_text=_("what was agreed, and where it is kept"))
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=60, blank=True)
    halted_at = models.DateTimeField(null=True, help_text=_("look-ups stopped by themselves; a person looks first"))
    halted_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["made_at", "id"]


class PartnerCase(CaseOwned):
    """A case that a partner brought. It sees those and no other, until somebody ends that (she, or a worker)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="cases")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text=_("the partner sees nothing of it any more"))

    class Meta:
        constraints = [models.UniqueConstraint("partner", "case", name="one_partner_case")]
        indexes = [models.Index("partner", "id", name="case_of_partner")]


class PartnerLink(CaseOwned):
    """A link that a partner added: its own id for it, so that it can ask what came of it."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="links")
    link = models.OneToOneField("cases.ReportedLink", on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(help_text=_("keyed digest of the address"))
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("partner", "case", "digest", name="one_partner_link")]


class Repeat(Owned):
    """A request that changed something, by its idempotency key: the same request again gets the same answer. What was
    shown once is not in it."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="repeats")
    key = models.BinaryField()
    request = models.BinaryField(help_text=_("digest of what was asked"))
    status = models.PositiveSmallIntegerField(default=0)
    answer = SealedField(scope="installation")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("partner", "key", name="one_repeat_a_key")]


class Hook(Owned):
    """Where a partner is told of news about its cases. ``secrets`` signs it: the present one first; after a rotation
    the one before too, until ``old_until``."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="hooks")
    url = SealedField(scope="installation")
    secrets = SealedField(scope="installation")
    old_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("partner", name="one_hook_a_partner", condition=models.Q(ended_at=None))
        ]


class News(CaseOwned):
    """One piece of news for a hook. Of a case they leave in order: while one waits, those after it wait."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be told")
        TOLD = "told", _("told")
        STUCK = "stuck", _("given up; a person decides")
        DROPPED = "dropped", _("not told: the partner does not see the case any more")

    hook = models.ForeignKey(Hook, on_delete=models.PROTECT, related_name="news")
    number = models.PositiveIntegerField(help_text=_("of this hook and case, from 1 on, without a gap"))
    kind = models.CharField(max_length=30)
    body = models.JSONField(default=dict, help_text=_("ids and states; never an address or a word of anybody"))
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("hook", "case", "number", name="news_in_order")]
        indexes = [models.Index("hook", "case", name="news_open", condition=models.Q(state__in=["waiting", "stuck"]))]


class LookupDay(Owned):
    """What a platform asked on one day: numbers only."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="lookup_days")
    day = models.DateField()
    asked = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    brinks = models.PositiveIntegerField(default=0, help_text=_("asked just beside the border of a hash"))
    canaries = models.PositiveIntegerField(default=0, help_text=_("asked for a hash that belongs to no picture"))

    class Meta:
        constraints = [models.UniqueConstraint("partner", "day", name="one_lookup_day")]


class LookupBrink(CaseOwned):
    """A question just beside the border of a fingerprint, so that many of them are noticed however they are spread
    over keys and days. What was asked is a keyed digest; it goes with the fingerprint."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="brinks")
    fingerprint = models.ForeignKey("cases.Fingerprint", on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(help_text=_("keyed digest of the hash that was asked"))
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("partner", "fingerprint", "digest", name="one_brink")]


class PartnerFeed(Owned):
    """The secret address of a partner's calendar; the one before it ends."""

    extra_rule = "encode(digest, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="feeds")
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("partner", name="one_feed_a_partner", condition=models.Q(ended_at=None))
        ]


class Report(Owned):
    """An abuse report (XARF v4) that somebody sent to the organisation: a draft for a person, who says which case it
    belongs to, or that it belongs to none."""

    class State(models.TextChoices):
        DRAFT = "draft", _("to be decided")
        LINKED = "linked", _("its addresses were added to a case")
        DROPPED = "dropped", _("set aside")

    partner = models.ForeignKey(Partner, null=True, on_delete=models.PROTECT, related_name="reports")
    digest = models.BinaryField(help_text=_("keyed digest of the report's own id"))
    content = SealedField(scope="installation")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "digest", name="one_report")]


class Exchange(Owned):
    """An adapter of a foreign list that an organisation switched on (``exchange``). Without a row it is off."""

    adapter = models.CharField(max_length=20)
    terms = models.CharField(max_length=500, blank=True, help_text=_("what was agreed, and who read it"))
    on = models.BooleanField(default=False)
    set_by = models.CharField(max_length=60)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "adapter", name="one_exchange")]
