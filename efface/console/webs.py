"""Networks of sites: which are held to be one operator's, why, and what a person says to that. No case contents."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from efface.accounts import audit
from efface.accounts.access import DECIDE_NETWORKS, SITES, view
from efface.console.opening import actor
from efface.console.typed import one_line
from efface.engine.base import clock
from efface.sites import networks
from efface.sites.models import Membership, Network, NetworkEdge, NetworkWord, Site

PAGE = 100
DRAWN = 40
"""Most sites in a picture; a larger network is read in its tables."""
MOST_EDGES = 60
MOST_ALONE = 40
RADIUS, MIDDLE_X, MIDDLE_Y = 200.0, 320.0, 250.0


@dataclass(frozen=True, slots=True)
class Node:
    site: Site
    x: float
    y: float
    anchor: str
    label_x: float
    same: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An edge with its reasons; ``words`` is the sentence a screen reader hears."""

    number: int
    edge: NetworkEdge
    reasons: list[networks.Because]
    words: str
    ends: tuple[float, float, float, float] | None = None


@view(access=SITES)
@require_GET
def index(request: Any) -> HttpResponse:
    now_covered = Q(memberships__until=None) & ~Q(memberships__same="")
    rows = (
        Network.objects.annotate(
            size=Count("sites", distinct=True), changed=Max("memberships__since"),
            covered=Count("memberships", filter=now_covered, distinct=True),
            groups=Count("memberships__same", filter=now_covered, distinct=True),
        )
        .filter(size__gt=0).order_by("-size", "name")
    )  # fmt: skip
    return render(request, "console/networks.html", {"networks": rows[:PAGE], "all": rows.count()})


@view(access=SITES)
@require_GET
def network(request: Any, id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Network, pk=id)
    members = list(one.sites.order_by("domain"))
    groups = dict(Membership.objects.filter(network=one, until=None).values_list("site_id", "same"))
    nodes = place(members[:DRAWN], {site for site, same in groups.items() if same})
    at = {node.site.pk: node for node in nodes}
    rows = networks.edges(one)
    inner = [edge for edge in rows if not edge.review]
    lines = [_line(number, edge, at) for number, edge in enumerate(inner[:MOST_EDGES], 1)]
    said = networks.words([site.pk for site in members])
    return render(request, "console/network.html", {
        "sayings": networks.sayings(said), "groups": len({same for same in groups.values() if same}),
        "alone": networks.alone(members, {site for site, same in groups.items() if same}, inner)[:MOST_ALONE],
        "network": one, "nodes": nodes, "lines": lines, "members": members, "drawn": DRAWN,
        "covered": {str(site) for site, same in groups.items() if same}, "more": max(0, len(inner) - MOST_EDGES),
        "spoken": [
            (at[word.one_id], at[word.other_id], word) for word in said
            if word.same and word.ended_at is None and word.one_id in at and word.other_id in at
        ],
        "review": [_line(0, edge, at) for edge in rows if edge.review][:20],
        "may_decide": request.member.role in DECIDE_NETWORKS.roles,
    })  # fmt: skip


@view(access=DECIDE_NETWORKS)
@require_POST
def say(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST ``one`` and ``other`` (domains), ``choice`` same or apart, ``why``."""
    network = get_object_or_404(Network, pk=id)
    typed = [one_line(request.POST.get(name, ""), 253).lower() for name in ("one", "other")]
    first, second = (Site.objects.filter(domain=domain).first() for domain in typed)
    choice = request.POST.get("choice")
    if first is None or second is None or choice not in ("same", "apart"):
        messages.error(request, _("Name two sites that are known here, by their domains."))
        return redirect("console:network", id=network.pk)
    now = clock.now()
    try:
        why = one_line(request.POST.get("why", ""), 200)
        word = networks.say(first, second, choice == "same", why, actor(request), now)
    except networks.WordRefused as error:
        messages.error(request, str(error))
        return redirect("console:network", id=network.pk)
    audit.record(request.member.organisation_id, actor(request), f"network.{choice}", str(word.pk), now)
    messages.success(request, _("Noted. The networks follow what you said, and you can take it back."))
    return _to(first, network)


@view(access=DECIDE_NETWORKS)
@require_POST
def split(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST ``site`` (domains that leave), ``why``."""
    network = get_object_or_404(Network, pk=id)
    typed = [one_line(one, 253).lower() for one in request.POST.getlist("site")[:500]]
    leaving = list(network.sites.filter(domain__in=typed))
    now = clock.now()
    try:
        words = networks.split(network, leaving, one_line(request.POST.get("why", ""), 200), actor(request), now)
    except networks.WordRefused as error:
        messages.error(request, str(error))
        return redirect("console:network", id=network.pk)
    audit.record(request.member.organisation_id, actor(request), "network.split", str(words[0].pk), now)
    messages.success(request, _("Split off. You can take it back in one step."))
    return redirect("console:network", id=network.pk)


@view(access=DECIDE_NETWORKS)
@require_POST
def unite(request: Any, id: uuid.UUID) -> HttpResponse:
    """POST ``with`` (a domain of the other network), ``why``."""
    network = get_object_or_404(Network, pk=id)
    domain = one_line(request.POST.get("with", ""), 253).lower()
    other = Network.objects.filter(sites__domain=domain).first()
    now = clock.now()
    try:
        if other is None:
            raise networks.WordRefused(_("Name a site of another network."))
        word = networks.unite(network, other, one_line(request.POST.get("why", ""), 200), actor(request), now)
    except networks.WordRefused as error:
        messages.error(request, str(error))
        return redirect("console:network", id=network.pk)
    audit.record(request.member.organisation_id, actor(request), "network.united", str(word.pk), now)
    messages.success(request, _("Joined. You can take it back in one step."))
    return _to(word.one, network)


@view(access=DECIDE_NETWORKS)
@require_POST
def take_back(request: Any, id: uuid.UUID, word_id: uuid.UUID) -> HttpResponse:
    network = get_object_or_404(Network, pk=id)
    word = get_object_or_404(NetworkWord.objects.select_related("one"), pk=word_id)
    now = clock.now()
    if networks.take_back(word, actor(request), now):
        audit.record(request.member.organisation_id, actor(request), "network.taken_back", str(word.pk), now)
    messages.success(request, _("Taken back. The evidence decides again."))
    return _to(word.one, network)


def _to(site: Site, otherwise: Network) -> HttpResponse:
    """To the network that is left: the one asked from may have gone with the decision."""
    site.refresh_from_db()
    return redirect("console:network", id=site.network_id or otherwise.pk)


def place(members: list[Site], same: set[uuid.UUID]) -> list[Node]:
    """Sites on a circle, in the order of their names."""
    nodes = []
    for number, site in enumerate(members):
        angle = 2 * math.pi * number / max(1, len(members)) - math.pi / 2
        x, y = MIDDLE_X + RADIUS * math.cos(angle), MIDDLE_Y + RADIUS * math.sin(angle)
        right = math.cos(angle) > -0.01
        nodes.append(
            Node(site, round(x, 1), round(y, 1), "start" if right else "end", round(x + (12 if right else -12), 1),
                 site.pk in same)
        )  # fmt: skip
    return nodes


def _line(number: int, edge: NetworkEdge, at: dict[uuid.UUID, Node]) -> Line:
    reasons = networks.because(edge)
    words = _("%(one)s and %(other)s: %(why)s") % {
        "one": edge.one.domain, "other": edge.other.domain, "why": "; ".join(reason.words for reason in reasons),
    }  # fmt: skip
    one, other = at.get(edge.one_id), at.get(edge.other_id)
    return Line(number, edge, reasons, words, (one.x, one.y, other.x, other.y) if one and other else None)
