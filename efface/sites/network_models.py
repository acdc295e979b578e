"""What was seen of sites that tells who runs them, and what people said. Digests of values; nothing of any case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from efface.sites.models import GlobalRow, Network, Site


class Evidence(GlobalRow):
    """One thing one site was seen to hold. Kept, so that what joins sites today can be taken apart tomorrow; digests of
    pictures only as long as media are, and none of a stopped site."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=12, help_text=_("of mirrors.kinds, or “picture”"))
    digest = models.BinaryField(help_text=_("of the value; of a picture's fingerprint"))
    album = models.BinaryField(default=bytes, help_text=_("digest of the page a picture stood on"))
    shown = models.CharField(max_length=60, blank=True, help_text=_("the value, shortened"))
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("site", "kind", "digest", "album", name="one_evidence")]
        indexes = [models.Index("kind", "digest", name="evidence_value")]


class NetworkEdge(GlobalRow):
    """What two sites have in common as it is judged now; worked out from the evidence, ``one`` before ``other``."""

    one = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    brings = models.JSONField(help_text=_("log-odds of each family"))
    because = models.JSONField(help_text=_("values as kind:digest, pictures as numbers"))
    support = models.PositiveSmallIntegerField(default=0)
    band = models.CharField(max_length=6, blank=True)
    review = models.BooleanField(default=False, help_text=_("it would join two networks, and does not carry that"))

    class Meta:
        constraints = [models.UniqueConstraint("one", "other", name="one_network_edge")]
        indexes = [models.Index("other", name="network_edge_other")]


class NetworkRules(GlobalRow):
    """The rules by which all edges were last judged: where few sites are known, things weigh otherwise."""

    known = models.PositiveIntegerField(help_text=_("sites known, rounded up; 0 where they are many"))


class NetworkWord(GlobalRow):
    """A person's word about two sites. Kept when it is taken back."""

    app_may = ("SELECT", "INSERT", "UPDATE")

    one = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    same = models.BooleanField()
    why = models.CharField(max_length=200)
    by = models.CharField(max_length=60)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("one", "other", condition=models.Q(ended_at=None), name="one_word_in_force")
        ]


class Membership(GlobalRow):
    """A site's time in a network. ``same`` is equal for members that one notice may cover, "" for the others."""

    app_may = ("SELECT", "INSERT", "UPDATE")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="memberships")
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="memberships")
    same = models.CharField(max_length=36, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("site", condition=models.Q(until=None), name="one_membership_a_site")]
