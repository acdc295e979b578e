"""Which sites are one operator's: evidence in, people's word, and what may be done for all of them at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from efface.engine.base import statements
from efface.engine.base.ids import uuid7
from efface.sites import contacts, jobs, mirrors, registry
from efface.sites.hostility import NEVER_WRITTEN_TO
from efface.sites.models import (
    ContactObservation,
    ContactState,
    Evidence,
    Membership,
    Network,
    NetworkEdge,
    NetworkWord,
    Site,
)
from efface.whereabouts.mirrors import chance
from efface.whereabouts.mirrors.engine import Contradiction
from efface.whereabouts.mirrors.kinds import FAMILIES, KINDS
from efface.whereabouts.mirrors.pairs import MOST_SUPPORT, Lack
from efface.whereabouts.model import Dossier, Signal
from efface.whereabouts.signals import bounded, masked, of_dossier

MOST_WORDS = 600
"""Pairs of sites that one step may take apart."""
BORROWED = 0.6
"""What is left of a contact's confidence where it answered for another site of the network."""


class WordRefused(ValueError):
    """What was said cannot hold; the message says why, and what would do."""


@dataclass(frozen=True, slots=True)
class Because:
    """One reason for an edge, in words; ``weight`` in log-odds, ``holders`` is how many sites have it."""

    family: str
    words: str
    shown: str
    weight: float
    holders: int


def observe(site: Site, signals: Iterable[Signal], now: datetime) -> int:
    """Keep what was seen of a site. Returns how much of it was new; then its network is to be looked at again."""
    rows = {
        (one.kind, _digest(one.value)): Evidence(
            site=site, kind=one.kind, digest=_digest(one.value), shown=masked(one), first_seen=now, last_seen=now
        )
        for one in signals
        if one.kind in KINDS
    }
    before = _keep(site, list(rows.values()))
    return Evidence.objects.filter(site=site).count() - before


def look_up(dossier: Dossier, now: datetime) -> None:
    """Keep what a look-up told of its site, and have its network looked at again where any of it is new."""
    site = registry.find(dossier.host)
    if site is not None and observe(site, [*of_dossier(dossier), *bounded(dossier.signals)], now):
        jobs.network.defer(once=f"network:{site.pk}", site=site.pk)


class Room:
    """How much evidence there is of one site, for one visit: what was counted, and what was kept since. Where that
    would be too much, it is counted anew."""

    def __init__(self) -> None:
        self._known: int | None = None

    def of(self, site: Site) -> int:
        if self._known is None or self._known >= MOST_EVIDENCE:
            self._known = int(statements.select(_COUNT, [site.pk])[0][0])
        return self._known

    def take(self, more: int) -> None:
        """So much is kept, new or known."""
        self._known = (self._known or 0) + more


def observe_album(site: Site, page: bytes, pictures: Iterable[str], now: datetime, room: Room | None = None) -> None:
    """Keep which pictures stand together on a page (``page`` is its keyed digest, ``pictures`` are PDQ hashes). Lists
    of thumbnails are no albums. ``room`` remembers, for one visit, how much there is of the site."""
    album = blake2b(page, digest_size=16).digest()
    digests = {blake2b(one.encode(), digest_size=8).digest() for one in pictures}
    if len(digests) < 2:
        return
    some = sorted(digests)[:40]
    room = room or Room()
    if room.of(site) >= MOST_EVIDENCE:
        some = sorted(digest for kind, digest in _known(site, some) if kind == mirrors.PICTURE)
    room.take(len(some))
    ids = [uuid7() for _ in some]
    statements.run(_ALBUM, [site.pk, mirrors.PICTURE, album, now, now, ids, some])


_ALBUM = """
    INSERT INTO sites_evidence (id, site_id, kind, digest, album, shown, first_seen, last_seen)
    SELECT id, %s, %s, digest, %s, '', %s, %s FROM unnest(%s::uuid[], %s::bytea[]) AS given (id, digest)
    ON CONFLICT (site_id, kind, digest, album) DO UPDATE SET last_seen = EXCLUDED.last_seen
"""


MOST_EVIDENCE = 5_000
"""Of one site no more is kept: a page with new ids at each look fills nothing, and pushes out nothing known."""


_COUNT = "SELECT count(*) FROM sites_evidence WHERE site_id = %s"


def _keep(site: Site, rows: list[Evidence]) -> int:
    """Returns how much was known of the site before."""
    before = Room().of(site)
    if before >= MOST_EVIDENCE:
        there = _known(site, [bytes(row.digest) for row in rows])
        rows = [row for row in rows if (row.kind, bytes(row.digest)) in there]
    statements.insert(rows, unique=("site", "kind", "digest", "album"), renew="last_seen")
    return before


def _known(site: Site, digests: Sequence[bytes]) -> set[tuple[str, bytes]]:
    known = Evidence.objects.filter(site=site, digest__in=list(digests))
    return {(kind, bytes(digest)) for kind, digest in known.values_list("kind", "digest")}


KEEP_PICTURES = timedelta(days=180)
"""As long as media are kept (DESIGN section 7)."""
_PART = 5_000


def forget_pictures(now: datetime) -> int:
    """Drop digests of pictures that were not seen for 180 days. Returns how many; the networks of their sites are
    looked at again."""
    return _forget(Evidence.objects.filter(kind=mirrors.PICTURE, last_seen__lt=now - KEEP_PICTURES))


def forget_site_pictures(site: Site) -> int:
    """Drop every picture's digest of a site: what it shows may not be kept in any form."""
    return _forget(Evidence.objects.filter(kind=mirrors.PICTURE, site=site))


def _forget(rows: QuerySet[Evidence]) -> int:
    dropped = 0
    while part := list(rows.values_list("pk", "site_id")[:_PART]):
        with transaction.atomic():
            Evidence.objects.filter(pk__in=[key for key, _site in part]).delete()
            for site in {site for _key, site in part}:
                jobs.network.defer(once=f"network:{site}", site=site)
        dropped += len(part)
    return dropped


def _digest(value: str) -> bytes:
    return blake2b(value.encode(), digest_size=16).digest()


def same(site: Site) -> list[Site]:
    """The sites that one notice about ``site`` may cover, itself first."""
    head = site.merged or site
    row = Membership.objects.filter(site=head, until=None).first()
    if row is None or not row.same:
        return [site] if head == site else [site, head]
    others = Site.objects.filter(memberships__network=row.network_id, memberships__same=row.same,
                                 memberships__until=None).exclude(pk=site.pk)  # fmt: skip
    return [site, *others.order_by("domain")]


def known(site: Site) -> list[tuple[ContactObservation, float, str]]:
    """Contacts of the site's operator, and of the sites that one notice may cover with it where a desk of those replied
    or complied: with the confidence that is left, and the reason. The best first."""
    found = [(row, row.confidence, "") for row in contacts.known(f"operator:{site.domain}")]
    return sorted([*found, *answered(site)], key=lambda one: -one[1])


def answered(site: Site) -> list[tuple[ContactObservation, float, str]]:
    """What ``known`` has from the other sites alone. Nothing where one of them is never written to."""
    siblings = same(site)
    if len(siblings) == 1 or any(one.hostility in NEVER_WRITTEN_TO for one in siblings):
        return []
    domains = {f"operator:{one.domain}": one.domain for one in siblings[1:]}
    own = {(row.channel, row.value) for row in contacts.known(f"operator:{site.domain}")}
    rows = [row for key, its in sorted(contacts.current(domains).items()) for row in its if key in domains]
    states = contacts.states((row.channel, row.value) for row in rows)
    found = []
    for row in sorted(rows, key=lambda one: (-one.confidence, one.value)):
        key = (row.channel, row.value)
        if key not in own and states.get(key) in (ContactState.REPLIED, ContactState.COMPLIED):
            own.add(key)
            why = _("answered for %(site)s, which the same operator runs") % {"site": domains[row.party_key]}
            found.append((row, round(row.confidence * BORROWED, 3), why))
    return found


def domains(site: Site) -> frozenset[str]:
    """Every domain of whoever runs this site: its aliases, and the sites of its network, also those that are only
    likely. For what must be kept away, not for what may be written to."""
    head = site.merged or site
    wanted = Q(pk=head.pk) | Q(merged=head) | Q(pk__in=[one.pk for one in same(site)])
    networks = [one for one in {site.network_id, head.network_id} if one is not None]
    if networks:
        wanted |= Q(network__in=networks) | Q(merged__network__in=networks)
    return frozenset({site.domain, *Site.objects.filter(wanted).values_list("domain", flat=True)})


def desks(its: Iterable[str]) -> frozenset[str]:
    """Mail addresses and forms by which the operators of these domains are known, lower case."""
    keys = [f"operator:{one}" for one in its]
    return frozenset(row.value.lower() for rows in contacts.current(keys).values() for row in rows)


def hostile(site: Site) -> bool:
    """Whether the operator is never written to, for what this site is known for or another of the same operator."""
    return any(one.hostility in NEVER_WRITTEN_TO for one in same(site))


def because(edges: Sequence[NetworkEdge]) -> list[list[Because]]:
    """For each of these why its two sites are taken for one operator's, the heaviest reason first; two questions for
    all."""
    values = [value.split(":", 1) for edge in edges for value in edge.because if not isinstance(value, int)]
    rows = Evidence.objects.filter(
        kind__in={kind for kind, _digest in values}, digest__in={bytes.fromhex(digest) for _kind, digest in values}
    )
    shown: dict[tuple[uuid.UUID, str], str] = {}
    held: dict[str, int] = {}
    if values:
        sites = {edge.one_id for edge in edges}
        for site, kind, digest, words in rows.filter(site__in=sites).order_by("pk").values_list(
            "site", "kind", "digest", "shown"
        ):
            shown.setdefault((site, f"{kind}:{bytes(digest).hex()}"), words)
        for kind, digest, count in rows.order_by().values_list("kind", "digest").annotate(Count("pk")):
            held[f"{kind}:{bytes(digest).hex()}"] = count
    return [_because(edge, shown, held) for edge in edges]


def _because(
    edge: NetworkEdge, shown: Mapping[tuple[uuid.UUID, str], str], held: Mapping[str, int]
) -> list[Because]:  # fmt: skip
    reasons: list[Because] = []
    brings = dict(zip(FAMILIES, edge.brings, strict=True))
    albums = [value for value in edge.because if isinstance(value, int)]
    if albums:
        words = _("%(n)d albums that hardly any other site has") % {"n": len(albums)}
        reasons.append(Because("media", words, "", float(brings["media"]), 0))
    for value in edge.because:
        if isinstance(value, int):
            continue
        kind = value.partition(":")[0]
        family, words = KINDS[kind].family, shown.get((edge.one_id, value), "")
        reasons.append(Because(family, KINDS[kind].words, words, float(brings[family]), held.get(value, 0)))
    reasons.sort(key=lambda one: (-one.weight, one.words, one.shown))
    if edge.support:
        words = (
            _("%(n)d other sites have other things in common with both") % {"n": edge.support}
            if edge.support < MOST_SUPPORT else _("three or more other sites have other things in common with both")
        )  # fmt: skip
        reasons.append(Because("others", words, "", float(min(edge.support, 3)), 0))
    return reasons


def say(one: Site, other: Site, is_same: bool, why: str, by: str, now: datetime) -> NetworkWord:
    """A person's word about two sites, which no evidence overrules. The last one counts. Raises ``WordRefused``."""
    return _say([(one, other)], is_same, why, by, now)[0]


def split(network: Network, chosen: Iterable[Site], why: str, by: str, now: datetime) -> list[NetworkWord]:
    """Take some sites out of a network, in one go: none of them is one operator's with any that stays. Raises
    ``WordRefused``."""
    members = list(network.sites.order_by("domain"))
    leaving = {site.pk for site in chosen}
    out = [site for site in members if site.pk in leaving]
    stay = [site for site in members if site.pk not in leaving]
    if not out or not stay:
        raise WordRefused(_("Choose at least one site, and leave at least one."))
    if len(out) * len(stay) > MOST_WORDS:
        raise WordRefused(_("These are too many at once. Choose fewer sites, and split the rest off in a second step."))
    joined = NetworkWord.objects.filter(same=True, ended_at=None)
    if joined.filter(Q(one__in=out, other__in=stay) | Q(one__in=stay, other__in=out)).exists():
        raise WordRefused(_("It was said of some of these that they are one operator's. Take that back first."))
    return _say([(one, other) for one in out for other in stay], False, why, by, now)


def unite(network: Network, other: Network, why: str, by: str, now: datetime) -> NetworkWord:
    """Two networks are one operator's. Raises ``WordRefused``."""
    first, second = (one.sites.order_by("domain").first() for one in (network, other))
    if first is None or second is None or network.pk == other.pk:
        raise WordRefused(_("Name a site of another network."))
    return say(first, second, True, why, by, now)


def _say(pairs: list[tuple[Site, Site]], is_same: bool, why: str, by: str, now: datetime) -> list[NetworkWord]:
    why = " ".join(why.split())[:200]
    if not why:
        raise WordRefused(_("Say why; whoever reads it next will want to know."))
    ordered = [sorted(both, key=lambda site: str(site.pk)) for both in pairs]
    with transaction.atomic():
        try:
            mirrors.check([(one.pk, other.pk) for one, other in ordered], is_same)
        except Contradiction:
            raise WordRefused(
                _("This goes against what was said of these sites, or of others between them. Take that back first.")
            ) from None
        made = []
        for one, other in ordered:
            NetworkWord.objects.filter(one=one, other=other, ended_at=None).update(ended_at=now, ended_by=by)
            made.append(NetworkWord(one=one, other=other, same=is_same, why=why, by=by, at=now))
        NetworkWord.objects.bulk_create(made)
        mirrors.rejoin({site.pk for both in ordered for site in both}, now)
    return made


def take_back(word: NetworkWord, by: str, now: datetime) -> bool:
    """End a person's word, and all that was said in the same step: the evidence decides again. False where it had ended
    already."""
    with transaction.atomic():
        step = NetworkWord.objects.filter(at=word.at, by=word.by, same=word.same, why=word.why, ended_at=None)
        if not step.filter(pk=word.pk).exists():
            return False
        rows = list(step)
        step.update(ended_at=now, ended_by=by)
        mirrors.rejoin({site for row in rows for site in (row.one_id, row.other_id)}, now)
    return True


def edges(network: Network) -> list[NetworkEdge]:
    """Likely edges within a network, and those that would join it to another, strongest first."""
    members = list(network.sites.values_list("pk", flat=True))
    rows = NetworkEdge.objects.filter(Q(one__in=members) | Q(other__in=members)).select_related("one", "other")
    inside = set(members)
    wanted = [
        row for row in rows if row.review or (row.band in ("likely", "same") and {row.one_id, row.other_id} <= inside)
    ]
    return sorted(wanted, key=lambda row: (row.review, row.band != "same", -sum(row.brings), row.one.domain))


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person said in one step, of one pair or of ``pairs``; ``sites`` are those it is about."""

    word: NetworkWord
    pairs: int
    sites: tuple[str, ...]


def sayings(words: Iterable[NetworkWord]) -> list[Saying]:
    """The words of each step together, in the order given."""
    steps: dict[tuple[object, ...], list[NetworkWord]] = {}
    for word in words:
        steps.setdefault((word.at, word.by, word.same, word.why, word.ended_at), []).append(word)
    return [
        Saying(rows[0], len(rows), tuple(sorted({site.domain for row in rows for site in (row.one, row.other)})))
        for rows in steps.values()
    ]


@dataclass(frozen=True, slots=True)
class Alone:
    """A site of a network that still needs a notice of its own, and what is missing."""

    site: Site
    missing: tuple[str, ...]


def alone(members: Iterable[Site], covered: set[uuid.UUID], inner: Iterable[NetworkEdge]) -> list[Alone]:
    """Of each site that no notice for another may cover, what its best edge lacks, in words."""
    few = chance.small(mirrors.population())
    best: dict[uuid.UUID, tuple[Lack, ...]] = {}
    for row in inner:
        lacks = mirrors.loaded(row, few).lacks
        for pk in (row.one_id, row.other_id):
            if pk not in best or len(lacks) < len(best[pk]):
                best[pk] = lacks
    words = {
        "second": _("a second kind of evidence"),
        "sound": _("something that nobody can copy or plant: rare albums, a certificate, a machine of their own"),
        "third": _("a third site that bears it out"),
        "few": _("more known sites: while few are known, much looks rare that is not"),
    }
    tied = (_("a second link: it hangs on one other site alone"),)
    nothing = (_("any evidence of its own"),)
    found = []
    for site in members:
        if site.pk not in covered:
            its = best.get(site.pk)
            missing = nothing if its is None else tuple(words[one] for one in its) or tied
            found.append(Alone(site, missing))
    return found


def words(sites: Iterable[uuid.UUID]) -> list[NetworkWord]:
    """What people said of these sites, the last first; also what was taken back."""
    wanted = list(sites)
    rows = NetworkWord.objects.filter(Q(one__in=wanted) | Q(other__in=wanted)).select_related("one", "other")
    return list(rows.order_by("-at"))


def kin_of(sites: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Of each of these sites, the domain of a watched site that is likely run by the same operator; those without one
    are left out. One query."""
    wanted = set(sites)
    rows = NetworkEdge.objects.filter(Q(one__in=wanted) | Q(other__in=wanted), band__in=("likely", "same"))
    found: dict[uuid.UUID, str] = {}
    for row in rows.select_related("one", "other").order_by("-support", "pk"):
        for mine, theirs in ((row.one, row.other), (row.other, row.one)):
            if mine.pk in wanted and theirs.review == Site.Review.ACCEPTED:
                found.setdefault(mine.pk, theirs.domain)
    return found
