"""A case and all that belongs to the person it is for."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.engine.base.fields import SealedField
from efface.engine.base.models import Owned


class Level(models.TextChoices):
    DECLARED = "declared", _("declared (L0)")
    ATTESTED = "attested", _("attested (L1)")


class Age(models.TextChoices):
    """Age when a picture was made."""

    ADULT = "adult", _("18 or older")
    MINOR = "minor", _("under 18")
    UNKNOWN = "unknown", _("not known")


class Purpose(models.TextChoices):
    """What a consent is for. One switch each."""

    HASH_MATCH = "hash_match", _("compare fingerprints of my pictures")
    COPY_MATCH = "copy_match", _("recognise changed copies of my pictures")
    FACE_SEARCH = "face_search", _("look for my face")
    TEXT_SEARCH = "text_search", _("look for my name and handles")
    NOTIFY = "notify", _("write to hosts and search engines")
    CONTACT_OPERATOR = "contact_operator", _("write to the site itself")
    HASH_LISTS = "hash_lists", _("pass fingerprints to platforms' hash lists")
    PLATFORM_MATCH = "platform_match", _("answer platforms that ask whether a picture is mine")
    POLICE = "police", _("pass the case to the police")
    STATISTICS = "statistics", _("count my case in statistics")
    BLOCK_FACE = "block_face", _("keep my face out of every search")


class CaseKind(models.TextChoices):
    """What a case is for. One that only blocks holds a face template by which nobody is looked for."""

    HELP = "help", _("help with pictures")
    BLOCK = "block", _("do not search for me")


class Case(Owned):
    """One person's case. ``state`` paused stops every use at once."""

    police_may = "true"

    class State(models.TextChoices):
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")
        ERASED = "erased", _("erased")

    engine_may = ("SELECT",)
    case_column = "id"

    reference = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=6, choices=CaseKind, default=CaseKind.HELP)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    level = models.CharField(max_length=10, choices=Level, default=Level.DECLARED)
    age = models.CharField(max_length=8, choices=Age, default=Age.UNKNOWN)
    danger = models.BooleanField(default=False)
    by_herself = models.BooleanField(default=False, help_text=_("opened in the portal, without a worker"))
    alarm_at = models.DateTimeField(null=True, help_text=_("she said that she is in danger; no worker has seen it yet"))
    acquisition = models.CharField(max_length=30, default="unknown", help_text=_("how the pictures were obtained"))
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=8, default="en")
    name = SealedField()
    safe_contact = SealedField()
    worker = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    programme = models.ForeignKey("accounts.Programme", null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    erase_at = models.DateTimeField(null=True, help_text=_("she asked for erasure; until then it can be undone"))

    @property
    def case_id(self) -> uuid.UUID:
        return self.id


class CaseOwned(Owned):
    case_column = "case_id"

    case_id: uuid.UUID
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="%(class)ss")

    class Meta:
        abstract = True


class AccessCode(CaseOwned):
    """The way into the portal. Found by a keyed digest of the code's first half, proven by Argon2 of the whole."""

    extra_rule = "encode(lookup, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"

    lookup = models.BinaryField(unique=True)
    proof = models.CharField(max_length=200)
    created = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class RecoveryWord(CaseOwned):
    """A word she set, to get in without the code. Found by a keyed digest of the case's reference, proven by Argon2."""

    extra_rule = "encode(lookup, 'hex') = NULLIF(current_setting('efface.lookup', true), '')"

    lookup = models.BinaryField(unique=True)
    proof = models.CharField(max_length=200)
    created = models.DateTimeField()


class Draft(CaseOwned):
    """What she typed and did not send: ``fields`` of the form at ``path``. One for each form, kept until it is sent or
    thrown away."""

    path = models.CharField(max_length=120)
    fields = SealedField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("case", "path", name="one_draft_a_form")]


class Consent(CaseOwned):
    """A permission for one purpose, from one moment to another. Never edited: withdrawn, and given anew."""

    engine_may = ("SELECT",)

    purpose = models.CharField(max_length=20, choices=Purpose)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("case", "purpose", name="consent_of_case")]


class FingerprintKind(models.TextChoices):
    PDQ = "pdq"
    COPY = "copy"
    LOCAL = "local"
    FACE = "face"
    VIDEO = "video"
    MD5 = "md5"
    SHA256 = "sha256"
    TEXT = "text"


class Fingerprint(CaseOwned):
    """One fingerprint of the subject's own pictures. ``value`` is JSON in the form of its kind, all but face and text
    with the file's ``sha256``: eight hex hashes for pdq; ``local`` (base64 of ``efface.vision.local.LocalPrint``);
    ``clip`` (base64 of ``efface.vision.video.VideoPrint``) for video; model id and numbers for face and copy;
    ``kind`` and ``value`` for text. ``label`` is what she calls the picture; pictures themselves are never here."""

    engine_may = ("SELECT",)

    kind = models.CharField(max_length=8, choices=FingerprintKind)
    value = SealedField()
    label = SealedField()
    quality = models.PositiveSmallIntegerField(default=0)
    age = models.CharField(max_length=8, choices=Age, default=Age.UNKNOWN)
    created = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)


class OwnPlace(CaseOwned):
    """A place where she shows herself and wants to be left: what is met there is never a candidate. ``url`` is the
    beginning of its addresses, without scheme, or a host alone."""

    url = SealedField()
    added_by = models.CharField(max_length=60)
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class CaseFact(CaseOwned):
    """What she said when asked (``knowing.QUESTIONS``). Append only: the last word counts."""

    app_may = ("SELECT", "INSERT", "DELETE")

    name = models.CharField(max_length=30)
    value = SealedField()
    by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("case", "at", name="fact_of_case")]


class Avoided(CaseOwned):
    """Somebody who must never hear of the case: a name, mail address, domain or number."""

    kind = models.CharField(max_length=8)
    value = SealedField()
    added_by = models.CharField(max_length=60)
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class SafetyWord(CaseOwned):
    """A word she chose that ends everything about level L1 when she says or types it. Only its Argon2 proof is kept."""

    proof = models.CharField(max_length=200)
    set_at = models.DateTimeField()


class SafetySign(CaseOwned):
    """She said her word. Told to a lead; shown nowhere in the portal, in no timeline and in no export."""

    class Outcome(models.TextChoices):
        OPEN = "", _("waits for a lead")
        SAFE = "safe", _("she is safe; a new conversation may be held")
        STAYS = "stays", _("search stays off")

    at = models.DateTimeField()
    where = models.CharField(max_length=12, help_text="conversation or message")
    outcome = models.CharField(max_length=5, choices=Outcome, default=Outcome.OPEN, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    why = SealedField()


class Conversation(CaseOwned):
    """A live conversation of a trained worker with her, step by step (``conversing``). ``said``: step to answer."""

    class Outcome(models.TextChoices):
        OPEN = "", _("going on")
        ATTESTED = "attested", _("attested")
        ENDED = "ended", _("ended without an attestation")

    worker = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    way = models.CharField(max_length=10, help_text="in-person or video")
    begun_at = models.DateTimeField()
    said = SealedField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN, blank=True)


class Attestation(CaseOwned):
    """How the case became attested: first worker spoke with her, second approved, cooling-off passed. ``stopped_at``:
    she or a worker ended it; ``quiet``: her word did, and the portal shows it as if it stood."""

    conversation = models.OneToOneField(Conversation, null=True, on_delete=models.PROTECT, related_name="+")
    spoke_alone = models.BooleanField()
    proof_seen = models.CharField(max_length=120)
    first_worker = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    first_at = models.DateTimeField()
    second_worker = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    second_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refused_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    refused_why = SealedField()
    stopped_at = models.DateTimeField(null=True)
    quiet = models.BooleanField(default=False)


class FaceAlarm(CaseOwned):
    """A face that is in more than one case, or that somebody asked not to be searched for. Nothing here says which
    other case: ``pair`` is a keyed digest, by which the same two are not told twice. While one is open, the face is not
    used."""

    class Kind(models.TextChoices):
        SAME = "same", _("the same face is in another case")
        BLOCKED = "blocked", _("somebody with this face asked not to be searched for")
        REFUSED = "refused", _("a face that may not be enrolled")

    class Outcome(models.TextChoices):
        OPEN = "", _("waits for a lead")
        GOES_ON = "goes-on", _("goes on")
        ENDED = "ended", _("search ended")

    engine_may = ("SELECT", "INSERT")

    kind = models.CharField(max_length=8, choices=Kind)
    pair = models.BinaryField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    why = SealedField()

    class Meta:
        constraints = [models.UniqueConstraint("case", "pair", name="one_face_alarm")]


class ConsentUse(CaseOwned):
    """What was done under a consent, added up by day. ``what`` is a word of ``uses.WHAT``, ``by`` who did it."""

    purpose = models.CharField(max_length=20, choices=Purpose)
    day = models.DateField()
    what = models.CharField(max_length=20)
    by = models.CharField(max_length=80, blank=True)
    times = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("case", "purpose", "day", "what", "by", name="one_use_a_day")]


class ComparedDay(models.Model):
    """How much the matchers compared on a day, for all that was active: numbers of no case and no person."""

    app_may = ("SELECT",)
    engine_may = ("SELECT", "INSERT", "UPDATE")

    day = models.DateField(primary_key=True)
    pictures = models.BigIntegerField(default=0)
    faces = models.BigIntegerField(default=0)
    pages = models.BigIntegerField(default=0)


class ProofStatement(CaseOwned):
    """A signed statement that a worker saw a covered identity document of hers (``statements``). ``document`` is what
    may be handed on; ``opening`` holds the salt with which she lets somebody check her name against it."""

    document = SealedField()
    opening = SealedField()
    worker = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)


class SealedProof(CaseOwned):
    """A covered picture of an identity document that she wanted kept for a time. One worker asks to see it, another
    allows it, the first looks once; a deadline destroys it."""

    picture = SealedField()
    sealed_at = models.DateTimeField()
    until = models.DateTimeField()
    asked_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)
    allowed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    allowed_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)


class Authority(CaseOwned):
    """Her letter of authority: that the organisation may act on her behalf. ``letter`` holds its text, the name she
    signed with, how she signed, and the PDF (base64)."""

    letter = SealedField()
    language = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of the PDF"))
    signed_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class Hold(CaseOwned):
    """A reason to wait: while it stands, no notice leaves."""

    reason = models.CharField(max_length=200)
    owner = models.CharField(max_length=80)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)


class PoliceWish(CaseOwned):
    """That somebody who was under 18, or may have been, wants the police to have the case, as a worker heard it and a
    lead confirmed (``young``). ``of_age``: the years from which she decides alone, as the law data said then."""

    class Who(models.TextChoices):
        HERSELF = "herself", _("she herself")
        BOTH = "both", _("she herself, and a parent or guardian agrees")
        GUARDIAN = "guardian", _("a parent or guardian, and she does not object")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a lead")
        CONFIRMED = "confirmed", _("confirmed")
        REFUSED = "refused", _("not confirmed")
        ENDED = "ended", _("taken back")

    who = models.CharField(max_length=8, choices=Who)
    age_now = SealedField()
    of_age = models.PositiveSmallIntegerField()
    alone = models.BooleanField(default=False)
    why = SealedField()
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    by = models.CharField(max_length=60)
    at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "case", name="one_police_wish", condition=models.Q(state__in=["asked", "confirmed"])
            )
        ]


class Note(CaseOwned):
    """A line between workers, never shown to her and in no letter. Taken back, it is empty; that it was there stays."""

    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = SealedField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("case", "at", name="note_of_case")]


class Absence(Owned):
    """A member is away from ``begins`` until ``ends``; ``substitute`` sees the cases and their clocks meanwhile."""

    member = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="absences")
    substitute = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="substitutions")
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    said_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text=_("back earlier, or taken back"))

    class Meta:
        indexes = [models.Index("member", "ends", name="absence_of_member")]


class Duty(Owned):
    """A member is on duty from ``begins`` until ``ends``: one shift of the rota."""

    member = models.ForeignKey("accounts.Member", on_delete=models.CASCADE, related_name="duties")
    begins = models.DateTimeField()
    ends = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("member", "begins", name="one_duty_a_begin")]


class CaseEvent(CaseOwned):
    """What happened, in order. Append only."""

    app_may = ("SELECT", "INSERT")

    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    subject = models.UUIDField(null=True)
    data = SealedField()

    class Meta:
        indexes = [
            models.Index("case", "at", name="event_of_case"),
            models.Index("kind", "subject", name="event_of_kind"),
        ]


class Message(CaseOwned):
    """A line between survivor and caseworker."""

    from_survivor = models.BooleanField()
    author = models.CharField(max_length=60)
    at = models.DateTimeField()
    text = SealedField()
    read_at = models.DateTimeField(null=True)
    about = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="answers",
        help_text=_("the message that began this thread; empty for one that begins one"),
    )  # fmt: skip
    topic = models.CharField(max_length=12, blank=True)

    class Meta:
        indexes = [
            models.Index("at", name="message_unread", condition=models.Q(from_survivor=True, read_at__isnull=True))
        ]


class ReportedLink(CaseOwned):
    """A link the survivor or a worker reported, waiting to be looked at or already on its way."""

    url = SealedField()
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)


class Telling(CaseOwned):
    """News for her, and how she was told of it (``telling``). It names an occasion; what happened stands elsewhere."""

    # A mail that came back finds its telling before its organisation is known.
    extra_rule = "id::text = NULLIF(current_setting('efface.lookup', true), '')"

    class State(models.TextChoices):
        HERE = "here", _("waits for her in the portal")
        MAIL = "mail", _("a mail waits to leave")
        HAND = "hand", _("a person tells her")
        SENT = "sent", _("told")
        FAILED = "failed", _("did not reach her")

    occasion = models.CharField(max_length=12)
    subject = models.UUIDField()
    key = models.CharField(max_length=120)
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, default="portal")
    state = models.CharField(max_length=6, choices=State, default=State.HERE)
    due = models.DateTimeField(null=True, help_text=_("not before"))
    done_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text=_("when she saw it in the portal"))

    class Meta:
        constraints = [models.UniqueConstraint("case", "key", name="told_once")]
        indexes = [models.Index("case", "state", name="telling_of_case")]
