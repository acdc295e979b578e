"""A stranger's list of pieces: read without being believed, followed within a budget, spread over the whole video."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net.fetch import Session
from efface.net.guard import Guard
from efface.net.playlists import Budget, Piece, PlaylistError, Pulled, Track, Variant, dash, fetch, hls
from efface.net.playlists.fetch import undisguised
from efface.net.playlists.model import MOST_PIECES
from efface.net.playlists.plan import choose, pick, spread
from efface.net.playlists.xml import XmlError, parse
from efface.net.protocol import Limits
from tests.net.internet import Internet, Request, answer, running

BASE = "http://v.test/a/list.m3u8"
MPD = "http://v.test/a/list.mpd"


def media(text: str) -> Track:
    track = hls.parse(text, BASE)
    assert isinstance(track, Track)
    return track


def vod(count: int, seconds: float = 4.0, extra: str = "") -> str:
    pieces = "".join(f"#EXTINF:{seconds},\n{number}.ts\n" for number in range(count))
    return f"#EXTM3U\n#EXT-X-VERSION:3\n{extra}{pieces}#EXT-X-ENDLIST\n"


# HLS


def test_a_media_playlist() -> None:
    track = media(vod(3))
    assert [piece.url for piece in track.pieces] == [f"http://v.test/a/{n}.ts" for n in range(3)]
    assert [piece.start for piece in track.pieces] == [0.0, 4.0, 8.0]
    assert track.seconds == 12
    assert not track.live


def test_a_master_playlist_leads_to_the_smallest_quality_that_is_enough() -> None:
    text = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="sound.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=6000000,RESOLUTION=1920x1080,CODECS="avc1.64,mp4a.40.2"
full.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=256x144
tiny.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360
/mid.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"
sound.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="frames.m3u8"
"""
    found = hls.parse(text, BASE)
    assert isinstance(found, list)
    assert [item.url.rpartition("/")[2] for item in choose(found)] == ["mid.m3u8", "full.m3u8", "tiny.m3u8"]


def test_qualities_without_sizes_are_chosen_by_their_bandwidth() -> None:
    ranked = choose([Variant("c", 4_000_000), Variant("a", 200_000), Variant("b", 800_000)])
    assert [item.url for item in ranked] == ["b", "c", "a"]


def test_byte_ranges_go_on_where_the_last_one_ended() -> None:
    track = media(
        '#EXTM3U\n#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"\n#EXTINF:2,\n#EXT-X-BYTERANGE:50@100\nall.mp4\n'
        "#EXTINF:2,\n#EXT-X-BYTERANGE:70\nall.mp4\n#EXTINF:2,\nother.mp4\n#EXT-X-ENDLIST"
    )
    places = [(piece.first, piece.last, piece.size) for piece in track.pieces]
    assert places == [(100, 149, 50), (150, 219, 70), (-1, -1, 0)]
    assert track.pieces[0].init == Piece("http://v.test/a/all.mp4", first=0, last=99)


def test_encrypted_pieces_are_left_out_and_a_list_of_nothing_else_says_so() -> None:
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"\n'
    with pytest.raises(PlaylistError) as refused:
        hls.parse(vod(3, extra=key), BASE)
    assert refused.value.reason == "encrypted"
    assert "encrypted" in refused.value.words
    mixed = f"#EXTM3U\n#EXTINF:4,\nfree.ts\n{key}#EXTINF:4,\nlocked.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\nend.ts\n"
    assert [(piece.url.rpartition("/")[2], piece.start) for piece in media(mixed).pieces] == [
        ("free.ts", 0.0),
        ("end.ts", 8.0),
    ]


def test_a_live_list_without_a_piece() -> None:
    with pytest.raises(PlaylistError) as refused:
        hls.parse("#EXTM3U\n#EXT-X-TARGETDURATION:4\n", BASE)
    assert refused.value.reason == "live"
    assert media("#EXTM3U\n#EXTINF:4,\na.ts\n").live


def test_addresses_that_are_none_of_the_web_are_left_out() -> None:
    lines = ["file:///etc/passwd", "data:video/mp2t;base64,AAAA", "concat:a|b", "//w.test/ok.ts", "ftp://v.test/x.ts"]
    text = "#EXTM3U\n" + "".join(f"#EXTINF:4,\n{line}\n" for line in lines) + "#EXT-X-ENDLIST"
    assert [piece.url for piece in media(text).pieces] == ["http://w.test/ok.ts"]


def test_absurd_numbers() -> None:
    text = (
        "#EXTM3U\n#EXTINF:nan,\na.ts\n#EXTINF:1e309,\nb.ts\n#EXTINF:-5,\nc.ts\n#EXTINF:9999999999,\nd.ts\n"
        f"#EXT-X-BYTERANGE:{'9' * 400}@5\n#EXTINF:4,\ne.ts\n#EXT-X-ENDLIST"
    )
    track = media(text)
    assert track.seconds <= 86_400 * 2
    assert all(piece.size < 10**15 for piece in track.pieces)
    assert len(media(vod(MOST_PIECES + 500)).pieces) == MOST_PIECES


@given(st.text(max_size=400))
def test_any_text_is_a_playlist_or_a_typed_reason(text: str) -> None:
    for start in ("", "#EXTM3U\n"):
        try:
            found = hls.parse(start + text, BASE)
        except PlaylistError:
            continue
        pieces = found.pieces if isinstance(found, Track) else found
        assert all(piece.url.startswith(("http://", "https://")) for piece in pieces)


# DASH


def manifest(inside: str, **given: str) -> bytes:
    told = "".join(f' {name}="{value}"' for name, value in given.items())
    return f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash"{told}><Period>{inside}</Period></MPD>'.encode()


def test_a_template_with_numbers() -> None:
    data = manifest(
        '<AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1000" duration="4000" startNumber="5" '
        'initialization="$RepresentationID$/i.mp4" media="$RepresentationID$/$Number%04d$-$Bandwidth$.m4s"/>'
        '<Representation id="v1" bandwidth="700000" width="640" height="360"/></AdaptationSet>'
        '<AdaptationSet mimeType="audio/mp4"><Representation id="s" bandwidth="1"/></AdaptationSet>',
        mediaPresentationDuration="PT10.5S",
    )
    track = dash.parse(data, MPD)
    assert [piece.url for piece in track.pieces] == [f"http://v.test/a/v1/000{n}-700000.m4s" for n in (5, 6, 7)]
    assert [piece.start for piece in track.pieces] == [0, 4, 8]
    assert track.pieces[0].init == Piece("http://v.test/a/v1/i.mp4")
    assert (track.width, track.height, track.bandwidth) == (640, 360, 700_000)


def test_a_template_with_a_timeline() -> None:
    data = manifest(
        '<AdaptationSet contentType="video"><Representation id="v" bandwidth="9">'
        '<SegmentTemplate timescale="10" media="$Time$.m4s"><SegmentTimeline><S t="100" d="20" r="1"/><S d="30"/>'
        '<S d="10" r="-1"/></SegmentTimeline></SegmentTemplate></Representation></AdaptationSet>',
        mediaPresentationDuration="PT9S",
    )
    track = dash.parse(data, MPD)
    assert [piece.url.rpartition("/")[2] for piece in track.pieces] == [f"{n}.m4s" for n in (100, 120, 140, 170, 180)]
    assert [piece.start for piece in track.pieces] == [0, 2, 4, 7, 8]


def test_a_list_with_ranges_and_bases() -> None:
    data = manifest(
        "<BaseURL>http://w.test/x/</BaseURL><AdaptationSet mimeType='video/webm'><Representation id='v' bandwidth='9'>"
        "<BaseURL>one.webm</BaseURL><SegmentList duration='3'><Initialization range='0-99'/>"
        "<SegmentURL mediaRange='100-199'/><SegmentURL media='two.webm'/></SegmentList>"
        "</Representation></AdaptationSet>"
    )
    track = dash.parse(data, MPD)
    one, two = track.pieces
    assert (one.url, one.first, one.last, one.init) == (
        "http://w.test/x/one.webm", 100, 199, Piece("http://w.test/x/one.webm", first=0, last=99),
    )  # fmt: skip
    assert (two.url, two.first, two.start) == ("http://w.test/x/two.webm", -1, 3)


def sidx(lengths: list[int], version: int = 0, first: int = 0) -> bytes:
    body = struct.pack("!B3xII", version, 1, 1000) + struct.pack("!QQ" if version else "!II", 0, first)
    body += struct.pack("!HH", 0, len(lengths)) + b"".join(struct.pack("!III", n, 2000, 0) for n in lengths)
    return struct.pack("!I4s", len(body) + 8, b"sidx") + body


def test_an_index_in_the_file() -> None:
    data = manifest(
        "<AdaptationSet mimeType='video/mp4'><Representation id='v' bandwidth='9'><BaseURL>v.mp4</BaseURL>"
        "<SegmentBase indexRange='700-900'><Initialization range='0-699'/></SegmentBase>"
        "</Representation></AdaptationSet>"
    )
    track = dash.parse(data, MPD)
    assert track.index is not None
    for version in (0, 1):
        box = sidx([50, 60], version, first=8)
        pieces = dash.segment_index(box, 700, track.index.init, track.index.url)
        start = 700 + len(box) + 8
        assert [(piece.first, piece.last, piece.start) for piece in pieces] == [
            (start, start + 49, 0.0),
            (start + 50, start + 109, 2.0),
        ]
    for broken in (b"", b"\0" * 40, sidx([50])[:-1], sidx([0x8000_0010])):
        with pytest.raises(PlaylistError):
            dash.segment_index(broken, 0, None, "http://v.test/v.mp4")


def test_an_encrypted_manifest() -> None:
    data = manifest(
        "<AdaptationSet mimeType='video/mp4'><ContentProtection schemeIdUri='urn:mpeg:dash:mp4protection:2011'/>"
        "<SegmentTemplate duration='1' media='$Number$'/><Representation id='v'/></AdaptationSet>",
        mediaPresentationDuration="PT4S",
    )
    with pytest.raises(PlaylistError) as refused:
        dash.parse(data, MPD)
    assert refused.value.reason == "encrypted"


def test_a_live_manifest_names_what_exists_now() -> None:
    data = manifest(
        "<AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='10' media='$Number$.m4s' startNumber='0'/>"
        "<Representation id='v'/></AdaptationSet>",
        type="dynamic",
        availabilityStartTime="2026-11-22T00:00:00Z",
    )
    track = dash.parse(data, MPD, datetime(2026, 11, 22, 1, tzinfo=UTC))
    assert track.live
    assert track.pieces[-1].url.endswith("/358.m4s")
    assert len(track.pieces) == 12
    with pytest.raises(PlaylistError) as refused:
        dash.parse(data, MPD)
    assert refused.value.reason == "live"


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE MPD [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><MPD>&b;</MPD>',
        b'<!DOCTYPE MPD SYSTEM "http://v.test/x.dtd"><MPD/>',
        b"<MPD>" + b"<a>" * 50 + b"</a>" * 50 + b"</MPD>",
        b"<MPD>" + b"<a/>" * 70_000 + b"</MPD>",
        b"<MPD",
        b"",
        b"\xff\xfe\x00",
    ],
    ids=["entities", "document type", "deep", "wide", "cut", "empty", "bytes"],
)
def test_hostile_xml_is_refused(data: bytes) -> None:
    with pytest.raises(XmlError):
        parse(data)
    with pytest.raises(PlaylistError) as refused:
        dash.parse(data, MPD)
    assert refused.value.reason == "not-a-playlist"


def test_absurd_counts_in_a_manifest() -> None:
    for inside in (
        "<SegmentTemplate timescale='1000000' duration='1' media='$Number$'/>",
        "<SegmentTemplate timescale='1' media='$Time$'><SegmentTimeline><S d='1' r='999999999999'/></SegmentTimeline>"
        "</SegmentTemplate>",
        "<SegmentTemplate timescale='1' media='$Number%099d$' duration='1'/>",
    ):
        data = manifest(
            f"<AdaptationSet mimeType='video/mp4'>{inside}<Representation id='v'/></AdaptationSet>",
            mediaPresentationDuration="P99999D",
        )
        track = dash.parse(data, MPD)
        assert len(track.pieces) == MOST_PIECES
        assert len(track.pieces[-1].url) < 2048


@given(st.binary(max_size=300))
def test_any_bytes_are_a_manifest_or_a_typed_reason(data: bytes) -> None:
    for start in (b"", b"<MPD><Period><AdaptationSet><Representation>"):
        with pytest.raises(PlaylistError):
            dash.parse(start + data, MPD)


# the plan


def test_pieces_are_spread_over_the_whole_length() -> None:
    track = Track(tuple(Piece(f"http://v.test/{n}", n * 4.0, 4.0) for n in range(1000)), bandwidth=1_000_000)
    wanted = pick(track, Budget(total_bytes=10_000_000))
    assert len(wanted) == 20
    assert {wanted[0].start, max(piece.start for piece in wanted)} == {0.0, 3996.0}
    some = sorted(piece.start for piece in wanted[:8])
    assert max(b - a for a, b in zip([0.0, *some], [*some, 3996.0], strict=True)) < 1300


def test_everything_is_taken_where_it_fits() -> None:
    track = Track(tuple(Piece(f"http://v.test/{n}", n * 4.0, 4.0) for n in range(7)), bandwidth=1_000_000)
    assert {piece.start for piece in pick(track, Budget())} == {n * 4.0 for n in range(7)}


def test_the_pieces_of_an_advertisement_are_left_out() -> None:
    ours, theirs = Piece("http://v.test/i"), Piece("http://ads.test/i")
    pieces = [Piece(f"http://v.test/{n}", n * 4.0, 4.0, init=theirs if n in (3, 4) else ours) for n in range(12)]
    assert {piece.init for piece in pick(Track(tuple(pieces)), Budget())} == {ours}


@given(st.integers(1, 300))
def test_every_beginning_of_a_spread_covers_the_range(count: int) -> None:
    order = spread(count)
    assert sorted(order) == list(range(count))


# fetched through the guard


@pytest.fixture(scope="module")
def shared() -> Iterator[Internet]:
    with running() as net:
        yield net


@pytest.fixture
def internet(shared: Internet) -> Internet:
    shared.asked.clear()
    return shared


def pulled(internet: Internet, site: Any, url: str = BASE, limits: Limits | None = None, **budget: Any) -> Pulled:
    internet.add("v.test", site)

    async def go() -> Pulled:
        async with Session(Guard(world=internet.world()), limits or Limits(total_s=5)) as session:
            first = await session.get(url, want="text")
            return await fetch(session, first.facts.final_url, first.body, budget=Budget(**budget))

    return asyncio.run(go())


def test_a_master_is_followed_to_its_pieces(internet: Internet) -> None:
    def site(request: Request) -> bytes:
        if request.target == "/a/list.m3u8":
            return answer(b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000\nlow/list.m3u8\n")
        if request.target == "/a/low/list.m3u8":
            return answer(vod(5).encode())
        assert request.headers["referer"] == BASE
        return answer(request.target.encode(), mime="video/mp2t")

    got = pulled(internet, site)
    assert got.data == b"".join(f"/a/low/{n}.ts".encode() for n in range(5))
    assert (got.reason, got.seconds, got.total_seconds, got.pieces, got.requests) == ("", 20.0, 20.0, 5, 6)


def test_initialisation_and_ranges(internet: Internet) -> None:
    whole = bytes(range(200))
    text = (
        '#EXTM3U\n#EXT-X-MAP:URI="all.mp4",BYTERANGE="20@0"\n#EXTINF:2,\n#EXT-X-BYTERANGE:30@20\nall.mp4\n'
        "#EXTINF:2,\n#EXT-X-BYTERANGE:40\nall.mp4\n#EXT-X-ENDLIST"
    )

    def partial(request: Request) -> bytes:
        if request.target.endswith("m3u8"):
            return answer(text.encode())
        first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
        return answer(whole[int(first) : int(last) + 1], 206)

    def not_partial(request: Request) -> bytes:
        return answer(text.encode()) if request.target.endswith("m3u8") else answer(whole)

    assert pulled(internet, partial).data == whole[:90]
    assert pulled(internet, not_partial).data == whole[:90]


def test_lists_that_name_each_other(internet: Internet) -> None:
    def site(request: Request) -> bytes:
        number = int(request.target.strip("/a.m3u8list") or 0)
        return answer(f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{number + 1}.m3u8\n".encode())

    got = pulled(internet, site)
    assert (got.reason, got.data) == ("loop", b"")
    assert len(internet.asked) < 8
    internet.asked.clear()
    same = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n"
    assert pulled(internet, lambda request: answer(same)).reason == "loop"
    assert len(internet.asked) == 1


def test_the_budget_of_bytes_is_kept(internet: Internet) -> None:
    def site(request: Request) -> bytes:
        return answer(vod(60).encode() if request.target.endswith("m3u8") else bytes(1_200_000))

    got = pulled(internet, site, total_bytes=4_000_000)
    assert (got.pieces, got.planned) == (3, 5)
    assert len(got.data) == 3_600_000
    assert len(internet.asked) <= 6


def test_a_slow_site_costs_the_budget_of_time(internet: Internet) -> None:
    def site(request: Request) -> bytes | None:
        if request.target.endswith("m3u8"):
            return answer(vod(3).encode())
        if request.target.endswith("0.ts"):
            return answer(b"first")
        request.stream.recv(1)  # waits until the other side hangs up
        return None

    got = pulled(internet, site, total_s=1.0)
    assert (got.data, got.pieces, got.planned) == (b"first", 1, 3)


def test_pieces_that_are_gone(internet: Internet) -> None:
    got = pulled(internet, lambda r: answer(vod(4).encode()) if r.target.endswith("m3u8") else answer(b"", 404))
    assert (got.reason, got.data, got.planned) == ("unreachable", b"", 4)


def test_pieces_at_addresses_that_the_guard_refuses(internet: Internet) -> None:
    text = "#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1/a.ts\n#EXTINF:4,\nhttp://169.254.169.254/b.ts\n#EXT-X-ENDLIST"
    got = pulled(internet, lambda request: answer(text.encode()))
    assert got.reason == "unreachable"
    assert len(internet.asked) == 1


def test_a_piece_that_passes_for_a_picture() -> None:
    packets = (b"\x47" + bytes(187)) * 4
    assert undisguised(b"\x89PNG\r\n\x1a\n" + bytes(60) + packets) == packets
    assert undisguised(packets) == packets
    assert undisguised(b"anything else") == b"anything else"
