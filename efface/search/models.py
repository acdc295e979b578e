"""What was met on the web, and what of it may belong to a case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.cases.models import Age, CaseOwned
from efface.engine.base.fields import SealedField
from efface.engine.base.ids import uuid7
from efface.engine.base.models import Owned
from efface.search.revisit import LIST_OPENS
from efface.sites.models import GlobalRow, Site


class Frontier(GlobalRow):
    """A page known of a site. URLs are sealed with the installation key and found by keyed digest."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="frontier", db_index=False)
    digest = models.BinaryField(unique=True)
    url = SealedField(scope="installation")
    depth = models.PositiveSmallIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(default=50, help_text=_("lower is sooner"))
    found_at = models.DateTimeField()
    visited_at = models.DateTimeField(null=True)
    visit = models.PositiveIntegerField(default=0, help_text=_("number of the site's visit that read it last"))
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, help_text=_("asked for, and nothing came back yet"))
    unchanged = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(default=0)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    robots_at = models.DateTimeField(null=True, help_text=_("when robots.txt last allowed it"))
    read_at = models.DateTimeField(null=True, help_text=_("last time it was there and could be read"))
    via = models.UUIDField(null=True, help_text=_("the list it was last seen on"))
    linked_at = models.DateTimeField(null=True, help_text=_("last time a list linked to it"))
    opened = models.PositiveIntegerField(default=0, help_text=_("pages first found here: what makes it a list"))
    shape = models.BinaryField(default=bytes, help_text=_("keyed digest of the URL's form, to notice endless series"))
    shows = models.PositiveSmallIntegerField(default=0, help_text=_("full media it shows"))
    sweep = models.BooleanField(default=False, help_text=_("its faces must be met again"))
    afresh = models.BooleanField(default=False, help_text=_("all its media must be fetched again"))
    wall = models.CharField(max_length=20, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    harm = models.PositiveSmallIntegerField(
        default=0, help_text=_("candidates and findings there, returns counted twice")
    )  # fmt: skip

    class Meta:
        indexes = [
            models.Index("site", "due_at", name="frontier_due"),
            models.Index("site", "shape", name="frontier_shape"),
            models.Index("visited_at", name="frontier_visited"),
            models.Index("site", name="frontier_sweep", condition=models.Q(sweep=True)),
            models.Index("site", name="frontier_asked", condition=models.Q(asked_at__isnull=False)),
            models.Index("via", name="frontier_via", condition=models.Q(via__isnull=False)),
            models.Index("site", name="frontier_lists", condition=models.Q(depth=0) | models.Q(opened__gte=LIST_OPENS)),
        ]


class SiteList(GlobalRow):
    """A sitemap or feed of a site. Its address is sealed, as those of pages are."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="lists")
    digest = models.BinaryField(unique=True)
    url = SealedField(scope="installation")
    kind = models.CharField(max_length=8, blank=True, help_text=_("what it turned out to be; empty before it was read"))
    guessed = models.BooleanField(default=False, help_text=_("looked for where such lists usually lie"))
    found_at = models.DateTimeField()
    due_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    visit = models.PositiveIntegerField(default=0)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index("site", "due_at", name="site_list_due")]


class SiteLore(GlobalRow):
    """What was learned about how a site is to be read."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="lore")
    scripted = models.PositiveIntegerField(default=0, help_text=_("pages in a row that only a browser could show"))
    unseen = models.PositiveIntegerField(default=0, help_text=_("of these, pages for which there was no browser"))
    parameters = models.JSONField(default=dict, help_text=_("parameter: pages [the same, different] without it"))
    search = SealedField(scope="installation", help_text=_("address of its search form, {word} in it"))
    harm = models.PositiveIntegerField(default=0, help_text=_("findings there, returns counted twice"))
    guessed_at = models.DateTimeField(null=True, help_text=_("when sitemaps and feeds were looked for"))
    balance = models.SmallIntegerField(default=0, help_text=_("of that visit: pages swept, less new ones read"))
    balance_of = models.PositiveIntegerField(default=0, help_text=_("number of the visit that balance is of"))


class SiteRule(GlobalRow):
    """What a coordinator decided about how a site is visited. The latest one counts; older ones stay on record."""

    app_may = ("SELECT", "INSERT", "DELETE")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="rules")
    decided_in = models.UUIDField(help_text=_("organisation whose coordinator decided"))
    decided_by = models.CharField(max_length=60)
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    robots_until = models.DateTimeField(null=True, help_text=_("robots.txt does not bind the crawl until then"))
    delay_s = models.FloatField(null=True, help_text=_("seconds between two pages"))
    from_hour = models.PositiveSmallIntegerField(null=True, help_text=_("visited from this hour on, UTC"))
    to_hour = models.PositiveSmallIntegerField(null=True, help_text=_("and until this one"))
    pages = models.PositiveSmallIntegerField(null=True, help_text=_("pages of one visit"))
    search_words = models.BooleanField(
        default=False, help_text=_("the site's own search may be asked for names that cases consented to")
    )

    class Meta:
        indexes = [models.Index("site", "decided_at", name="site_rule_latest")]


class Media(GlobalRow):
    """One distinct picture met: fingerprints, no bytes. Kept 180 days after it was last seen."""

    engine_may = ("SELECT",)

    sha256 = models.BinaryField(unique=True)
    pdq = models.JSONField(default=list, help_text=_("eight hex hashes; empty where it could not be decoded"))
    quality = models.PositiveSmallIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    clip = models.BinaryField(default=bytes, help_text=_("frame hashes of a video (vision.video.VideoPrint)"))
    faces = models.PositiveSmallIntegerField(default=0)
    faces_seen = models.BooleanField(default=False, help_text=_("faces were counted when it was met"))
    looked = models.BooleanField(default=False, help_text=_("its local features were compared when it was met"))
    error = models.CharField(max_length=30, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()


class Sighting(GlobalRow):
    """Media met at a place: a media URL on a page. Both URLs sealed with the installation key."""

    media = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="sightings")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="sightings", db_index=False)
    page_digest = models.BinaryField()
    media_digest = models.BinaryField()
    page_url = SealedField(scope="installation")
    media_url = SealedField(scope="installation")
    role = models.CharField(max_length=10, default="media")
    link_digest = models.BinaryField(null=True, help_text=_("the page it stands for: a list's thumbnail of that page"))
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, help_text=_("last time its bytes were looked at"))

    class Meta:
        constraints = [models.UniqueConstraint("page_digest", "media_digest", "media", name="one_sighting_a_place")]
        indexes = [
            models.Index("site", "fetched_at", name="sighting_of_site"),
            models.Index("fetched_at", name="sighting_fetched"),
            models.Index("link_digest", name="sighting_link", condition=models.Q(link_digest__isnull=False)),
        ]


class Match(CaseOwned):
    """A candidate link between a case and a page, with its reasons. A person confirms it or not."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("to be decided")
        ASKED = "asked", _("asked the survivor")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("not hers")
        OWN = "own", _("her own, leave it")

    sighting = models.ForeignKey(
        Sighting, on_delete=models.PROTECT, related_name="matches", null=True,
        help_text=_("empty once its site was stopped: what was met there is not kept"),
    )  # fmt: skip
    page_digest = models.BinaryField()
    kind = models.CharField(max_length=8)
    score = models.FloatField(help_text=_("in the measure of its kind (search.matcher.hits.Hit)"))
    strong = models.BooleanField(default=False)
    reasons = models.JSONField(default=list)
    page_url = SealedField()
    media_url = SealedField()
    baseline = SealedField(help_text=_("what the page said then, as shingles"))
    state = models.CharField(max_length=10, choices=State, default=State.CANDIDATE)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    decided_why = models.CharField(max_length=200, blank=True)
    put_off = models.DateTimeField(null=True, help_text=_("she said not now; asked again then"))

    class Meta:
        constraints = [models.UniqueConstraint("case", "page_digest", name="one_match_a_page_and_case")]
        indexes = [
            models.Index("made_at", name="match_candidate", condition=models.Q(state="candidate")),
            models.Index("page_digest", name="match_of_page"),
        ]


class Sweep(CaseOwned):
    """Pages read again for what a case newly enrolled. The mark stands on the pages, which all sweeps share; this is
    what is needed to go on after a restart, and to say how far it is."""

    began_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True, help_text=_("when every page was marked"))
    pages = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index("case", "began_at", name="sweep_latest")]


class FindingState(models.TextChoices):
    """The verdict words (``takedown.verdict``), as the state of a finding."""

    UNKNOWN = "unknown", _("not checked yet")
    LIVE = "live", _("still there")
    PARTIAL = "partial", _("partly removed")
    MOVED = "moved", _("moved")
    GATED = "gated", _("behind a login or age gate")
    BOT_BLOCKED = "bot-blocked", _("the site blocks our check")
    GEO_BLOCKED = "geo-blocked", _("blocked in some countries")
    SUSPENDED = "suspended", _("site suspended")
    UNREACHABLE = "unreachable", _("not reachable")
    CONTENT_REPLACED = "content-replaced", _("replaced by something else")
    GONE_PROVISIONAL = "gone-provisional", _("not found, being rechecked")
    GONE_CONFIRMED = "gone-confirmed", _("not found in repeated checks")
    DELISTING_PENDING = "delisting-pending", _("still listed by a search engine")
    REAPPEARED = "reappeared", _("came back")
    CONFLICT = "conflict", _("checks disagree")


class Finding(CaseOwned):
    """A confirmed match: the thing to be removed. ``age`` is hers or a lead's answer about this very picture."""

    police_may = "true"

    match = models.OneToOneField(Match, on_delete=models.PROTECT, related_name="finding")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="findings")
    age = models.CharField(max_length=8, choices=Age, default=Age.UNKNOWN)
    state = models.CharField(max_length=20, choices=FindingState, default=FindingState.UNKNOWN)
    episode = models.PositiveSmallIntegerField(default=1, help_text=_("grows by one each time it comes back"))
    page_url = SealedField()
    baseline = SealedField()
    confirmed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    stopped = models.CharField(max_length=60, blank=True, help_text=_("why nothing more is done, where so"))

    class Meta:
        indexes = [
            models.Index("confirmed_at", name="finding_of_no_age", condition=models.Q(age="unknown")),
            models.Index("confirmed_at", name="finding_conflict", condition=models.Q(state="conflict")),
        ]


class Asset(CaseOwned):
    """One member of a finding's asset set: page, media, thumbnail, cdn copy, search listing."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="assets")
    role = models.CharField(max_length=10)
    url = SealedField()
    url_digest = models.BinaryField()
    host = models.CharField(max_length=253)
    pdq = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64, blank=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("finding", "url_digest", name="one_asset_a_url")]
        indexes = [models.Index("url_digest", name="asset_of_url")]


class SourceSetup(Owned):
    """What an organisation configured for a source beyond the crawl (``sources``). Without a row it is off."""

    source = models.CharField(max_length=20)
    endpoint = models.CharField(max_length=300, blank=True)
    key = SealedField(scope="installation", help_text=_("the organisation's own key"))
    terms = models.CharField(max_length=500, blank=True, help_text=_("where its terms allow this, and who read them"))
    a_day = models.PositiveSmallIntegerField(default=50, help_text=_("questions a day"))
    on = models.BooleanField(default=False)
    set_by = models.CharField(max_length=60)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "source", name="one_setup_a_source")]


class SourceUse(Owned):
    """Questions put to a source on one day."""

    source = models.CharField(max_length=20)
    day = models.DateField()
    asked = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "source", "day", name="one_use_a_source_and_day")]


class SiteStop(GlobalRow):
    """Why a site was stopped for suspected child material: one row for each cause. It says nothing of any page; what
    a hotline needs stands in its ``HotlineDraft``. A site goes on once every cause of it was a false alarm."""

    app_may = ("SELECT", "INSERT", "UPDATE")
    engine_may: tuple[str, ...] = ()

    class How(models.TextChoices):
        LIST = "list", _("a list of known material")
        TERMS = "terms", _("words of a page")
        PERSON = "person", _("a worker's flag")

    class State(models.TextChoices):
        OPEN = "open", _("to be reported")
        REPORTED = "reported", _("reported to a hotline")
        DOUBTED = "doubted", _("called a false alarm; a second lead decides")
        FALSE = "false", _("a false alarm")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="stops")
    at = models.DateTimeField()
    how = models.CharField(max_length=8, choices=How)
    reasons = models.JSONField(default=list, help_text=_("ids of terms, or of lists; never their words"))
    by = models.CharField(max_length=60, help_text=_("engine, or role and id of a member"))
    flagged_in = models.UUIDField(null=True, help_text=_("organisation whose worker flagged it; empty: the crawl"))
    before = models.CharField(max_length=8, help_text=_("the site's state until then"))
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    said_at = models.DateTimeField(null=True, help_text=_("when the last of these was said"))
    reported_by = models.CharField(max_length=60, blank=True)
    doubted_by = models.CharField(max_length=60, blank=True)
    ended_by = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index("site", "state", name="site_stop_state")]


class HotlineDraft(models.Model):
    """What a lead may hand to a hotline: addresses only, sealed. Of a worker's flag it is that organisation's alone; of
    the crawl's it is every organisation's. Nothing sends it."""

    tenant_or_global = True
    app_may = ("SELECT", "INSERT", "UPDATE")
    engine_may: tuple[str, ...] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    stop = models.OneToOneField(SiteStop, on_delete=models.PROTECT, related_name="draft")
    made_at = models.DateTimeField()
    addresses = SealedField(scope="installation", help_text=_("pages, each once; forgotten some time after the report"))
    reference = models.CharField(max_length=80, blank=True, help_text=_("what the desk called the report"))
    why = models.CharField(max_length=200, blank=True, help_text=_("why it was a false alarm"))
    agreed_why = models.CharField(max_length=200, blank=True, help_text=_("why the second lead agrees"))
