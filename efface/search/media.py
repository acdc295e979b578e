"""Media met on pages: what a site is known to show, and keeping what a scan met. Fingerprints only, no bytes."""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Q

from efface.engine.base import statements
from efface.net.page.urls import url_digest
from efface.net.protocol import MediaRef, Picture, Scan, ScannedMedia
from efface.search import urls
from efface.search.models import Frontier, Media, Sighting
from efface.sites.models import Site
from efface.vision.hamming import LOW_QUALITY, MATCH, least_distance

LOOK_AGAIN = timedelta(days=30)
"""An address whose bytes were looked at this long ago is fetched again: pictures are exchanged under their address."""
MOST_KNOWN = 2000
FURNITURE = 8
"""What was met on so many pages of a site under one address is a banner, a logo, an advertisement."""
SWEPT_ONCE = timedelta(hours=12)
SEEN_AGAIN = timedelta(days=1)
PASSING = frozenset({"crashed", "timeout", "memory", "off"})
"""Reasons of the decoder that say nothing of the picture: another time it may be read."""


@dataclass(slots=True)
class Known:
    """A medium of this site whose bytes were looked at lately. ``pages``: digests of the pages it was met on;
    ``stands_for``: of those it was a list's thumbnail of; ``faces_seen`` and ``looked``: its faces, its local features
    were compared then; ``moves``: it is a video or an animation."""

    media: uuid.UUID
    sha256: str
    pdq: list[str]
    quality: int
    faces: int
    faces_seen: bool
    looked: bool
    role: str
    fetched_at: datetime
    pages: set[bytes] = field(default_factory=set)
    stands_for: set[bytes] = field(default_factory=set)
    moves: bool = True


@dataclass(slots=True)
class Met:
    """A medium on a page. ``url_digest`` is the fetcher's name for its address, ``digest`` ours; ``link`` the digest of
    the page it stands for, where it is a list's thumbnail of another page; ``fresh``: its bytes were fetched now;
    ``listed``: it is such a thumbnail, and counts for the page it stands for, because that one cannot be read;
    ``twin``: the fetcher's name of the full medium on this page that it is a small version of."""

    ref: MediaRef
    url_digest: str
    digest: bytes
    link: bytes | None
    sha256: str
    pdq: list[str]
    quality: int
    fresh: bool
    picture: Picture | None = None
    listed: bool = False
    faces_seen: bool = False
    looked: bool = False
    clip: bytes = b""
    width: int = 0
    height: int = 0
    media: uuid.UUID | None = None
    sighting: uuid.UUID | None = None
    fetched_at: datetime | None = None
    twin: str = ""


class Seen:
    """What a site is known to show, by the fetcher's digest of the address. Loaded once a visit."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}

    @classmethod
    def of_site(cls, site: uuid.UUID, now: datetime) -> Seen:
        seen = cls()
        rows = (
            Sighting.objects.filter(site=site, fetched_at__gte=now - LOOK_AGAIN)
            .exclude(media__error__in=PASSING)
            .select_related("media")
            .only("media_url", "page_digest", "fetched_at", "role", "link_digest", "media__sha256", "media__pdq",
                  "media__quality", "media__faces", "media__faces_seen", "media__looked")
            .annotate(moves=Q(media__clip__gt=b""))
            .order_by("-fetched_at")[:MOST_KNOWN]
        )  # fmt: skip
        for row in rows:
            assert row.fetched_at is not None
            url = row.media_url
            if not isinstance(url, str):
                continue
            known = seen.known.setdefault(
                url_digest(url),
                Known(
                    row.media_id,
                    bytes(row.media.sha256).hex(),
                    row.media.pdq,
                    row.media.quality,
                    row.media.faces,
                    row.media.faces_seen,
                    row.media.looked,
                    row.role,
                    row.fetched_at,
                    moves=bool(row.moves),
                ),  # fmt: skip
            )
            known.pages.add(bytes(row.page_digest))
            if row.link_digest is not None:
                known.stands_for.add(bytes(row.link_digest))
        return seen

    def skip(self, page: Frontier, *, faces: bool, looks: bool, listed: bool, now: datetime) -> list[str]:
        """Addresses that need not be fetched for this page. What a face or the local features of a picture resembled is
        remembered nowhere: while they are compared, a picture that shows faces, and full media, are fetched once for
        each page; a list's thumbnails are not, and neither is what stands on so many pages that it belongs to the site
        and to none of them: a sweep looks at that once."""
        if page.afresh:
            return []
        digest = bytes(page.digest)

        def enough(known: Known) -> bool:
            here = digest in known.pages and not page.sweep
            if len(known.pages) >= FURNITURE and (known.faces_seen or not faces) and (known.looked or not looks):
                return not page.sweep or known.fetched_at > now - SWEPT_ONCE
            if listed and not page.sweep:
                return True
            if known.role == "thumbnail" and known.stands_for and not page.sweep and _only_hashed(known, faces, looks):
                return digest not in known.stands_for
            if faces and not (known.faces_seen and (not known.faces or here)):
                return False
            return not looks or known.role != "media" or (known.looked and here)

        return [name for name, known in self.known.items() if enough(known)]

    def hashed(self, page: Frontier, *, faces: bool, looks: bool) -> dict[str, str]:
        """Thumbnails that stand for this page and are known by hash alone, with their hash: enough is known of them
        where the page shows the full medium."""
        if page.afresh or page.sweep:
            return {}
        digest = bytes(page.digest)
        return {
            name: known.pdq[0] for name, known in self.known.items()
            if digest in known.stands_for and known.pdq and known.quality >= LOW_QUALITY
            and _only_hashed(known, faces, looks)
        }  # fmt: skip

    def note(self, met: Iterable[Met], page: bytes, now: datetime) -> None:
        for one in met:
            if one.media is None or is_unread(one):
                continue
            known = self.known.get(one.url_digest)
            if known is None or one.fresh:
                count = one.picture.faces if one.picture else 0
                pages, stands_for = (known.pages, known.stands_for) if known else (set(), set())
                known = self.known[one.url_digest] = Known(
                    one.media, one.sha256, one.pdq, one.quality, count, one.faces_seen, one.looked, one.ref.role,
                    now, pages, stands_for, bool(one.clip),
                )  # fmt: skip
            elif one.twin:
                known.faces_seen, known.looked = one.faces_seen, one.looked
            known.pages.add(page)
            if one.link is not None:
                known.stands_for.add(one.link)


def _only_hashed(known: Known, faces: bool, looks: bool) -> bool:
    return (faces and not known.faces_seen) or (looks and not known.looked)


def meet(scan: Scan, page: Frontier, site: Site, seen: Seen, *, faces: bool, looks: bool) -> list[Met]:
    """The media a scan met on its page, each address once: fetched ones, and skipped ones that are known."""
    found: dict[str, Met] = {}
    for one in scan.media:
        name = url_digest(one.ref.url)
        if one.picture.sha256 and name not in found:
            found[name] = _fresh(one, name, _stands_for(one.ref, page, site), faces, looks)
    for ref in scan.skipped:
        name = url_digest(ref.url)
        known = seen.known.get(name)
        if known is not None and name not in found:
            found[name] = Met(
                ref, name, urls.digest(ref.url), _stands_for(ref, page, site), known.sha256, known.pdq, known.quality,
                False, media=known.media, faces_seen=known.faces_seen, looked=known.looked,
                fetched_at=known.fetched_at,
            )  # fmt: skip
            if _only_hashed(known, faces, looks):
                _as_twin(found[name], found)
    moving = (one for one in found.values() if not one.fresh)
    _clips([one for one in moving if one.url_digest not in seen.known or seen.known[one.url_digest].moves])
    return list(found.values())


def _as_twin(small: Met, found: Mapping[str, Met]) -> None:
    """A thumbnail known by its hash, on the page it stands for: where the full medium there is the same picture, it was
    compared with that one."""
    full = found.get(url_digest(small.ref.of)) if small.ref.of else None
    if full is None or not (small.pdq and full.pdq) or min(small.quality, full.quality) < LOW_QUALITY or full.clip:
        return
    if least_distance(small.pdq[:1], full.pdq[:1]) <= MATCH:
        small.twin, small.faces_seen, small.looked = full.url_digest, full.faces_seen, full.looked


def _clips(known: Sequence[Met]) -> None:
    """Fill in the clips of media that were met before. They are long: only those of this page are read."""
    ids = {one.media for one in known if one.media is not None}
    clips = dict(Media.objects.filter(pk__in=ids).exclude(clip=b"").values_list("pk", "clip")) if ids else {}
    for one in known:
        if one.media in clips:
            one.clip = bytes(clips[one.media])


def _fresh(one: ScannedMedia, name: str, link: bytes | None, faces: bool, looks: bool) -> Met:
    picture = one.picture
    # What could not be handed to the matcher was not compared: the picture counts as not looked at.
    delivered = one.facts.error == "" and picture.error not in PASSING and one.how != "hash"
    return Met(
        one.ref, name, urls.digest(one.ref.url), link, picture.sha256, list(picture.pdq), picture.pdq_quality, True,
        picture=picture, faces_seen=faces and delivered, looked=looks and delivered,
        clip=b64decode(picture.clip) if picture.clip else b"", width=picture.width, height=picture.height,
        twin=url_digest(one.ref.of) if one.how == "twin" else "",
    )  # fmt: skip


def looked_at(one: Met, scan: Scan, *, faces: bool, looks: bool) -> Met:
    """``one`` after a scan of it alone, which looked closely; as it was, where that failed or brought another file."""
    now = next((other for other in scan.media if other.picture.sha256 == one.sha256), None)
    if now is None or now.facts.error or now.picture.error in PASSING:
        return one
    fresh = _fresh(ScannedMedia(one.ref, now.facts, now.picture), one.url_digest, one.link, faces, looks)
    return replace(fresh, listed=one.listed, media=one.media, sighting=one.sighting)


def is_only_hashed(one: Met, *, faces: bool, looks: bool) -> bool:
    """Whether its hashes were compared and no more, though more was wanted."""
    if is_unread(one) or (one.fresh and one.picture is not None and one.picture.error):
        return False
    return (faces and not one.faces_seen) or (looks and not one.looked)


def is_unread(one: Met) -> bool:
    """Whether its bytes were fetched and could not be decoded this time."""
    return one.picture is not None and one.picture.error in PASSING


def _stands_for(ref: MediaRef, page: Frontier, site: Site) -> bytes | None:
    """A thumbnail that links to another page of the site belongs to that page."""
    if ref.role != "thumbnail" or not ref.link:
        return None
    link = urls.canonical(ref.link)
    if not link or not urls.belongs(link, site.domain) or urls.refusal(link):
        return None
    digest = urls.digest(link)
    return None if digest == bytes(page.digest) else digest


def keep(site: Site, page: Frontier, met: Sequence[Met], now: datetime, *, first: bool = False) -> None:
    """Write media and sightings. Repeating it changes nothing but the time last seen. Fills ``media`` and ``sighting``
    of each. ``first``: nothing was written of this page before."""
    _keep_media([one for one in met if one.fresh], now)
    _keep_sightings(site, page, met, now, first)


def _keep_media(fresh: Sequence[Met], now: datetime) -> None:
    if not fresh:
        return
    by_file: dict[str, list[Met]] = {}
    for one in fresh:
        by_file.setdefault(one.sha256, []).append(one)
    wanted = [bytes.fromhex(sha256) for sha256 in by_file]
    stored = _stored(wanted)
    rows = []
    # In the order of the digest, so that two pages with the same pictures do not wait for each other.
    for sha256 in sorted(by_file):
        one = by_file[sha256][0]
        if bytes.fromhex(sha256) in stored and not stored[bytes.fromhex(sha256)].blank:
            continue
        picture = one.picture
        assert picture is not None
        rows.append(
            Media(
                sha256=bytes.fromhex(sha256),
                pdq=one.pdq,
                quality=one.quality,
                width=picture.width,
                height=picture.height,
                faces=picture.faces,
                faces_seen=one.faces_seen,
                looked=one.looked,
                clip=one.clip,
                error=picture.error[:30],
                first_seen=now,
                last_seen=now,
            )  # fmt: skip
        )
    _add([row for row in rows if row.sha256 not in stored], stored)
    unseen: dict[int, list[uuid.UUID]] = {}
    old, looked = [], []
    for file in sorted(stored):
        kept = stored[file]
        for one in by_file[file.hex()]:
            one.media = kept.pk
            if one.faces_seen and not kept.faces_seen and one.picture is not None:
                unseen.setdefault(one.picture.faces, []).append(kept.pk)
            if one.looked and not kept.looked:
                looked.append(kept.pk)
        if kept.last_seen < now - SEEN_AGAIN:
            old.append(kept.pk)
    _read_at_last([row for row in rows if row.sha256 in stored and stored[bytes(row.sha256)].blank])
    for count, ids in unseen.items():
        statements.update(Media, ids, {"faces": count, "faces_seen": True})
    statements.update(Media, looked, {"looked": True})
    _seen_again(old, now)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A medium as its row stands. ``blank``: it could not be read when it was met."""

    pk: uuid.UUID
    faces_seen: bool
    looked: bool
    last_seen: datetime
    blank: bool


_STORED = """
    SELECT sha256, id, faces_seen, looked, last_seen, (pdq = '[]'::jsonb AND clip = ''::bytea) OR error <> ''
    FROM search_media WHERE sha256 = ANY(%s)
"""


def _stored(files: Sequence[bytes]) -> dict[bytes, _Stored]:
    return {bytes(sha256): _Stored(*rest) for sha256, *rest in statements.select(_STORED, [list(files)])}


def _add(rows: Sequence[Media], stored: dict[bytes, _Stored]) -> None:
    """Insert rows, and note them among what is ``stored``; what somebody else wrote meanwhile as it stands."""
    if not rows:
        return
    made = statements.insert(rows)
    for row in rows:
        if row.pk in made:
            stored[bytes(row.sha256)] = _Stored(row.pk, row.faces_seen, row.looked, row.last_seen, False)
    missing = [bytes(row.sha256) for row in rows if row.pk not in made]
    if missing:
        stored.update(_stored(missing))


def keep_closer(met: Sequence[Met]) -> None:
    """Write down that thumbnails known by hash alone are better known now: as well as the full medium on the page, or
    looked at themselves for a page that cannot be read."""
    faces = {one.url_digest: one.picture.faces for one in met if one.picture is not None}
    counted: dict[tuple[int, bool, bool], list[uuid.UUID]] = {}
    for one in met:
        name = one.twin if one.twin and not one.fresh else one.url_digest if one.listed and one.fresh else ""
        if one.media is not None and name in faces:
            counted.setdefault((faces[name], one.faces_seen, one.looked), []).append(one.media)
    if len(counted) == 1:
        ((count, faces_seen, looked), ids), = counted.items()
        statements.update(Media, ids, {"faces": count, "faces_seen": faces_seen, "looked": looked})
    elif counted:
        each = [(pk, *values) for values, ids in counted.items() for pk in ids]
        statements.run(_CLOSER, [list(column) for column in zip(*each, strict=True)])


_CLOSER = """
    UPDATE search_media SET faces = now.faces, faces_seen = now.faces_seen, looked = now.looked
    FROM unnest(%s::uuid[], %s::smallint[], %s::bool[], %s::bool[]) AS now (id, faces, faces_seen, looked)
    WHERE search_media.id = now.id
"""


def _read_at_last(rows: Sequence[Media]) -> None:
    """What could not be read when it was met first, and was now, has its fingerprints from now on."""
    read = {bytes(row.sha256): row for row in rows if not row.error and (row.pdq or row.clip)}
    if not read:
        return
    blank = Q(pdq=[], clip=b"") | ~Q(error="")
    for old in Media.objects.filter(blank, sha256__in=list(read)).order_by("sha256").only("sha256"):
        row = read[bytes(old.sha256)]
        Media.objects.filter(pk=old.pk).update(
            pdq=row.pdq, quality=row.quality, clip=row.clip, width=row.width, height=row.height, error=""
        )


def _seen_again(ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Rows that somebody else is writing are left to them."""
    if ids:
        free = Media.objects.filter(pk__in=ids).select_for_update(skip_locked=True).order_by("sha256")
        Media.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(last_seen=now)


def _keep_sightings(site: Site, page: Frontier, met: Sequence[Met], now: datetime, first: bool) -> None:
    before: dict[tuple[bytes, uuid.UUID], uuid.UUID] = {}
    if not first:
        before = _sightings_of(page)
    made: list[Sighting] = []
    again: list[uuid.UUID] = []
    looked: list[uuid.UUID] = []
    for one in met:
        if one.media is None:
            continue
        pk = before.get((one.digest, one.media))
        if pk is not None:
            one.sighting = pk
            (looked if one.fresh else again).append(pk)
            continue
        row = Sighting(
            media_id=one.media, site_id=site.pk, page_digest=page.digest, media_digest=one.digest, role=one.ref.role,
            link_digest=one.link, first_seen=now, last_seen=now, fetched_at=now if one.fresh else one.fetched_at,
        )  # fmt: skip
        row.page_url, row.media_url = page.url, one.ref.url
        one.sighting = row.pk
        made.append(row)
    if made:
        there = statements.insert(made)
        if len(there) < len(made):
            lost = {row.pk for row in made} - there
            _as_stored(page, [one for one in met if one.sighting in lost])
    statements.update(Sighting, again, {"last_seen": now})
    statements.update(Sighting, looked, {"last_seen": now, "fetched_at": now})
    old = [one.media for one in met if not one.fresh and one.fetched_at and one.fetched_at < now - SEEN_AGAIN]
    _seen_again(sorted({media for media in old if media is not None}), now)


def _sightings_of(page: Frontier) -> dict[tuple[bytes, uuid.UUID], uuid.UUID]:
    """The page's sightings, by our digest of the address and the medium."""
    found = statements.select(_SIGHTINGS, [bytes(page.digest)])
    return {(bytes(digest), media): pk for pk, digest, media in found}


_SIGHTINGS = "SELECT id, media_digest, media_id FROM search_sighting WHERE page_digest = %s"


def _as_stored(page: Frontier, met: Sequence[Met]) -> None:
    """Sightings that somebody else wrote meanwhile."""
    stored = _sightings_of(page)
    for one in met:
        one.sighting = stored.get((one.digest, one.media)) if one.media is not None else None


def still_shown(page: Frontier, now: datetime) -> None:
    """The page has not changed: what it showed it shows still."""
    if page.read_at is not None:
        Sighting.objects.filter(page_digest=page.digest, last_seen__gte=page.read_at).update(last_seen=now)


def pointing_at(page: bytes, since: datetime) -> list[Met]:
    """Thumbnails on lists that stand for this page: all there is of it where the page itself is behind a wall."""
    rows = Sighting.objects.filter(link_digest=page, last_seen__gte=since).select_related("media")[:20]
    return [of_sighting(row, listed=True) for row in rows]


def of_sighting(row: Sighting, *, listed: bool = False) -> Met:
    """A sighting as it was kept, with its medium selected; its clip only where that was read with it. ``listed``: as a
    thumbnail that stands for another page."""
    clip = b"" if "clip" in row.media.get_deferred_fields() else bytes(row.media.clip)
    medium, url = row.media, row.media_url or ""
    ref = MediaRef(url, "thumbnail" if listed else row.role)  # type: ignore[arg-type]
    return Met(
        ref, url_digest(url), bytes(row.media_digest), None, bytes(medium.sha256).hex(), medium.pdq,
        medium.quality, False, listed=listed, clip=clip, width=medium.width, height=medium.height,
        media=row.media_id, sighting=row.pk, fetched_at=row.fetched_at, faces_seen=medium.faces_seen,
        looked=medium.looked,
    )  # fmt: skip
