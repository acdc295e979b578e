"""The page "My pictures" in Chromium, with what it sends written down."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.chromium import ORIGIN, Browser, chromium
from web.build import BuildFailed, build

SENT = {"csrfmiddlewaretoken", "age", "part", "bundle"}
PICTURE = {
    "sha256", "md5", "size", "mime", "width", "height", "pdq", "pdq_quality", "faces", "face_px", "clip", "seconds",
    "error",
}  # fmt: skip
MOST_OF_A_PICTURE = 3_000
"""Bytes that a picture's numbers take in a form, at most: 512 digits of hashes, digests, names of fields."""
MOST_OF_A_VIDEO_S = 12 * 150 * 2
"""Bytes that a second of video takes: twelve frames."""
WINDOW = 18

WATCH = """
window.blobs = new Set();
const make = URL.createObjectURL.bind(URL), drop = URL.revokeObjectURL.bind(URL);
URL.createObjectURL = one => { const url = make(one); window.blobs.add(url); return url; };
URL.revokeObjectURL = url => { window.blobs.delete(url); drop(url); };
"""


def built() -> None:
    """Skips the test where the scripts cannot be built here."""
    try:
        build()
    except BuildFailed as error:
        pytest.skip(f"the pages' scripts cannot be built here: {error}")


@dataclass
class Asked:
    method: str
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Page:
    """The open page; ``asked`` is every request since it was opened."""

    page: Any
    asked: list[Asked] = field(default_factory=list)

    def begin(self, files: list[tuple[str, bytes]], age: str = "adult", *, face: bool = False) -> None:
        kinds = {"mp4": "video/mp4", "jpg": "image/jpeg", "png": "image/png"}
        self.page.set_input_files(
            "#device-files",
            [{"name": name, "mimeType": kinds.get(name[-3:], ""), "buffer": data} for name, data in files],
        )
        self.page.check(f"#device-form [value={age}]")
        if face:
            self.page.check("#device-face")
        self.page.click("#device-begin")

    def wait(self, seconds: float = 60) -> str:
        """Until the work is over; the sentence about the whole."""
        self.page.wait_for_selector("#device-begin:not([hidden])", timeout=seconds * 1000)
        return str(self.page.inner_text("#device-say"))

    def lines(self) -> list[str]:
        return list(self.page.locator("#device-list li").all_inner_texts())


@contextmanager
def opened(client: Any, *, script: str = "", browser: Browser | None = None, **options: Any) -> Iterator[Page]:
    """The page in a browser that runs ``script`` first."""
    if browser is None:
        with chromium() as one, opened(client, script=script, browser=one, **options) as page:
            yield page
            assert one.outside == []
        return
    with browser.page(client, **options) as page:
        held = Page(page)
        page.on(
            "request",
            lambda one: held.asked.append(Asked(one.method, one.url, one.post_data_buffer or b"", dict(one.headers))),
        )
        page.add_init_script(WATCH + script)
        page.goto(ORIGIN + "/case/pictures/")
        yield held


def leaks(asked: list[Asked], files: list[tuple[str, bytes]], seconds: float = 0) -> list[str]:
    """What of the files left the page, or could have: bytes of theirs, and anything that is not the form of numbers or
    larger than that. ``seconds`` of video are among them."""
    found = []
    pieces = [piece for _, data in files for piece in _pieces(data)]
    for one in asked:
        said = one.body + one.url.encode() + " ".join(one.headers.values()).encode()
        if any(piece in said for piece in pieces):
            found.append(f"bytes of a file in {one.method} {urlsplit(one.url).path}")
        if len(one.url) > 300 or urlsplit(one.url).query:
            found.append(f"a long address: {one.url[:80]}")
        if one.method == "GET" and not one.body:
            continue
        given = parse_qs(one.body.decode("latin-1"), keep_blank_values=True)
        if (
            one.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded"
            or set(given) != SENT
        ):
            found.append(f"not the form of numbers: {one.method} {urlsplit(one.url).path}")
            continue
        found += _beyond(given["bundle"][0])
    total, most = sum(len(one.body) for one in asked), MOST_OF_A_PICTURE * len(files) + MOST_OF_A_VIDEO_S * seconds
    return [*found, *([f"{total} bytes sent, at most {most:.0f} are explained"] if total > most else [])]


def _pieces(data: bytes) -> list[bytes]:
    """Parts from all over a file, as they are and as base64 writes them, wherever in it they begin."""
    places = range(len(data) // 5, len(data) - WINDOW - 3, max(1, len(data) // 12))
    plain = [data[at : at + WINDOW] for at in places]
    coded = [b64encode(data[at + shift : at + shift + WINDOW])[:-4] for at in places for shift in range(3)]
    return [one for one in plain + coded if len(set(one)) > 6]


def _beyond(bundle: str) -> list[str]:
    """Fields that no fingerprint has."""
    given = json.loads(bundle)
    found = [f"field {name}" for name in given if name not in ("efface", "version", "items")]
    for item in given["items"]:
        extra = set(item["decoded"]["picture"]) - PICTURE
        found += [f"field {name}" for name in extra]
        found += ["a long name"] if len(item["label"]) > 80 else []
        found += ["local features"] if item["decoded"]["look"] or item["decoded"]["print"] else []
    return found
