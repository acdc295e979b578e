"""MPEG-DASH manifests (ISO/IEC 23009-1): representations with a template, a list or an index of their segments."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, replace
from datetime import datetime

from yarl import URL

from efface.net.page.urls import absolute
from efface.net.playlists.model import MOST_PIECES, MOST_SECONDS, MOST_VARIANTS, Piece, PlaylistError, Track
from efface.net.playlists.plan import choose
from efface.net.playlists.xml import Node, XmlError
from efface.net.playlists.xml import parse as parse_xml

_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?"
)
_FIELD = re.compile(r"\$(RepresentationID|Number|Time|Bandwidth|)(?:%0(\d{1,2})d)?\$")
_RANGE = re.compile(r"(\d{1,15})-(\d{1,15})")
_LIVE_WINDOW_S = 120.0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the manifest a representation stands: its base address, period and inherited segment elements."""

    base: URL
    seconds: float
    live_for: float
    """Seconds since the period began for a live manifest; -1 for a finished one."""
    told: tuple[Node, ...] = ()


def parse(data: bytes, base: str, now: datetime | None = None) -> Track:
    """The quality to take of the longest period (advertisements have periods of their own). ``base`` is the manifest's
    own address; ``now`` (aware) tells which segments of a live manifest exist. What is encrypted is left out. Raises
    ``PlaylistError``."""
    try:
        root = parse_xml(data[:5_000_000])
        here = URL(base)
    except (XmlError, ValueError, TypeError):
        raise PlaylistError("not-a-playlist") from None
    if root.name != "MPD":
        raise PlaylistError("not-a-playlist")
    live = root.given.get("type") == "dynamic"
    whole = duration(root.given.get("mediaPresentationDuration", ""))
    here = _base(root, here)
    met_encrypted = False
    for seconds, start, period in sorted(_periods(root, whole), key=lambda item: -item[0]):
        live_for = _live_for(root, start, now) if live else -1.0
        track, encrypted = _period(period, _Place(_base(period, here), seconds, live_for))
        met_encrypted |= encrypted
        if track is not None:
            return replace(track, live=live)
    raise PlaylistError("encrypted" if met_encrypted else "live" if live else "no-video")


def duration(text: str) -> float:
    """Seconds of an XML Schema duration; 0 where it is none."""
    match = _DURATION.fullmatch(text.strip()[:64])
    if not match:
        return 0.0
    years, months, days, hours, minutes, seconds = (float(value or 0) for value in match.groups())
    total = (((years * 365 + months * 30 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    return min(total, MOST_SECONDS)


def segment_index(data: bytes, at: int, init: Piece | None, url: str) -> list[Piece]:
    """The pieces that a segment index box ("sidx", ISO/IEC 14496-12 section 8.16.3) names. ``at`` is the place of
    ``data`` in the file ``url``. Raises ``PlaylistError``."""
    try:
        size, kind = struct.unpack_from("!I4s", data)
        version = data[8]
        (timescale,) = struct.unpack_from("!I", data, 16)
        place = 20
        if kind != b"sidx" or not timescale:
            raise PlaylistError("not-a-playlist")
        _, first = struct.unpack_from("!QQ" if version else "!II", data, place)
        place += 16 if version else 8
        (count,) = struct.unpack_from("!H", data, place + 2)
        place += 4
        at += size + first
        start = 0.0
        pieces: list[Piece] = []
        for _ in range(count):
            length, lasts, _ = struct.unpack_from("!III", data, place)
            place += 12
            seconds = lasts / timescale
            if length & 0x8000_0000:
                raise PlaylistError("not-a-playlist")  # an index of indexes
            if length:
                pieces.append(Piece(url, start, seconds, at, at + length - 1, init))
            at, start = at + length, start + seconds
    except (struct.error, IndexError):
        raise PlaylistError("not-a-playlist") from None
    return pieces


def _periods(root: Node, whole: float) -> list[tuple[float, float, Node]]:
    """Periods with their length and start in seconds; a length of 0 is unknown."""
    periods = list(root.all("Period"))[:64]
    starts: list[float] = []
    clock = 0.0
    for period in periods:
        start = duration(period.given["start"]) if "start" in period.given else clock
        starts.append(start)
        clock = start + duration(period.given.get("duration", ""))
    made: list[tuple[float, float, Node]] = []
    for place, period in enumerate(periods):
        end = starts[place + 1] if place + 1 < len(periods) else whole
        length = duration(period.given.get("duration", "")) or max(0.0, end - starts[place])
        made.append((length, starts[place], period))
    return made


def _live_for(root: Node, start: float, now: datetime | None) -> float:
    """Seconds since the period began to be available; 0 where that cannot be told."""
    try:
        since = datetime.fromisoformat(root.given.get("availabilityStartTime", "").replace("Z", "+00:00"))
        return max(0.0, (now - since).total_seconds() - start) if now is not None else 0.0
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _period(period: Node, place: _Place) -> tuple[Track | None, bool]:
    """The representation to take, and whether any is encrypted. Pieces are only written out for those that are
    tried."""
    found: dict[Track, tuple[Node, _Place]] = {}
    encrypted = False
    for group in list(period.all("AdaptationSet"))[:64]:
        for item in list(group.all("Representation"))[:MOST_VARIANTS]:
            if not _is_video(group, item):
                continue
            if group.one("ContentProtection") is not None or item.one("ContentProtection") is not None:
                encrypted = True
                continue
            at = replace(place, base=_base(item, _base(group, place.base)), told=(period, group, item))
            found.setdefault(_quality(item), (item, at))
    for quality in choose(list(found))[:3]:
        track = _track(quality, *found[quality])
        if track is not None and (track.pieces or track.index is not None):
            return track, encrypted
    return None, encrypted


def _is_video(group: Node, item: Node) -> bool:
    said = " ".join(
        node.given.get(name, "") for node in (item, group) for name in ("mimeType", "contentType", "codecs")
    ).lower()
    if "video" in said or item.given.get("width") or group.given.get("width"):
        return True
    return not any(word in said for word in ("audio", "text", "application", "image", "mp4a", "stpp", "wvtt"))


def _quality(item: Node) -> Track:
    return Track(
        bandwidth=_number(item.given.get("bandwidth", "")),
        width=min(_number(item.given.get("width", "")), 100_000),
        height=min(_number(item.given.get("height", "")), 100_000),
    )


def _track(track: Track, item: Node, place: _Place) -> Track | None:
    template = _merged(place.told, "SegmentTemplate")
    if template is not None:
        return replace(track, pieces=tuple(_templated(template, place, item.given.get("id", ""), track.bandwidth)))
    listed = _merged(place.told, "SegmentList")
    if listed is not None:
        return replace(track, pieces=tuple(_listed(listed, place)))
    url = absolute(place.base, str(place.base))
    if not url:
        return None
    single = _merged(place.told, "SegmentBase")
    if single is not None:
        first, last = _range(single.given.get("indexRange", ""))
        if first >= 0:
            return replace(track, index=Piece(url, 0.0, place.seconds, first, last, _init(single, place)))
    return replace(track, pieces=(Piece(url, 0.0, place.seconds),)) if item.one("BaseURL") is not None else None


def _merged(told: tuple[Node, ...], name: str) -> Node | None:
    """The segment element of a representation with what it inherits from its adaptation set and period."""
    found = [node for parent in told for node in list(parent.all(name))[:1]]
    if not found:
        return None
    given: dict[str, str] = {}
    children: dict[str, list[Node]] = {}
    for node in found:
        given.update(node.given)
        own: dict[str, list[Node]] = {}
        for child in node.children:
            own.setdefault(child.name, []).append(child)
        children.update(own)
    return Node(name, given, children=[child for each in children.values() for child in each])


def _init(node: Node, place: _Place) -> Piece | None:
    told = node.one("Initialization")
    if told is None:
        return None
    url = absolute(place.base, told.given.get("sourceURL", "") or str(place.base))
    first, last = _range(told.given.get("range", ""))
    return Piece(url, first=first, last=last) if url else None


def _listed(node: Node, place: _Place) -> list[Piece]:
    scale = max(1, _number(node.given.get("timescale", "")))
    seconds = min(_number(node.given.get("duration", "")) / scale, MOST_SECONDS)
    init = _init(node, place)
    pieces: list[Piece] = []
    for number, told in enumerate(node.all("SegmentURL")):
        url = absolute(place.base, told.given.get("media", "") or str(place.base))
        first, last = _range(told.given.get("mediaRange", ""))
        if url:
            pieces.append(Piece(url, min(number * seconds, MOST_SECONDS), seconds, first, last, init))
        if len(pieces) >= MOST_PIECES:
            break
    return pieces


def _templated(node: Node, place: _Place, name: str, bandwidth: int) -> list[Piece]:
    scale = max(1, _number(node.given.get("timescale", "")))
    media = node.given.get("media", "")
    first = _number(node.given["startNumber"]) if "startNumber" in node.given else 1
    init: Piece | None = None
    if node.given.get("initialization"):
        url = absolute(place.base, _filled(node.given["initialization"], name, bandwidth, 0, 0))
        init = Piece(url) if url else None
    timeline = node.one("SegmentTimeline")
    if timeline is not None:
        times = _timeline(timeline, scale, place.seconds)
    else:
        times = _even(_number(node.given.get("duration", "")), scale, place)
    pieces: list[Piece] = []
    zero = times[0][1] if times and timeline is not None else 0
    for number, time, lasts in times:
        url = absolute(place.base, _filled(media, name, bandwidth, first + number, time))
        if url and media:
            pieces.append(Piece(url, min((time - zero) / scale, MOST_SECONDS), lasts / scale, init=init))
    return pieces


def _even(step: int, scale: int, place: _Place) -> list[tuple[int, int, int]]:
    """Number from the first, time and length (in units of the scale) of segments of equal length."""
    if not step:
        return []
    if place.live_for >= 0:
        edge = int(place.live_for * scale // step) - 1
        least = max(0, edge - math.ceil(_LIVE_WINDOW_S * scale / step))
        return [(number, number * step, step) for number in range(least, max(least, edge))][:MOST_PIECES]
    count = min(MOST_PIECES, math.ceil(place.seconds * scale / step))
    return [(number, number * step, step) for number in range(count)]


def _timeline(node: Node, scale: int, whole: float) -> list[tuple[int, int, int]]:
    """The same for a SegmentTimeline: runs of ``r`` + 1 segments of length ``d`` from ``t`` on."""
    runs = list(node.all("S"))
    made: list[tuple[int, int, int]] = []
    clock = 0
    origin: int | None = None
    for place, run in enumerate(runs):
        clock = _number(run.given["t"]) if "t" in run.given else clock
        origin = clock if origin is None else origin
        lasts = _number(run.given.get("d", ""))
        repeat = run.given.get("r", "0").strip()
        if not lasts:
            continue
        if repeat.startswith("-"):
            after = runs[place + 1].given.get("t", "") if place + 1 < len(runs) else ""
            end = _number(after) if after else origin + int(whole * scale)
            count = max(1, math.ceil((end - clock) / lasts))
        else:
            count = _number(repeat) + 1
        for _ in range(min(count, MOST_PIECES - len(made))):
            made.append((len(made), clock, lasts))
            clock += lasts
        if len(made) >= MOST_PIECES:
            break
    return made


def _filled(template: str, name: str, bandwidth: int, number: int, time: int) -> str:
    """A template with its fields filled in (section 5.3.9.4.4)."""

    def value(match: re.Match[str]) -> str:
        what, width = match.group(1), int(match.group(2) or 1)
        if not what:
            return "$"
        if what == "RepresentationID":
            return name[:200]
        return str({"Number": number, "Time": time, "Bandwidth": bandwidth}[what]).zfill(min(width, 20))

    return _FIELD.sub(value, template[:2048])


def _base(node: Node, base: URL) -> URL:
    told = node.one("BaseURL")
    joined = absolute(base, told.text) if told is not None else ""
    return URL(joined, encoded=True) if joined else base


def _range(text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text.strip())
    first, last = (int(match.group(1)), int(match.group(2))) if match else (-1, -1)
    return (first, last) if 0 <= first <= last else (-1, -1)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
