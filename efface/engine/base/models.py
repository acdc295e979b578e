"""Tables of the ground floor: the installation, case keys, deadlines, the outbox."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from efface.engine.base.fields import SealedField
from efface.engine.base.ids import uuid7


class Owned(models.Model):
    """A row of one organisation. Row-level security shows it to nobody else (``rows.py``).

    ``engine_may`` names what the database role ``efface_engine`` (matcher, scheduler) may do across organisations:
    any of SELECT, INSERT, UPDATE, DELETE. ``case_column`` is the column the portal's narrower rule compares;
    ``narrower_rule`` must hold too; under ``extra_rule`` a row is seen without an organisation. ``police_may`` is the
    condition under which an investigator reads a row (of a referred case, where it is a case's), "" for never; they
    write none.
    """

    engine_may: tuple[str, ...] = ()
    app_may: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")
    case_column: str = ""
    extra_rule: str = ""
    narrower_rule: str = ""
    police_may: str = ""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation_id: uuid.UUID
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Installation(models.Model):
    """One row: what kind of installation this is, written once, and its virtual clock where it has one."""

    class Kind(models.TextChoices):
        PRODUCTION = "production", _("production")
        DEMO = "demo", _("demo")
        TRAINING = "training", _("training")

    app_may = ("SELECT", "UPDATE")
    engine_may = ("SELECT",)

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=12, choices=Kind)
    created = models.DateTimeField()
    virtual_now = models.DateTimeField(null=True)
    locked_at = models.DateTimeField(null=True, help_text="`efface lock`: every host forgets its keys")
    restored_at = models.DateTimeField(null=True, help_text="when a backup was last put back here")
    key_mark = models.BinaryField(null=True, help_text="keyed digest: a host with another key is told so")

    @classmethod
    def current(cls) -> Installation:
        return cls.objects.get(pk=1)

    @classmethod
    def driven_now(cls) -> datetime | None:
        """The virtual clock, read fresh; None in production and before the installation exists."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT virtual_now FROM engine_installation WHERE id = 1 AND kind <> 'production'")
            row = cursor.fetchone()
        return row[0] if row else None


class CaseKey(Owned):
    """The data key of a case, wrapped. A table of its own so that a dump can leave it out; an erased case leaves the
    row without its key as a tombstone."""

    engine_may = ("SELECT",)
    case_column = "case_id"
    police_may = "true"
    narrower_rule = "COALESCE(current_setting('efface.shut', true), '') <> 'yes'"

    case_id = models.UUIDField(unique=True)
    wrapped = models.BinaryField()
    destroyed_at = models.DateTimeField(null=True)


class Deadline(models.Model):
    """A moment at which something must happen. Rooms register a handler for each ``kind``; effect and next deadline
    happen in one transaction. ``key`` makes setting the same deadline twice harmless."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"

    engine_may = ("SELECT", "INSERT", "UPDATE", "DELETE")
    tenant_or_global = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    case_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=40)
    subject = models.UUIDField()
    key = models.CharField(max_length=120, unique=True)
    due = models.DateTimeField()
    original_due = models.DateTimeField()
    statutory = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    done_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index("due", name="deadline_due", condition=models.Q(state="waiting")),
            models.Index("subject", name="deadline_subject"),
        ]


class Outbox(Owned):
    """One message to the outside. Sent by one function only, never twice: ``sending`` is committed before the first
    byte leaves, and a row found in that state after a crash is ambiguous until a person decides."""

    class State(models.TextChoices):
        READY = "ready", _("waiting to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        AMBIGUOUS = "ambiguous", _("unclear whether it was sent")
        FAILED = "failed", _("refused by the mail server")
        CANCELLED = "cancelled", _("cancelled")

    engine_may = ("SELECT", "UPDATE")
    case_column = "case_id"

    case_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    subject = models.UUIDField(help_text="the row it was made for: a notice")
    key = models.CharField(max_length=160, unique=True)
    message_id = models.CharField(max_length=160, unique=True)
    recipient = SealedField()
    message = SealedField()
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    created = models.DateTimeField()
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index("state", name="outbox_open", condition=models.Q(state__in=["ready", "sending", "ambiguous"]))
        ]


class Lease(models.Model):
    """Who may do one piece of work (a site's visit, the planning of a sweep) among all workers of all hosts
    (``leases.py``). Told by the database's own clock: a living process's sign of life, not a moment of any case."""

    app_may = ("SELECT", "INSERT", "UPDATE", "DELETE")
    engine_may = ("SELECT",)

    key = models.CharField(max_length=80, primary_key=True)
    token = models.BigIntegerField(help_text="grows each time it is taken: what an older one writes is refused")
    holder = models.UUIDField(null=True)
    until = models.DateTimeField(help_text="it returns then, unless its holder gives signs of life")
    free_at = models.DateTimeField(help_text="not taken again before: the next turn of a site")

    class Meta:
        indexes = [models.Index("holder", name="lease_holder", condition=models.Q(holder__isnull=False))]


class Bucket(models.Model):
    """How full one bucket of ``limits.py`` is. The key is a keyed digest: no address stands here."""

    app_may = ("SELECT", "INSERT", "UPDATE", "DELETE")

    key = models.CharField(max_length=64, primary_key=True)
    level = models.FloatField()
    at = models.DateTimeField(help_text="by the machine's clock")


class Worker(models.Model):
    """A worker process on some host, and its last sign of life by the database's clock (``workers.py``)."""

    app_may = ("SELECT", "INSERT", "UPDATE", "DELETE")
    engine_may = ("SELECT", "DELETE")

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    queues = models.CharField(max_length=200, blank=True, help_text="with commas; empty: all")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    skew_s = models.FloatField(default=0, help_text="seconds its host's clock is ahead of the database's")
