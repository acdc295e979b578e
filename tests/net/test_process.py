"""The fetcher process over its socket, against web servers on loopback: only facts and fingerprints come back."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from efface.net import frames
from efface.net.client import Fetcher, FetcherRefused, FetcherUnavailable
from efface.net.page.urls import url_digest
from efface.net.protocol import (
    AssetRef,
    CaptureRequest,
    FetchFacts,
    Limits,
    MediaRef,
    Observation,
    ObserveRequest,
    Picture,
    RobotsRequest,
    Scan,
    ScannedMedia,
    ScanRequest,
    SealMediumRequest,
    to_wire,
)
from efface.vision.hamming import MATCH, least_distance
from tests.net.internet import Internet, Request, answer, running
from tests.vision.test_pdq import scene
from tests.vision.test_pictures import encoded

HERS = Image.fromarray(scene(11))
OTHER = Image.fromarray(scene(12))
FULL = encoded("JPEG", HERS, quality=88)
THUMB = encoded("JPEG", HERS.resize((200, 150)), quality=60)
MIRRORED = encoded("PNG", HERS.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
ELSE = encoded("JPEG", OTHER)

FRAME = (
    "<html><head><title>{title}</title></head><body>"
    "<nav>Menu: home, new, popular</nav><main>{main}</main></body></html>"
)
ALBUM = FRAME.format(
    title="Album one",
    main="<h1>Album one</h1><p>A page about one album with a text of its own that is long enough to be told apart.</p>"
    "<a href='/full.jpg'><img src='/thumb.jpg'></a><img src='/other.jpg'>",
)
FRONT = FRAME.format(title="Front", main="<ul><li>New albums every day<li>Popular albums of this week</ul>")
MISSING = FRAME.format(title="Oops", main="<p>We could not show you what you were looking for, sorry.</p>")


def album(request: Request) -> bytes:
    pictures = {"/full.jpg": FULL, "/thumb.jpg": THUMB, "/other.jpg": ELSE, "/mirrored.png": MIRRORED}
    path = request.target.split("?")[0]
    if path in pictures:
        return answer(pictures[path], mime="image/jpeg")
    if path == "/p/1":
        return (
            answer(ALBUM.encode(), Etag='"v1"')
            if '"v1"' not in request.headers.get("if-none-match", "")
            else answer(status=304)
        )
    if path == "/":
        return answer(FRONT.encode())
    return answer(MISSING.encode(), 404)


@contextlib.contextmanager
def fetcher(
    internet: Internet, folder: Path, *more: str, module: str = "efface.net.fetcher"
) -> Iterator[tuple[Fetcher, subprocess.Popen[bytes]]]:
    reader, writer = os.pipe()
    os.write(writer, json.dumps(internet.world_json()).encode())
    os.close(writer)
    path = folder / "f.sock"
    command = [sys.executable, "-m", module, "--socket", str(path), "--world-fd", str(reader), *more]
    with (folder / "err").open("wb") as errors:
        process = subprocess.Popen(
            command,
            pass_fds=[reader],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "EFFACE_SECRET": "not for the fetcher"},
        )
    os.close(reader)
    client = Fetcher(str(path), timeout_s=60)
    try:
        for _ in range(400):
            with contextlib.suppress(FetcherUnavailable):
                client.ping()
                break
            time.sleep(0.05)
        yield client, process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def running_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, Fetcher, Path]]:
    folder = tmp_path_factory.mktemp("f")
    with running() as internet, fetcher(internet, folder) as (client, _):
        yield internet, client, folder


@pytest.fixture
def net(running_one: tuple[Internet, Fetcher, Path]) -> tuple[Internet, Fetcher]:
    internet, client, _ = running_one
    internet.asked.clear()
    internet.agents.clear()
    internet.add("a.test", album)
    return internet, client


def test_scan(net: tuple[Internet, Fetcher]) -> None:
    scan = net[1].scan(ScanRequest("http://a.test/p/1", token="t"))
    assert (scan.facts.status, scan.facts.error, scan.facts.claimed_ip) == (200, "", "45.66.77.88")
    assert scan.title == "Album one"
    assert scan.links == ["http://a.test/full.jpg"]
    roles = {item.ref.url: item.ref.role for item in scan.media}
    assert roles == {
        "http://a.test/full.jpg": "media",
        "http://a.test/thumb.jpg": "thumbnail",
        "http://a.test/other.jpg": "media",
    }
    by_url = {item.ref.url: item.picture for item in scan.media}
    full, thumb, other = (by_url[f"http://a.test/{name}.jpg"] for name in ("full", "thumb", "other"))
    assert least_distance(full.pdq[:1], thumb.pdq[:1]) <= MATCH < least_distance(full.pdq, other.pdq)


def test_scan_of_a_picture_and_its_mirror_image(net: tuple[Internet, Fetcher]) -> None:
    full, mirrored = (net[1].scan(ScanRequest(f"http://a.test/{name}")) for name in ("full.jpg", "mirrored.png"))
    assert (full.links, len(full.media), full.media[0].ref.source) == ([], 1, "page")
    ours, theirs = full.media[0].picture.pdq, mirrored.media[0].picture.pdq
    assert least_distance(ours[:1], theirs[:1]) > MATCH
    assert least_distance(ours, theirs[:1]) <= MATCH


def test_scan_leaves_out_what_it_is_told(net: tuple[Internet, Fetcher]) -> None:
    internet, client = net
    scan = client.scan(ScanRequest("http://a.test/p/1", skip=[url_digest("http://a.test/full.jpg")]))
    assert [ref.url for ref in scan.skipped] == ["http://a.test/full.jpg"]
    assert ("a.test", "/full.jpg") not in internet.asked
    assert client.scan(ScanRequest("http://a.test/p/1", media=False)).media == []


def test_scan_unchanged(net: tuple[Internet, Fetcher]) -> None:
    scan = net[1].scan(ScanRequest("http://a.test/p/1", etag='"v1"'))
    assert scan.not_modified
    assert scan.media == []


def test_scan_refused_and_unknown(net: tuple[Internet, Fetcher]) -> None:
    for url, word in (
        ("http://127.0.0.1/", "refused"), ("http://169.254.169.254/", "refused"), ("http://nobody.test/", "nxdomain"),
        ("file:///etc/passwd", "refused"), ("rubbish", "refused"), ("", "refused"),
    ):  # fmt: skip
        assert net[1].scan(ScanRequest(url)).facts.error == word


def test_scan_of_a_page_made_to_hang(net: tuple[Internet, Fetcher]) -> None:
    internet, client = net
    internet.add("slow.test", lambda request: answer(b"<b>" * 1_500_000 + b"<a href=/x>x</a>"))
    scan = client.scan(ScanRequest("http://slow.test/"))
    assert scan.clipped or scan.facts.error
    assert client.scan(ScanRequest("http://a.test/p/1")).title == "Album one"


def test_robots(net: tuple[Internet, Fetcher]) -> None:
    internet, client = net
    files: dict[str, Any] = {
        "rules.test": answer(b"User-agent: *\nDisallow: /private\nAllow: /private/open\nCrawl-delay: 7\nSitemap: http://rules.test/s.xml"),
        "us.test": answer(b"User-agent: EffaceBot\nDisallow: /\n\nUser-agent: *\nAllow: /"),
        "none.test": answer(status=404), "forbidden.test": answer(status=403), "ill.test": answer(status=503),
        "html.test": answer(b"<html>welcome</html>"),
        "long.test": answer(b"# filler\n" * 200_000 + b"User-agent: *\nDisallow: /"),
        "moved.test": answer(status=301, Location="http://rules.test/robots.txt"),
        "loop.test": answer(status=301, Location="/robots.txt"),
    }  # fmt: skip
    for host, data in files.items():
        internet.add(host, lambda request, data=data: data)

    def allowed(host: str) -> list[bool]:
        urls = [f"http://{host}/x", f"http://{host}/private/1", f"http://{host}/private/open"]
        return client.robots(RobotsRequest(f"http://{host}", urls)).allowed

    yes, no = [True] * 3, [False] * 3
    assert allowed("rules.test") == allowed("moved.test") == [True, False, True]
    assert allowed("us.test") == allowed("ill.test") == allowed("dead.test") == no
    assert allowed("none.test") == allowed("forbidden.test") == allowed("html.test") == allowed("long.test") == yes
    assert allowed("loop.test") == yes
    rules = client.robots(RobotsRequest("http://rules.test"))
    assert (rules.delay_s, rules.sitemaps, rules.allowed) == (7.0, ["http://rules.test/s.xml"], [])


def test_robots_are_asked_for_once_a_visit(net: tuple[Internet, Fetcher]) -> None:
    internet, client = net
    internet.add("once.test", lambda request: answer(b"User-agent: *\nDisallow: /private"))
    internet.add("none.test", lambda request: answer(status=404))

    def ask(host: str, path: str, visit: str) -> list[bool]:
        return client.robots(RobotsRequest(f"http://{host}", [f"http://{host}{path}"], visit=visit)).allowed

    def files(host: str) -> int:
        return internet.asked.count((host, "/robots.txt"))

    assert ask("once.test", "/private", "a 1") == [False]
    assert ask("once.test", "/open", "a 1") == [True]
    assert files("once.test") == 1
    assert ask("once.test", "/open", "a 2") == [True]
    assert files("once.test") == 2, "another visit reads it anew"
    assert ask("once.test", "/open", "") == ask("once.test", "/open", "") == [True]
    assert files("once.test") == 4, "what is no visit is never answered from memory"
    assert ask("none.test", "/x", "a 1") == ask("none.test", "/y", "a 1") == [True]
    assert files("none.test") == 2, "only a file that was there is kept"


def test_capture(net: tuple[Internet, Fetcher]) -> None:
    internet, client = net
    inline = f"<p>text</p><img src='data:image/jpeg;base64,{base64.b64encode(THUMB).decode()}'><img src=/full.jpg>"
    internet.add("c.test", lambda request: album(request) if "." in request.target else answer(inline.encode()))
    captured = client.capture(CaptureRequest("http://c.test/p/1"))
    html = base64.b64decode(captured.html_b64).decode()
    assert "<p>text</p>" in html
    assert "data:image" not in html
    assert base64.b64encode(THUMB).decode()[100:140] not in json.dumps(to_wire(captured))
    assert captured.html_sha256 == __import__("hashlib").sha256(inline.encode()).hexdigest()
    assert captured.dns == ["45.66.77.88"]
    assert captured.request_headers["Accept-Encoding"] == "gzip"
    assert [item.picture.error for item in captured.media] == [""]
    assert client.capture(CaptureRequest("http://nobody.test/")).facts.error == "nxdomain"


def targets(client: Fetcher) -> list[str]:
    return client.scan(ScanRequest("http://a.test/full.jpg")).media[0].picture.pdq


def look(client: Fetcher, host: str, path: str = "/p/1", **more: Any) -> Observation:
    assets = [AssetRef("page", f"http://{host}{path}"), AssetRef("media", f"http://{host}/full.jpg"),
              AssetRef("thumbnail", f"http://{host}/thumb.jpg")]  # fmt: skip
    return client.observe(ObserveRequest(assets, pdq=targets(client), **more))


def test_observe_a_live_page(net: tuple[Internet, Fetcher]) -> None:
    seen = look(net[1], "a.test")
    assert set(seen.pages) == {"bot", "browser"}
    for page in seen.pages.values():
        assert page.serves_target
        assert page.similar_probe < 0.3
        assert page.walls == []
    assert [(item.role, item.matches, item.facts.status) for item in seen.media] == [
        ("media", True, 200),
        ("thumbnail", True, 200),
    ]
    assert len(seen.probes) == 2
    assert len({probe.facts.url for probe in seen.probes}) == 2
    assert seen.control is not None
    assert seen.control.facts.status == 200
    assert seen.elsewhere_ok
    assert len(set(net[0].agents)) == 2


def gone(style: str, left: tuple[str, ...] = ()) -> Any:
    """A site that has taken the page down in its own ``style``; the media in ``left`` are still served."""

    def site(request: Request) -> bytes:
        path = request.target.split("?")[0]
        if path in left:
            return album(request)
        if path == "/":
            return answer(FRONT.encode())
        if style == "404" or path.endswith(".jpg"):
            return answer(MISSING.encode(), 404)
        if style == "410":
            return answer(b"Gone", 410)
        if style == "soft":
            return answer(MISSING.encode())
        if style == "echo":
            return answer(
                FRAME.format(title="Oops", main=f"<p>We looked for {path} everywhere but found nothing</p>").encode()
            )
        if style == "recommend":
            tips = "".join(f"<li>Tip {os.urandom(4).hex()} {os.urandom(4).hex()} today" for _ in range(12))
            text = f"<p>This one is not with us any more, look at these</p><ul>{tips}</ul>"
            return answer(FRAME.format(title="Oops", main=text).encode())
        if style == "home":
            return answer(FRONT.encode())
        return answer(status=302, Location="/")

    return site


@pytest.mark.parametrize("style", ["404", "410", "soft", "echo", "recommend", "home", "redirect"])
def test_observe_a_page_that_is_gone_looks_like_one_that_never_was(net: tuple[Internet, Fetcher], style: str) -> None:
    net[0].add("g.test", gone(style))
    seen = look(net[1], "g.test")
    for page in seen.pages.values():
        assert not page.serves_target
        assert page.facts.status in (404, 410) or page.similar_probe > 0.8
    assert not any(item.matches for item in seen.media)


def test_observe_a_page_that_sends_browsers_on(net: tuple[Internet, Fetcher]) -> None:
    def moved(request: Request) -> bytes:
        if request.target == "/p/1":
            return answer(b"<meta http-equiv=refresh content='0;url=http://a.test/p/1'><p>One moment")
        return answer(MISSING.encode(), 404)

    net[0].add("moved.test", moved)
    page = look(net[1], "moved.test").pages["bot"]
    assert page.facts.url == "http://moved.test/p/1"
    assert page.facts.redirects == [page.facts.final_url] == ["http://a.test/p/1"]
    assert page.serves_target


@pytest.mark.parametrize(("left", "expected"), [(("/full.jpg",), [True, False]), (("/thumb.jpg",), [False, True])])
def test_observe_media_that_outlive_their_page(
    net: tuple[Internet, Fetcher], left: tuple[str, ...], expected: list[bool]
) -> None:
    net[0].add("g.test", gone("404", left))
    seen = look(net[1], "g.test")
    assert [item.matches for item in seen.media] == expected


@pytest.mark.parametrize(("style", "wall"), [("same", "not-found"), ("only-here", ""), ("door", "age")])
def test_observe_a_page_in_place_of_a_picture(net: tuple[Internet, Fetcher], style: str, wall: str) -> None:
    """It is a removal only where the site says so, or answers alike for pictures that never were."""
    door = "<form><p>You must be 18 or older to enter this site. Please confirm your age</p><button>I am over 18"
    text = door if style == "door" else "<p>Some words of this site that say nothing of what became of it at all"
    shown = FRAME.format(title="Site", main=text).encode()

    def site(request: Request) -> bytes:
        if request.target.endswith(("full.jpg", "thumb.jpg")) or (style != "only-here" and ".jpg" in request.target):
            return answer(shown)
        return answer(b"never heard of it", 404)

    net[0].add("html.test", site)
    assert [item.wall for item in look(net[1], "html.test").media] == [wall, wall]


def test_observe_tells_which_media_are_hers(net: tuple[Internet, Fetcher]) -> None:
    page = look(net[1], "a.test").pages["bot"]
    assert page.target_media and set(page.target_media) <= set(page.media_urls)


def test_observe_a_copy_in_a_cache(net: tuple[Internet, Fetcher]) -> None:
    def cdn(request: Request) -> bytes:
        if "?" in request.target:
            return answer(b"gone", 404)
        return (
            answer(FULL, mime="image/jpeg", Age="300", X_Cache="HIT")
            if request.target.endswith("jpg")
            else answer(b"x", 404)
        )

    net[0].add("cdn.test", cdn)
    (media, _) = look(net[1], "cdn.test").media
    assert (media.matches, media.cache_hit, media.bypass_status, media.bypass_matches) == (True, True, 404, False)


def test_observe_a_site_that_shows_robots_something_else(net: tuple[Internet, Fetcher]) -> None:
    def cloak(request: Request) -> bytes:
        return answer(MISSING.encode(), 404) if "EffaceBot" in request.headers["user-agent"] else album(request)

    net[0].add("cloak.test", cloak)
    seen = look(net[1], "cloak.test")
    assert seen.pages["bot"].facts.status == 404
    assert seen.pages["browser"].facts.status == 200


def test_observe_remembers_the_baseline(net: tuple[Internet, Fetcher]) -> None:
    from efface.net.protocol import Baseline

    first = look(net[1], "a.test").pages["bot"]
    baseline = Baseline(first.title, first.text_shingles, first.dom_shingles, first.media_urls)
    assert look(net[1], "a.test", baseline=baseline).pages["bot"].similar_baseline == 1.0
    net[0].add("a.test", lambda request: album(request) if "jpg" in request.target else answer(MISSING.encode()))
    assert look(net[1], "a.test", baseline=baseline).pages["bot"].similar_baseline < 0.2


def test_observe_a_dead_host_asks_elsewhere(net: tuple[Internet, Fetcher]) -> None:
    client = net[1]
    seen = look(client, "dead.test", elsewhere_url="http://a.test/")
    assert seen.pages["bot"].facts.error == "nxdomain"
    assert seen.elsewhere_ok
    assert not look(client, "dead.test", elsewhere_url="http://alsodead.test/").elsewhere_ok
    assert seen.pages["bot"].similar_probe == -1.0


def test_bad_requests_are_answered(net: tuple[Internet, Fetcher], running_one: tuple[Internet, Fetcher, Path]) -> None:
    client = net[1]
    for op, body in (
        ("nonsense", {}),
        ("scan", {"url": 1}),
        ("scan", {"url": "x", "extra": 1}),
        ("scan", []),
        ("scan", {}),
    ):
        with pytest.raises(FetcherRefused) as error:
            client._exchange(op, body, 10)
        assert error.value.error == "bad-request"
    for raw in (b"\x00\x00\x00\x03abc", b"\xff\xff\xff\xff", b"\x00\x00", b"\x00\x00\x00\x02[]"):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(client.path)
            stream.sendall(raw)
            stream.shutdown(socket.SHUT_WR)
            stream.settimeout(10)
            stream.recv(1000)
    assert client.ping()["decoder"]["on"]


def test_many_at_once(net: tuple[Internet, Fetcher]) -> None:
    titles: list[str] = []

    def ask() -> None:
        titles.append(net[1].scan(ScanRequest("http://a.test/p/1")).title)

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert titles == ["Album one"] * 24


def test_a_slow_site_does_not_hold_up_the_others(net: tuple[Internet, Fetcher]) -> None:
    net[0].add("slow.test", lambda request: time.sleep(3) or answer(b"late"))  # type: ignore[func-returns-value]
    waiting = [
        threading.Thread(target=net[1].scan, args=(ScanRequest("http://slow.test/", limits=Limits(total_s=4)),))
        for _ in range(6)
    ]
    for thread in waiting:
        thread.start()
    start = time.monotonic()
    assert net[1].scan(ScanRequest("http://a.test/p/1")).title == "Album one"
    assert time.monotonic() - start < 2.5
    for thread in waiting:
        thread.join()


def test_no_bytes_of_media_are_kept(running_one: tuple[Internet, Fetcher, Path], net: tuple[Internet, Fetcher]) -> None:
    """Random bytes hidden in a picture are in no answer, no file of the process's folder and none it has open."""
    internet, client = net
    canary = os.urandom(24)
    hidden = FULL + b"\x00" + canary
    internet.add(
        "k.test",
        lambda request: answer(hidden, mime="image/jpeg") if "jpg" in request.target else answer(ALBUM.encode()),
    )
    answers = [client.scan(ScanRequest("http://k.test/p/1")), client.capture(CaptureRequest("http://k.test/p/1"))]
    answers.append(look(client, "k.test"))  # type: ignore[arg-type]
    spellings = (canary, base64.b64encode(canary), canary.hex().encode(), repr(canary)[2:-1].encode())
    text = json.dumps([to_wire(item) for item in answers]).encode()
    assert not any(spelling in text for spelling in spellings)
    files = [path for path in running_one[2].rglob("*") if path.is_file()]
    assert files
    assert not any(canary in path.read_bytes() for path in files)
    pid = client.ping()["pid"]
    opened = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we looked
            opened.append(str(link.readlink()))
    mine = ("/dev/", str(running_one[2]))
    assert not [target for target in opened if target.startswith("/") and not target.startswith(mine)]


def test_the_fetcher_can_read_no_files_but_its_own(tmp_path: Path) -> None:
    from efface.net import landlock
    from efface.net.fetcher.confine import confine
    from tests.net.test_decoder import in_a_child

    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    secret = tmp_path / "key"
    secret.write_text("secret")

    def look() -> list[str]:
        done = []
        for name, act in (
            ("key", secret.read_text),
            ("write", lambda: (tmp_path / "new").write_text("x")),
            ("remove", secret.unlink),
            ("shadow", Path("/etc/shadow").read_bytes),
            ("owner", Path(f"/proc/{os.getppid()}/environ").read_bytes),
            ("code", Path(frames.__file__).read_text),
            ("python", Path(sys.executable).read_bytes),
        ):
            with contextlib.suppress(OSError):
                act()
                done.append(name)
        return done

    assert in_a_child(look, sealing=lambda keep: None if confine(None) else os._exit(1)) == ["code", "python"]
    assert "key" in in_a_child(look, sealing=lambda keep: None)


def test_the_process_says_that_it_is_confined(net: tuple[Internet, Fetcher]) -> None:
    from efface.net import landlock

    assert net[1].ping()["confined"] == (landlock.abi() > 0)


def test_a_decoder_killed_beneath_the_confined_fetcher_comes_back(tmp_path: Path) -> None:
    with running() as internet:
        internet.add("a.test", album)
        with fetcher(internet, tmp_path) as (client, _):
            pid = client.ping()["pid"]
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            scan = client.scan(ScanRequest("http://a.test/p/1"))
            assert scan.title == "Album one"
            assert [item.picture.error for item in scan.media] == [""] * 3


def test_the_decoder_knows_nothing_of_its_owner(net: tuple[Internet, Fetcher]) -> None:
    pid = net[1].ping()["pid"]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    environments = [Path(f"/proc/{child}/environ").read_bytes() for child in children]
    assert any(b"OMP_NUM_THREADS=1" in environment for environment in environments)
    assert not any(b"EFFACE_SECRET" in environment for environment in environments)
    assert b"EFFACE_SECRET" in Path(f"/proc/{pid}/environ").read_bytes()


class TestFaces:
    def serve(self, path: Path, said: list[Any], ok: bool = True) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen(8)

        def run() -> None:
            while True:
                try:
                    stream, _ = server.accept()
                except OSError:
                    return
                with stream, contextlib.suppress(ConnectionError):
                    while True:
                        said.append(frames.receive(stream))
                        stream.sendall(frames.pack({"ok": ok}))

        threading.Thread(target=run, daemon=True).start()
        return server

    def test_faces_reach_the_matcher_and_nobody_else(self, tmp_path: Path) -> None:
        import asyncio

        from efface.net.fetcher.context import Context
        from efface.net.fetcher.push import Push
        from efface.net.fetcher.scan import NOT_DELIVERED, scan
        from efface.net.guard import Guard
        from efface.net.protocol import Decoded, Face, Picture, Want

        face = Face([0.1, 0.1, 0.2, 0.2], 0.9, 0.9, 80, [0.6, 0.8], "m")

        class Decoding:
            async def picture(self, data: bytes, want: Want) -> Decoded:
                return Decoded(Picture(sha256="5" * 64, faces=1), [face] if want & Want.FACES else [])

        async def go(socket_path: str) -> Any:
            context = Context(Guard(world=internet.world()), Decoding(), Push(socket_path))  # type: ignore[arg-type]
            answered = await scan(ScanRequest("http://a.test/full.jpg", token="tok", faces=True), context)
            assert context.push is not None
            await context.push.close()
            return answered

        said: list[Any] = []
        with running() as internet:
            internet.add("a.test", album)
            server = self.serve(tmp_path / "m.sock", said)
            answered = asyncio.run(go(str(tmp_path / "m.sock")))
            server.close()
            assert said == [
                {
                    "token": "tok",
                    "url": url_digest("http://a.test/full.jpg"),
                    "page": url_digest("http://a.test/full.jpg"),
                    "sha256": "5" * 64,
                    "faces": [to_wire(face)],
                    "look": "",
                    "vectors": [],
                    "want": 1,
                }
            ]
            assert "embedding" not in json.dumps(to_wire(answered))
            assert answered.media[0].facts.error == ""
            lost = asyncio.run(go(str(tmp_path / "nobody.sock")))
            assert lost.media[0].facts.detail == NOT_DELIVERED


def test_killed_and_started_again(tmp_path: Path) -> None:
    with running() as internet:
        internet.add("a.test", album)
        with fetcher(internet, tmp_path) as (client, process):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            with pytest.raises(FetcherUnavailable):
                client.scan(ScanRequest("http://a.test/p/1"))
        with fetcher(internet, tmp_path) as (client, process):
            assert client.scan(ScanRequest("http://a.test/p/1")).title == "Album one"
            process.terminate()
            assert process.wait(20) == 0


def test_production_takes_no_world(tmp_path: Path) -> None:
    with running() as internet:
        reader, writer = os.pipe()
        os.write(writer, json.dumps(internet.world_json()).encode())
        os.close(writer)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "efface.net.fetcher", "--socket", str(tmp_path / "s")),
                *("--kind", "production", "--world-fd", str(reader)),
            ],
            pass_fds=[reader],
            capture_output=True,
            timeout=60,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        os.close(reader)
    assert done.returncode == 2
    assert b"production" in done.stderr


def test_nobody_there() -> None:
    with pytest.raises(FetcherUnavailable):
        Fetcher("/nonexistent/socket").ping()


@pytest.mark.parametrize(
    "change", [{"clip": "!"}, {"clip": "AAAA"}, {"pdq": ["zz"] * 8}, {"pdq": []}, {"sha256": "x"}, {"seconds": 1e9}]
)
def test_fingerprints_of_the_fetcher_are_not_believed(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture("0" * 64, "1" * 32, 9, "image/png", 4, 4, ["0" * 64] * 8, 90)
    url = "http://a.test/x.png"

    def scan(shown: Picture) -> Any:
        media = [ScannedMedia(MediaRef(url), FetchFacts(url, url, 200), shown)]
        monkeypatch.setattr(Fetcher, "_exchange", lambda *_: to_wire(Scan(FetchFacts(url), media=media)))
        return Fetcher("nowhere").scan(ScanRequest(url))

    assert scan(picture).media[0].picture == picture
    with pytest.raises(FetcherRefused, match="bad-answer"):
        scan(replace(picture, **change))


def test_a_page_that_shows_nothing_is_read_by_its_description_as_data(net: tuple[Internet, Fetcher]) -> None:
    """oEmbed, given as a .json file that says it is plain text; what lies on another site is not asked for."""
    internet, client = net
    bare = FRAME.format(title="Album", main="<p>An album with a text of its own, long enough to be told apart.</p>")
    named = "<head><link rel=alternate type='application/json+oembed' href='{}'><link rel=canonical href=/p/1>"

    def handler(request: Request) -> bytes:
        if request.target == "/e/1":
            return answer(bare.replace("<head>", named.format("/oembed/1.json")).encode())
        if request.target == "/e/2":
            return answer(bare.replace("<head>", named.format("http://b.test/oembed/1.json")).encode())
        if request.target == "/oembed/1.json":
            told = {"type": "photo", "url": "http://a.test/full.jpg", "html": "<iframe src='/player/7'></iframe>"}
            return answer(json.dumps(told).encode(), mime="text/plain")
        return album(request)

    internet.add("a.test", handler)
    scan = client.scan(ScanRequest("http://a.test/e/1", token="t", browser=""))
    assert [(one.ref.url, one.ref.source) for one in scan.media] == [("http://a.test/full.jpg", "oembed")]
    assert scan.asked == 2 and scan.canonical == "http://a.test/p/1" and "http://a.test/player/7" in scan.links
    elsewhere = client.scan(ScanRequest("http://a.test/e/2", token="t", browser=""))
    assert elsewhere.media == [] and elsewhere.asked == 1
    assert not [host for host, _ in internet.asked if host == "b.test"]
    shown = client.scan(ScanRequest("http://a.test/p/1", token="t", browser=""))
    assert shown.asked == 1, "a page that shows its media is asked for once"


def test_a_medium_is_sealed_where_it_was_fetched(net: tuple[Internet, Fetcher]) -> None:
    """What leaves the process opens with the key alone; another picture than the confirmed one is not sealed."""
    from pyrage import decrypt, x25519

    internet, client = net
    internet.add("a.test", album)
    key = x25519.Identity.generate()
    pdq = client.scan(ScanRequest("http://a.test/full.jpg")).media[0].picture.pdq

    def seal(path: str, **more: Any) -> Any:
        return client.seal_medium(SealMediumRequest(f"http://a.test{path}", str(key.to_public()), **more))

    found = seal("/full.jpg", pdq=pdq)
    assert found.error == "" and found.size == len(FULL)
    sealed = base64.b64decode(found.sealed_b64)
    assert FULL[200:260] not in sealed and decrypt(sealed, [key]) == FULL
    assert seal("/full.jpg", sha256=found.sha256).error == ""
    assert (seal("/other.jpg", pdq=pdq).error, seal("/other.jpg", pdq=pdq).sealed_b64) == ("another", "")
    assert seal("/full.jpg").error == "another", "nothing to compare with"
    assert seal("/p/1", pdq=pdq).error and not seal("/p/1", pdq=pdq).sealed_b64
    bad = client.seal_medium(SealMediumRequest("http://a.test/full.jpg", "age1x", pdq=pdq))
    assert bad.error == "key" and not bad.sealed_b64
