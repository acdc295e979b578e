"""Videos on pages, as files, as HLS and alone at their address: fetched, reduced to hashes, known again later."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from efface.net.client import Fetcher
from efface.net.decoder import Decoder
from efface.net.protocol import AssetRef, Baseline, ObserveRequest, PageLook, Picture, ScanRequest, Want
from efface.takedown.verdict import GONE, judge
from efface.vision.video import VideoIndex, VideoPrint
from tests.net.internet import Internet, Request, answer, running
from tests.net.test_process import fetcher
from tests.vision.test_pdq import scene

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:12\n#EXTINF:12.0,\nv.ts\n#EXT-X-ENDLIST\n"
LOCKED = PLAYLIST.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF')
HALF = PLAYLIST.replace("v.ts", "other.ts").replace("#EXT-X-END", "#EXTINF:12.0,\nmissing.ts\n#EXT-X-END")
PAGE = (
    "<html><head><title>Clip</title></head><body><main><h1>Clip</h1><p>A page about one clip, with words enough.</p>"
    "{media}</main></body></html>"
)


@cache
def clip(container: str, width: int = 320, height: int = 180, codec: str = "libx264", seed: int = 0) -> bytes:
    """Twelve seconds of six scenes that move a little."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as made:
        stream = made.add_stream(codec, rate=12)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(144):
            picture = np.asarray(scene(40 + seed + number // 24, 400, 240))
            shift = number % 24
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[shift : shift + 200, 2 * shift :][:, :352]))
            made.mux(stream.encode(frame.reformat(width, height)))
        made.mux(stream.encode(None))
    return out.getvalue()


def site(request: Request) -> bytes:
    path = request.target.split("?")[0]
    files = {
        "/v.mp4": (clip("mp4", 240, 136), "video/mp4"),
        "/v.ts": (clip("mpegts", 240, 136), "video/mp2t"),
        "/v.m3u8": (PLAYLIST.encode(), "application/vnd.apple.mpegurl"),
        "/other.mp4": (clip("mp4", seed=20), "video/mp4"),
        "/other.ts": (clip("mpegts", seed=20), "video/mp2t"),
        "/alone.mp4": (clip("mp4", seed=20)[:9000], "video/mp4"),
        "/broken.mp4": (clip("mp4", seed=20)[:9000], "video/mp4"),
        "/locked.m3u8": (LOCKED.encode(), "application/vnd.apple.mpegurl"),
        "/half.m3u8": (HALF.encode(), "application/vnd.apple.mpegurl"),
    }
    if path == "/refused.mp4":
        return answer(b"no", 403)
    if path in files:
        return answer(files[path][0], mime=files[path][1])
    shown = {"/file": "<video src=/v.mp4></video>", "/hls": "<video><source src=/v.m3u8></video>",
             "/other": "<video src=/other.mp4></video>", "/": "", "/dead": "<video src=/dead.mp4></video>",
             "/broken": "<video src=/broken.mp4></video>", "/refused": "<video src=/refused.mp4></video>",
             "/encrypted": "<video src=/locked.m3u8></video>", "/half": "<video src=/half.m3u8></video>",
             "/many": "".join(f"<a href=/dead.mp4?{n}>{n}</a>" for n in range(9))}  # fmt: skip
    if path in shown:
        return answer(PAGE.format(media=shown[path]).encode())
    return answer(b"<html><title>Oops</title><p>nothing here</p></html>", 404)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetcher]:
    folder: Path = tmp_path_factory.mktemp("f")
    with running() as internet, fetcher(internet, folder) as (client, _):
        _add(internet)
        yield client


def _add(internet: Internet) -> None:
    internet.add("a.test", site)


@pytest.fixture(scope="module")
def index() -> VideoIndex[str]:
    """Her video, as it is on her device: larger than what is published."""
    with Decoder(models=None) as decoder:
        (decoded,) = decoder.decode_pictures([clip("mp4")], Want.PRINT)
    assert not decoded.picture.error
    found: VideoIndex[str] = VideoIndex()
    found.add("hers", VideoPrint.from_bytes(b64decode(decoded.picture.clip)))
    return found


def _keys(index: VideoIndex[str], picture: Picture) -> list[str]:
    return [hit.key for hit in index.query(VideoPrint.from_bytes(b64decode(picture.clip)))]


@pytest.mark.parametrize("path", ["/file", "/hls"])
def test_a_video_on_a_page_is_known_again(net: Fetcher, index: VideoIndex[str], path: str) -> None:
    scan = net.scan(ScanRequest(f"http://a.test{path}"))
    (media,) = scan.media
    assert media.picture.error == "" and media.facts.error == ""
    assert len(media.picture.pdq) == 8 and 10 < media.picture.seconds < 14
    assert _keys(index, media.picture) == ["hers"]


def test_a_video_at_its_own_address(net: Fetcher, index: VideoIndex[str]) -> None:
    scan = net.scan(ScanRequest("http://a.test/v.mp4"))
    (media,) = scan.media
    assert media.ref.url == "http://a.test/v.mp4" and _keys(index, media.picture) == ["hers"]


def test_another_video_is_another(net: Fetcher, index: VideoIndex[str]) -> None:
    (media,) = net.scan(ScanRequest("http://a.test/other")).media
    assert media.picture.clip and _keys(index, media.picture) == []


def test_a_check_sees_that_the_video_still_stands(net: Fetcher) -> None:
    """By another frame than the one it was kept by, and although the file is another."""
    with Decoder(models=None) as decoder:
        (hers,) = decoder.decode_pictures([clip("mp4", 480, 270)])
    frames = VideoPrint.from_bytes(b64decode(hers.picture.clip)).frames
    seen = net.observe(
        ObserveRequest(
            [AssetRef("page", "http://a.test/file"), AssetRef("media", "http://a.test/v.mp4")], [frames[5].pdq]
        )
    )
    (look,) = seen.media
    assert look.matches and look.distance <= 31
    assert seen.pages["bot"].serves_target
    other = net.observe(ObserveRequest([AssetRef("media", "http://a.test/other.mp4")], [frames[5].pdq]))
    assert not other.media[0].matches


def test_a_check_sees_a_video_that_was_mirrored(net: Fetcher) -> None:
    with Decoder(models=None) as decoder:
        (hers,) = decoder.decode_pictures([clip("mp4", 480, 270)])
    frame = VideoPrint.from_bytes(b64decode(hers.picture.clip)).frames[5]
    (look,) = net.observe(ObserveRequest([AssetRef("media", "http://a.test/v.mp4")], [frame.mirrored])).media
    assert look.matches


def clip_of(data: bytes, want: Want = Want.PLAIN) -> str:
    with Decoder(models=None) as decoder:
        (decoded,) = decoder.decode_pictures([data], want)
    assert decoded.picture.clip and not decoded.picture.error
    return decoded.picture.clip


def verdict_on(net: Fetcher, path: str, **more: Any) -> tuple[PageLook, str]:
    """The page as a check sees it that looks for her video, and what it means. The old address answers 404, the text is
    another, and the hash that is kept is of a second that no other reading has: only the clip tells."""
    given: dict[str, Any] = {"pdq": ["5a" * 32], "clips": [clip_of(clip("mp4", 480, 270), Want.PRINT)]} | more
    assets = [AssetRef("page", f"http://a.test{path}"), AssetRef("media", "http://a.test/old.mp4?token=1")]
    baseline = Baseline("Old", [1, 2, 3], [4], ["http://a.test/old.mp4?token=1"])
    request = ObserveRequest(assets, baseline=baseline, control_url="http://a.test/", **given)
    seen = net.observe(request)
    assert seen.media[0].facts.status == 404
    return seen.pages["bot"], judge(seen, [], baseline, NOW).state


@pytest.mark.parametrize("path", ["/file", "/hls"])
def test_a_video_that_moved_to_another_address_is_still_there(net: Fetcher, path: str) -> None:
    look, state = verdict_on(net, path)
    assert look.serves_target and look.uncompared == [] and state == "live"


def test_another_video_is_told_from_hers_by_its_clip(net: Fetcher) -> None:
    look, state = verdict_on(net, "/other")
    assert not look.serves_target and look.uncompared == [] and state in GONE


def test_a_picture_does_not_hide_in_a_video(net: Fetcher) -> None:
    look, state = verdict_on(net, "/other", clips=[], still=True)
    assert look.uncompared == [] and state in GONE


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/other", {"clips": []}),  # nothing is kept that a video could be compared with
        ("/other", {"clips": ["AAAA"]}),
        ("/other", {"clips": [], "pdq": [], "sha256": []}),
        ("/broken", {}),
        ("/encrypted", {}),
        ("/refused", {}),
        ("/half", {}),  # a piece is missing
        ("/alone.mp4", {}),  # the page is the video
        ("/many", {}),  # more videos than are read for one page
    ],
)
def test_a_video_that_could_not_be_compared_is_never_called_gone(net: Fetcher, path: str, more: dict[str, Any]) -> None:
    look, state = verdict_on(net, path, **more)
    assert not look.serves_target and look.uncompared and state == "unknown"


def test_a_page_that_names_a_video_which_is_not_there_shows_none(net: Fetcher) -> None:
    look, state = verdict_on(net, "/dead")
    assert look.uncompared == [] and state in GONE
