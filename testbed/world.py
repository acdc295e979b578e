"""Build a world from a seed: the same arguments give the same world, byte for byte."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from testbed import names, parties, people, pictures, places, plant, truth
from testbed.model import (
    EPOCH,
    File,
    Gallery,
    Item,
    Outage,
    Provider,
    Registrar,
    Return,
    Shot,
    Site,
    Subject,
    World,
    load,
    parse_time,
    save,
    show_time,
)
from testbed.people import Person
from testbed.pictures import Pixels
from testbed.plant import Copy

MOST_STRANGERS = 240
_STYLES = 5


class Media:
    """Appends media files to ``media.bin`` and remembers where each lies."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("wb")
        self._offset = 0
        self.files: list[File] = []

    def add(self, data: bytes, width: int, height: int, mark: bytes = b"") -> str:
        """Store one file, with ``mark`` as its canary; returns its key."""
        if mark:
            data = pictures.with_canary(data, mark)
        key = f"f{len(self.files)}"
        mime = "image/png" if data[:4] == b"\x89PNG" else "image/jpeg"
        digest = hashlib.sha256(data).hexdigest()
        self.files.append(File(key, self._offset, len(data), mime, width, height, digest, mark.hex()))
        self._out.write(data)
        self._offset += len(data)
        return key

    def close(self) -> None:
        self._out.close()


class Builder:
    """One world in the making. Every concern draws from a random stream of its own, so that a change to one does not
    shift the others."""

    def __init__(self, seed: int, out: Path, start: datetime, days: int, salt: str = "") -> None:
        self.seed, self.out, self.start, self.days = seed, out, start, days
        self.pool = pictures.Pool(self.rng("pictures"))
        self.media = Media(out / "media.bin")
        self.strangers: list[tuple[str, str]] = []
        self.items: list[Item] = []
        self.returns: list[Return] = []
        self._ids = self.rng("ids")
        self._marks = self.rng(f"canaries{salt}")

    def rng(self, concern: str) -> Random:
        return Random(f"{self.seed}:{concern}")

    def at(self, days: float) -> str:
        return show_time(self.start + timedelta(days=days))

    # -- strangers ------------------------------------------------------------------------------------------------

    def stock(self, count: int, faces: list[Pixels]) -> None:
        """Make the pictures that stand about: ``count`` generated ones and the strangers of the gallery."""
        rng = self.rng("stock")
        made = list(faces)
        for _ in range(count):
            made.append(self.pool.take(rng.choice([480, 560, 640]), rng.choice([360, 420, 480])))
        for pixels in made:
            height, width = pixels.shape[:2]
            full = self.media.add(pictures.jpeg(pixels, rng.randrange(62, 82)), width, height)
            small = pictures.fit(pixels, 220)
            thumb = self.media.add(pictures.jpeg(small, 65), small.shape[1], small.shape[0])
            self.strangers.append((full, thumb))
        rng.shuffle(self.strangers)

    def paths(self, site: Site, extension: str = "jpg") -> tuple[str, str]:
        """Fresh paths for a full picture and its thumbnail on ``site``'s media host."""
        name = f"{self._ids.getrandbits(48):012x}"
        if site.media_style == 0:
            return f"/media/{name[:2]}/{name}.{extension}", f"/media/{name[:2]}/{name}_t.jpg"
        if site.media_style == 1:
            month = self._ids.randrange(1, 9)
            return f"/uploads/2026/{month:02d}/{name}.{extension}", f"/uploads/2026/{month:02d}/{name}-240x180.jpg"
        return f"/i/{name}.{extension}", f"/th/{name}.jpg"

    def shot(self, site: Site, pick: tuple[str, str]) -> Shot:
        full, thumb = self.paths(site)
        return Shot(full, pick[0], thumb, pick[1])

    def gallery(self, site: Site, rng: Random, number: int, days: float) -> Gallery:
        title = names.title(rng)
        slug = names.slug(title)
        path = [
            f"/v/{number}/{slug}",
            f"/gallery/{slug}-{number}.html",
            f"/album.php?id={number}",
            f"/post/{number}-{slug}/",
            f"/p/{number}",
        ][site.url_style]
        return Gallery(f"g{number}", path, title, self.at(days), rng.randrange(_STYLES), text=names.sentences(rng, 3))

    def fill(self, site: Site, rng: Random, numbers: list[int]) -> None:
        """Give ``site`` galleries of strangers' pictures; some appear later."""
        for number in numbers:
            late = rng.random() < 0.12
            made = self.gallery(site, rng, number, rng.uniform(1, 45) if late else -rng.uniform(1, 300))
            for _ in range(rng.choice([1, 2, 2, 3])):
                made.shots.append(self.shot(site, rng.choice(self.strangers)))
            site.galleries.append(made)

    # -- planted copies -------------------------------------------------------------------------------------------

    def plant(
        self,
        site: Site,
        subject: str,
        copy: Copy,
        days: float,
        rng: Random,
        number: int,
        of: str = "",
        how: str = "",
        like: Gallery | None = None,
    ) -> Item:
        """Put ``copy`` on a gallery page of ``site``; ``like`` lends number and title (a mirror's page)."""
        made = self.gallery(site, rng, number, days)
        if like is not None:
            made.title, made.text = like.title, like.text
            made.path = like.path if site.url_style == 0 else made.path
        extension = "png" if copy.full[:4] == b"\x89PNG" else "jpg"
        full_path, thumb_path = self.paths(site, extension)
        marks = [pictures.canary(self._marks), pictures.canary(self._marks)]
        full = self.media.add(copy.full, copy.width, copy.height, marks[0])
        thumb = self.media.add(copy.thumb, 240, 180, marks[1])
        for _ in range(rng.choice([1, 2])):
            made.shots.append(self.shot(site, rng.choice(self.strangers)))
        made.shots.insert(rng.randrange(2), Shot(full_path, full, thumb_path, thumb, planted=True))
        made.hidden = bool(of)
        item = Item(
            id=f"item-{len(self.items) + 1}",
            subject=subject,
            kind=copy.kind,
            site=site.domain,
            gallery=made.id,
            page_urls=[f"http://{site.domain}{made.path}"],
            media_urls=[f"http://{site.media_domain}{full_path}"],
            thumb_urls=[f"http://{site.media_domain}{thumb_path}"],
            canaries=[mark.hex() for mark in marks],
            published_at=made.published_at,
            of=of,
            how=how,
        )
        made.item = item.id
        site.galleries.append(made)
        self.items.append(item)
        return item


def _copies(persons: list[Person], stored: list[list[bytes]], total: int, rng: Random) -> list[Copy]:
    """About ``total`` copies, spread over subjects and kinds, and with faces two or three further photos each."""
    made: list[Copy] = []
    kinds = plant.KINDS
    each = max(3, -(-total // len(persons)))
    for index, person in enumerate(persons):
        for turn in range(each if not person.face else 3):
            picture = (turn + index) % len(person.own)
            made.append(
                plant.make(
                    index, picture, kinds[(turn + index) % len(kinds)], person.own[picture], rng, stored[index][picture]
                )
            )
        if person.face:
            for extra, pixels in enumerate(plant.face_views(person, rng)):
                made.append(plant.make(index, 100 + extra, "face", pixels, rng))
    return made


def _enrol(builder: Builder, persons: list[Person]) -> tuple[list[Subject], list[list[bytes]]]:
    """Write the survivors' own pictures and return what was written."""
    rng = builder.rng("devices")
    subjects, stored = [], []
    for index, person in enumerate(persons):
        key = chr(ord("A") + index)
        folder = builder.out / "subjects" / key
        folder.mkdir(parents=True, exist_ok=True)
        subject = Subject(key, f"Subject {key}", person.face)
        files = []
        for number, pixels in enumerate(person.own, start=1):
            as_png = not person.face and number == 2
            data = pictures.png(pixels) if as_png else pictures.jpeg(pixels, rng.randrange(88, 96))
            name = f"{number}.{'png' if as_png else 'jpg'}"
            (folder / name).write_bytes(data)
            subject.files.append(f"subjects/{key}/{name}")
            files.append(data)
        subjects.append(subject)
        stored.append(files)
    return subjects, stored


def _spread(builder: Builder, copies: list[Copy], placed: places.Placed, by_domain: dict[str, Site]) -> None:
    """Plant the copies: mirrors first, in pairs under one slug, the rest over the other sites."""
    rng = builder.rng("planting")
    mirrors = [by_domain[domain] for domain in placed.network]
    others = [by_domain[domain] for domain in placed.plantable]
    order = copies[:]
    rng.shuffle(order)
    number = 9000
    for turn in range(3):
        copy = order.pop()
        number += 7
        first, second, third = (mirrors[(turn + step) % len(mirrors)] for step in (0, 1, 2 if len(mirrors) > 3 else 3))
        item = builder.plant(first, chr(ord("A") + copy.subject), copy, rng.uniform(-20, 4), rng, number)
        like = next(gallery for gallery in first.galleries if gallery.item == item.id)
        builder.plant(second, item.subject, copy, rng.uniform(-20, 6), rng, number, like=like)
        back = builder.plant(third, item.subject, copy, 0, rng, number, of=item.id, how="sibling", like=like)
        builder.returns.append(Return(item.id, back.id, "sibling", rng.uniform(6 * 24, 18 * 24)))
    keep = next((site for site in others if site.missing == "410"), others[0])
    copy = order.pop()
    number += 7
    item = builder.plant(keep, chr(ord("A") + copy.subject), copy, rng.uniform(-20, 3), rng, number)
    _same_page(builder, item, rng)
    for turn, copy in enumerate(order):
        site = others[turn % len(others)]
        number += 7
        day = rng.uniform(3, 25) if turn % 5 < 2 else -rng.uniform(1, 200)
        builder.plant(site, chr(ord("A") + copy.subject), copy, day, rng, number)


def _same_page(builder: Builder, item: Item, rng: Random) -> None:
    """The identical page will come back some days after it went."""
    back = Item(
        id=f"item-{len(builder.items) + 1}",
        subject=item.subject,
        kind=item.kind,
        site=item.site,
        gallery=item.gallery,
        page_urls=item.page_urls[:],
        media_urls=item.media_urls[:],
        thumb_urls=item.thumb_urls[:],
        canaries=item.canaries[:],
        published_at=item.published_at,
        of=item.id,
        how="same-page",
    )
    builder.items.append(back)
    builder.returns.append(Return(item.id, back.id, "same-page", rng.uniform(6 * 24, 14 * 24)))


def _crowds(builder: Builder, gallery: people.Gallery, sites: list[Site]) -> None:
    """Group photos: strangers to everybody except the subjects their file names tell of."""
    rng = builder.rng("crowds")
    for turn, (pixels, shown) in enumerate(gallery.groups):
        site = sites[turn % len(sites)]
        copy = plant.make(shown[0] if shown else 0, 200 + turn, "face", pixels, rng)
        if not shown:
            height, width = pixels.shape[:2]
            pick = (builder.media.add(copy.full, width, height), builder.media.add(copy.thumb, 240, 180))
            made = builder.gallery(site, rng, 7000 + turn, -rng.uniform(1, 100))
            made.shots.append(builder.shot(site, pick))
            site.galleries.append(made)
            continue
        item = builder.plant(site, chr(ord("A") + shown[0]), copy, -rng.uniform(1, 100), rng, 7000 + turn)
        item.kind = "group"
        item.also = [chr(ord("A") + index) for index in shown[1:]]


def _known(builder: Builder, subjects: list[Subject]) -> None:
    """Every other subject already knows one link."""
    for subject in subjects[::2]:
        for item in builder.items:
            if item.subject == subject.key and not item.of and parse_time(item.published_at) <= builder.start:
                item.known = True
                subject.known_links.append(item.page_urls[0])
                break


def _outages(builder: Builder, placed: places.Placed) -> list[Outage]:
    rng = builder.rng("outages")
    made = []
    for turn, domain in enumerate(placed.plantable[:3]):
        begin = rng.uniform(8, 40)
        made.append(
            Outage(domain, builder.at(begin), builder.at(begin + rng.uniform(0.5, 5)), ["503", "hang"][turn % 2])
        )
    return made


def generate(
    seed: int,
    sites: int,
    subjects: int,
    gallery: Path | None,
    days: int,
    out_dir: Path,
    start: str = EPOCH,
    salt: str = "",
) -> World:
    """Build a world in ``out_dir`` (``world.json``, ``media.bin``, ``truth.json``, ``subjects/``) and return it.

    ``subjects`` is how many there are at most without a gallery; a gallery's people come first, up to eight, and
    pictures fill up. With a ``salt`` the canaries are this run's alone; all else depends on the seed. Raises
    ``people.NoGallery``, ``ValueError`` for fewer than ten sites or no subject.
    """
    if sites < places.LEAST_SITES:
        raise ValueError(f"a world has at least {places.LEAST_SITES} sites")
    if not 1 <= subjects <= 20:
        raise ValueError("between 1 and 20 subjects")
    out_dir.mkdir(parents=True, exist_ok=True)
    builder = Builder(seed, out_dir, parse_time(start), days, salt)
    taken: set[str] = set()
    addresses = parties.Addresses()
    providers = parties.providers(builder.rng("providers"), taken)
    registrars = parties.registrars(builder.rng("registrars"), taken)
    placed = places.place(builder.rng("sites"), sites, providers, registrars, addresses, taken)
    by_domain = {site.domain: site for site in placed.sites}

    shown = people.read_gallery(gallery, builder.rng("gallery")) if gallery else people.Gallery([], [], [])
    persons = list(shown.people)
    persons += people.plain_people(max(0, subjects - len(persons)), builder.rng("people"), builder.pool)
    enrolled, stored = _enrol(builder, persons)
    builder.stock(min(MOST_STRANGERS, sites * 5), shown.strangers)

    rng = builder.rng("filling")
    shared = sorted(rng.sample(range(100, 900), 5))
    for site in placed.sites:
        own = rng.sample(range(1000, 6000), rng.randrange(3, 6) if site.network else rng.randrange(5, 11))
        builder.fill(site, rng, own)
    for domain in placed.network:
        builder.fill(by_domain[domain], builder.rng("mirror"), shared)

    copies = _copies(persons, stored, max(22, 4 * len(persons) + 1), builder.rng("copies"))
    _spread(builder, copies, placed, by_domain)
    _crowds(builder, shown, [site for site in placed.sites if site.domain in placed.plantable])
    _known(builder, enrolled)
    for site in placed.sites:
        site.galleries.sort(key=lambda entry: (entry.published_at, entry.id), reverse=True)
    builder.media.close()

    services, named = _services(providers, registrars, addresses)
    world = World(
        seed=seed,
        start=show_time(builder.start),
        days=days,
        providers=providers,
        registrars=registrars,
        operators=placed.operators,
        sites=placed.sites,
        subjects=enrolled,
        items=builder.items,
        returns=builder.returns,
        files=builder.media.files,
        traps=placed.traps,
        outages=_outages(builder, placed),
        services=services,
        dial=addresses.dial,
        addresses=named,
        search_domain=services["search"],
    )
    save(world, out_dir)
    truth.write(world, out_dir)
    return world


def _services(
    providers: list[Provider], registrars: list[Registrar], addresses: parties.Addresses
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Host names of RDAP, WHOIS, mail, search, and the claimed addresses of everything that is not a site."""
    base = next(provider for provider in providers if provider.role == "services")
    services = {
        "rdap-names": f"rdap.{base.domain}",
        "rdap-numbers": f"numbers.{base.domain}",
        "whois": f"whois.{base.domain}",
        "mx": f"mx.{base.domain}",
        "ns": f"ns.{base.domain}",
        "search": "search.quaestio-find.com",
    }
    named = {host: [addresses.claim(base.prefix)] for host in services.values()}
    for domain in [entry.domain for entry in providers] + [entry.domain for entry in registrars]:
        named[domain] = [addresses.claim(base.prefix)]
    return services, named


__all__ = ["generate", "load"]
