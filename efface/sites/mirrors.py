"""The networks of ``whereabouts.mirrors`` over what is stored: only what a site touches is loaded, and written back."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from efface.sites.models import Evidence, Membership, Network, NetworkEdge, NetworkRules, NetworkWord, Site
from efface.whereabouts.mirrors import chance
from efface.whereabouts.mirrors.engine import Mirrors
from efface.whereabouts.mirrors.holdings import NOTHING, Held, Holdings, hold
from efface.whereabouts.mirrors.join import Pair, pair
from efface.whereabouts.mirrors.kinds import FAMILIES
from efface.whereabouts.mirrors.pairs import Edge, edge

PICTURE = "picture"
ONE_AT_A_TIME = 0x6E657477
"""Advisory lock: networks are written by one transaction at a time."""


def number(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big")


def population() -> int:
    """Sites of which anything was seen: those that were only listed make nothing rare."""
    return Site.objects.filter(Exists(Evidence.objects.filter(site=OuterRef("pk")))).count()


class StoredHoldings(Holdings):
    """Loads a site's evidence, and who else holds it, when they are asked for."""

    def __init__(self, changing: uuid.UUID | None = None) -> None:
        super().__init__()
        self.changing = str(changing) if changing else ""
        self._population = population()

    @property
    def population(self) -> int:
        return self._population

    def __contains__(self, site: str) -> bool:
        return True

    def get(self, site: str) -> Held:
        if site not in self.held:
            self.held[site] = NOTHING if site == self.changing else stored(site)
        return self.held[site]

    def holders(self, value: str) -> set[str]:
        if value not in self.of_value:
            kind, _colon, digest = value.partition(":")
            self.of_value[value] = self._who(kind, bytes.fromhex(digest))
        return self.of_value[value]

    def showing(self, picture: int) -> set[str]:
        if picture not in self.of_picture:
            self.of_picture[picture] = self._who(PICTURE, picture.to_bytes(8, "big"))
        return self.of_picture[picture]

    def _who(self, kind: str, digest: bytes) -> set[str]:
        rows = Evidence.objects.filter(kind=kind, digest=digest).values_list("site_id", flat=True).distinct()
        return {str(site) for site in rows} - {self.changing}

    def replace(self, site: str, new: Held) -> None:
        for value in self.get(site).values | new.values:
            self.holders(value)
        for picture in self.get(site).pictures.keys() | new.pictures.keys():
            self.showing(picture)
        super().replace(site, new)


def stored(site: str) -> Held:
    """What is stored of a site, as the engine takes it."""
    rows = Evidence.objects.filter(site_id=uuid.UUID(site)).values_list("kind", "digest", "album")
    return _held(rows.iterator())


def everything() -> dict[str, Held]:
    """What is stored of all sites, with one question."""
    rows = Evidence.objects.order_by("site_id").values_list("site_id", "kind", "digest", "album")
    return {
        str(site): _held((kind, digest, album) for _site, kind, digest, album in its)
        for site, its in groupby(rows.iterator(chunk_size=5000), key=lambda row: row[0])
    }


def _held(rows: Iterable[tuple[str, bytes | memoryview, bytes | memoryview]]) -> Held:
    values, albums = [], defaultdict(list)
    for kind, digest, album in rows:
        if kind == PICTURE:
            albums[bytes(album)].append(number(bytes(digest)))
        else:
            values.append(f"{kind}:{bytes(digest).hex()}")
    return hold(values, albums.values())


class StoredMirrors(Mirrors):
    """Loads edges when they are asked for, and what people said at once: there is little of it."""

    def __init__(self, changing: uuid.UUID | None = None, holdings: Holdings | None = None) -> None:
        super().__init__(holdings if holdings is not None else StoredHoldings(changing))
        self._loaded: set[str] = set()
        self.was: dict[Pair, Edge] = {}
        for one, other, same in NetworkWord.objects.filter(ended_at=None).values_list("one", "other", "same"):
            said = self.said.must if same else self.said.cannot
            said[str(one)].add(str(other))
            said[str(other)].add(str(one))

    def around(self, site: str) -> dict[str, Edge]:
        if site not in self._loaded:
            self._loaded.add(site)
            rows = NetworkEdge.objects.filter(Q(one=site) | Q(other=site))
            for row in rows:
                key = pair(str(row.one_id), str(row.other_id))
                if key not in self.was:
                    self.was[key] = loaded(row, chance.small(self.holdings.population))
                    self._store(*key, self.was[key])
        return super().around(site)

    def take_all_as_loaded(self, sites: set[str]) -> None:
        """Their edges are worked out and not read."""
        self._loaded |= sites

    def _need(self, sites: Iterable[str]) -> None:
        for site in sites:
            self.around(site)

    def before(self, site: str) -> Iterable[str]:
        network = Site.objects.filter(pk=site).values_list("network", flat=True).first()
        members = Site.objects.filter(network=network).values_list("pk", flat=True) if network else ()
        return [str(one) for one in members]

    def save(self, pieces: set[str], now: datetime) -> None:
        """Write edges and memberships of what was worked out anew."""
        current = {
            (one, other): edge for one, others in self.edges.items() for other, edge in others.items() if one < other
        }
        review = {pair(one, other) for one, others in self.review.items() for other in others}
        for one, other in self.was.keys() - current.keys():
            NetworkEdge.objects.filter(one_id=uuid.UUID(one), other_id=uuid.UUID(other)).delete()
        changed = [key for key, edge in current.items() if self.was.get(key) != edge or pieces & set(key)]
        NetworkEdge.objects.bulk_create(
            [
                NetworkEdge(
                    one_id=one, other_id=other, brings=list(current[one, other].brings),
                    because=list(current[one, other].because), support=current[one, other].support,
                    band=current[one, other].band, review=(one, other) in review,
                )
                for one, other in sorted(changed)
            ],
            update_conflicts=True, unique_fields=["one", "other"],
            update_fields=["brings", "because", "support", "band", "review"], batch_size=500,
        )  # fmt: skip
        self._members(pieces, now)

    def _members(self, pieces: set[str], now: datetime) -> None:
        """Networks keep their identity by whom they share most with."""
        before = {
            str(site): network for site, network in Site.objects.filter(pk__in=pieces).values_list("pk", "network_id")
        }
        joined = {one.members: one for site, one in self.of.items() if site in pieces}
        claims = sorted(
            (
                (-times, str(network), members)
                for members in joined
                for network, times in Counter(before.get(site) for site in members).items() if network
            )
        )  # fmt: skip
        kept: dict[tuple[str, ...], str] = {}
        taken: set[str] = set()
        for _times, network, members in claims:
            if network not in taken and members not in kept:
                kept[members] = network
                taken.add(network)
        names = dict(Site.objects.filter(pk__in=pieces).values_list("pk", "domain"))
        wanted: dict[str, tuple[str, str]] = {}
        for members, one in sorted(joined.items()):
            network = kept.get(members, "")
            if not network:
                name = _("%(site)s and others") % {"site": min(names[uuid.UUID(site)] for site in members)}
                network = str(Network.objects.create(name=name[:120], created=now).pk)
            for site in members:
                group = next((group[0] for group in one.same if site in group), "")
                wanted[site] = (network, group)
        for site in sorted(pieces):
            network, group = wanted.get(site, ("", ""))
            row = Membership.objects.filter(site_id=uuid.UUID(site), until=None).first()
            if row is not None and (str(row.network_id), row.same) == (network, group):
                continue
            if row is not None:
                Membership.objects.filter(pk=row.pk).update(until=now)
            if network:
                Membership.objects.create(site_id=site, network_id=network, same=group, since=now)
            Site.objects.filter(pk=site).update(network=network or None)


def loaded(row: NetworkEdge, small: bool) -> Edge:
    brings = zip(FAMILIES, row.brings, strict=True)
    made = edge({str(family): float(weight) for family, weight in brings if weight}, row.because, small)
    return replace(made, support=row.support)


def refresh(site: uuid.UUID, now: datetime) -> set[str]:
    """Take a site's evidence into account: as if it had just been added. Returns the sites that it may have moved."""
    with transaction.atomic():
        _alone()
        rules = chance.rules(population())
        if NetworkRules.objects.values_list("known", flat=True).first() != rules:
            return _rebuild(rules, now)
        mirrors = StoredMirrors(site)
        held = stored(str(site))
        moved = mirrors.put(str(site), held) | {str(site)}
        mirrors.save(moved, now)
    return moved


def _rebuild(rules: int, now: datetime) -> set[str]:
    """Everything anew, as so many sites are known now that things weigh otherwise: a few times while a registry grows
    to some thousands."""
    mirrors = StoredMirrors(holdings=Holdings())
    for row in NetworkEdge.objects.all():
        mirrors.was[pair(str(row.one_id), str(row.other_id))] = loaded(row, bool(rules))
    sites = {str(one) for one in Site.objects.values_list("pk", flat=True)}
    mirrors.take_all_as_loaded(sites)
    held = everything()
    mirrors.build(held)
    pieces = {*held, *mirrors.said.must, *mirrors.said.cannot}
    pieces |= {str(one) for one in Site.objects.exclude(network=None).values_list("pk", flat=True)}
    mirrors.rejoin(pieces)
    mirrors.save(pieces, now)
    NetworkRules.objects.all().delete()
    NetworkRules.objects.create(known=rules)
    return pieces


def rejoin(sites: Iterable[uuid.UUID], now: datetime) -> None:
    """Work out anew the pieces of these sites, after people's word about them changed."""
    with transaction.atomic():
        _alone()
        mirrors = StoredMirrors()
        mirrors.save(mirrors.rejoin({str(site) for site in sites}), now)


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def check(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]], same: bool) -> None:
    """Raises ``Contradiction`` where people's word about others makes one of these impossible. Earlier words about the
    same two do not count: the last one does."""
    mirrors = StoredMirrors()
    said = mirrors.said.must if same else mirrors.said.cannot
    wanted = [(str(one), str(other)) for one, other in pairs]
    for one, other in wanted:
        mirrors.forget_word(one, other, rejoin=False)
    for one, other in wanted:
        mirrors.weigh(one, other, same)
        said[one].add(other)
        said[other].add(one)
