"""A picture is seen in one way only: allowed, counted, the one that was met, tiny, grey, blurred, in memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from efface.net import preview as previews
from efface.net.client import Fetcher, FetcherRefused
from efface.net.decoded import PREVIEW_SIDE, is_shaded
from efface.net.decoder import shading
from efface.net.preview import Grounds, PreviewRefused, preview, refusal
from efface.net.protocol import FetchFacts, Picture, Preview, PreviewRequest
from efface.vision import pdq
from tests.net.internet import Internet, Request, answer, running
from tests.net.test_process import ELSE, FULL, HERS, THUMB, fetcher
from tests.vision.test_pdq import scene
from tests.vision.test_pictures import encoded

FREE = Grounds("adult", "adult", suspected=False, confirmed=False, open=True)
URL = "http://a.test/full.jpg"
MET = PreviewRequest(URL, pdq.sha256(FULL))


class Stub:
    """Answers with a grey square; counts what it was asked."""

    def __init__(self, answer: Preview | None = None) -> None:
        import base64

        grey = base64.b64encode(bytes(range(64)) * 64).decode()
        self.answer = answer or Preview(FetchFacts(URL, URL, 200), Picture("a" * 64), 64, 64, grey)
        self.asked = 0

    def preview(self, request: PreviewRequest) -> Preview:
        self.asked += 1
        return self.answer


def look(source: Any, request: PreviewRequest = MET, **other: Any) -> previews.Shown:
    given: dict[str, Any] = {"grounds": lambda: FREE, "count": lambda: True, "suspects": lambda _: False}
    return preview(source, request, **(given | other))


def reason(source: Any, request: PreviewRequest = MET, **other: Any) -> str:
    with pytest.raises(PreviewRefused) as refused:
        look(source, request, **other)
    return refused.value.reason


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"suspected": True}, "suspected"),
        ({"case_age": "minor"}, "minor"),
        ({"picture_age": "minor"}, "minor"),
        ({"case_age": "unknown"}, "age"),
        ({"picture_age": "unknown"}, "age"),
        ({"picture_age": ""}, "age"),
        ({"confirmed": True}, "confirmed"),
        ({"open": False}, "decided"),
        ({"suspected": True, "picture_age": "minor", "confirmed": True, "open": False}, "suspected"),
    ],
)
def test_each_ground_to_refuse_refuses_before_anything_is_fetched_or_counted(
    changed: dict[str, Any], word: str
) -> None:
    source, counted = Stub(), []

    def count() -> bool:
        counted.append(1)
        return True

    assert refusal(replace(FREE, **changed)) == word and refusal(FREE) is None
    assert reason(source, grounds=lambda: replace(FREE, **changed), count=count) == word
    assert (source.asked, counted) == (0, [])


def test_a_look_is_counted_before_it_is_fetched_and_a_used_up_budget_ends_it() -> None:
    source = Stub()
    order: list[str] = []

    def count() -> bool:
        order.append(f"counted, {source.asked} fetched")
        return True

    assert look(source, count=count).png and order == ["counted, 0 fetched"]
    assert reason(source, count=lambda: False) == "budget" and source.asked == 1

    def broken() -> bool:
        raise OSError("the counter cannot be written")

    with pytest.raises(OSError, match="counter"):
        look(source, count=broken)
    assert source.asked == 1, "what is not counted is not shown"


def test_nobody_can_leave_the_counter_out() -> None:
    with pytest.raises(TypeError, match="count"):
        preview(Stub(), MET, grounds=lambda: FREE, suspects=lambda _: False)  # type: ignore[call-arg]


def test_what_is_said_while_it_is_fetched_counts() -> None:
    said = iter([FREE, replace(FREE, picture_age="minor")])
    assert reason(Stub(), grounds=lambda: next(said)) == "minor"


def test_what_is_known_child_material_is_not_shown_whatever_else_it_is() -> None:
    for answer_ in (Stub().answer, replace(Stub().answer, error="changed", grey="")):
        assert reason(Stub(answer_), suspects=lambda picture: picture.sha256 == "a" * 64) == "suspected"


@pytest.mark.parametrize(
    ("error", "word"), [("gone", "gone"), ("changed", "changed"), ("video", "video"), ("crashed", "unreadable")]
)
def test_what_could_not_be_shown_has_its_word(error: str, word: str) -> None:
    assert reason(Stub(Preview(FetchFacts(URL), error=error))) == word


def test_a_stopped_site_is_not_asked() -> None:
    class Stopped(Stub):
        def preview(self, request: PreviewRequest) -> Preview:
            raise FetcherRefused("stopped")

    assert reason(Stopped()) == "suspected"
    real = Fetcher("/nowhere/f.sock", avoid=lambda: ["a.test"])
    assert reason(real) == "suspected"


def test_the_picture_is_a_png_of_three_chunks_and_says_nothing_of_itself() -> None:
    shown = look(Stub())
    picture = Image.open(io.BytesIO(shown.png))
    assert (picture.format, picture.mode, picture.size, picture.info) == ("PNG", "L", (64, 64), {})
    assert picture.tobytes() == bytes(range(64)) * 64
    assert [shown.png.count(name) for name in (b"IHDR", b"IDAT", b"IEND")] == [1, 1, 1]
    assert shown.headers["Cache-Control"].startswith("no-store") and "png=" not in repr(shown)


@pytest.mark.parametrize("size", [(4000, 3000), (300, 4000), (4000, 20), (20, 10), (1, 1)])
def test_shades_are_tiny_grey_and_blurred(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    width, height, grey = shading.shade(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))
    assert 1 <= max(width, height) <= PREVIEW_SIDE and len(grey) == width * height
    assert width <= size[0] and height <= size[1], "never enlarged"


def test_blurring_takes_away_what_could_be_read() -> None:
    """Lines one pixel apart, as fine as the tiny picture could show them, are one grey."""
    lines = np.zeros((64, 64, 3), np.uint8)
    lines[:, ::2] = 255
    _, _, grey = shading.shade(lines)
    inside = np.frombuffer(grey, np.uint8).reshape(64, 64)[8:-8, 8:-8]
    assert int(inside.max()) - int(inside.min()) <= 0.03 * 255


@pytest.mark.parametrize(
    "given",
    [
        (65, 10, "A" * 868),
        (64, 64, "AAAA"),
        (0, 0, ""),
        (True, 1, "AA=="),
        (2, 2, None),
        (2, 2, "!!!!!!=="),
        ("2", 2, ""),
    ],
)
def test_the_sandbox_is_not_believed(given: tuple[Any, Any, Any]) -> None:
    assert not is_shaded(*given)
    assert is_shaded(2, 2, "AAAAAA==")


# -- through the process


def pages(request: Request) -> bytes:
    files = {
        "/full.jpg": FULL,
        "/thumb.jpg": THUMB,
        "/other.jpg": ELSE,
        "/broken.jpg": b"\xff\xd8\xff" + b"rubbish" * 100,
    }
    if request.target == "/moved.jpg":
        return answer(status=302, Location="http://a.test/full.jpg")
    if request.target == "/inside.jpg":
        return answer(status=302, Location="http://127.0.0.1/full.jpg")
    if request.target == "/moves.gif":
        return answer(_animation(), mime="image/gif")
    return answer(files[request.target], mime="image/jpeg") if request.target in files else answer(status=404)


def _animation() -> bytes:
    out = io.BytesIO()
    frames = [HERS.resize((320, 240)).rotate(turn) for turn in range(0, 180, 15)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=400)
    return out.getvalue()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Internet, Fetcher, Path]]:
    folder = tmp_path_factory.mktemp("p")
    with running() as internet, fetcher(internet, folder) as (client, _):
        internet.add("a.test", pages)
        yield internet, client, folder


def test_what_was_met_is_fetched_and_shown_small(there: tuple[Internet, Fetcher, Path]) -> None:
    _, client, _ = there
    shown = look(client)
    picture = np.asarray(Image.open(io.BytesIO(shown.png)), np.float32)
    assert (shown.width, shown.height) == (64, 48) and picture.shape == (48, 64)
    small = np.asarray(HERS.convert("L").resize((64, 48), Image.Resampling.BOX), np.float32)
    assert np.corrcoef(picture.ravel(), small.ravel())[0, 1] > 0.7, "it is that picture"
    assert np.abs(np.diff(picture)).mean() < 0.7 * np.abs(np.diff(small)).mean(), "with less of it"
    hashes, _quality = pdq.fingerprint(np.asarray(HERS))
    assert look(client, PreviewRequest("http://a.test/thumb.jpg", pdq=hashes)).png, "the same by its hash"
    assert look(client, PreviewRequest("http://a.test/moved.jpg", pdq.sha256(FULL))).png


@pytest.mark.parametrize(
    ("path", "word"),
    [("/other.jpg", "changed"), ("/gone.jpg", "gone"), ("/broken.jpg", "unreadable"), ("/inside.jpg", "gone"),
     ("/moves.gif", "video")],
)  # fmt: skip
def test_nothing_else_is_shown(there: tuple[Internet, Fetcher, Path], path: str, word: str) -> None:
    _, client, _ = there
    assert reason(client, PreviewRequest(f"http://a.test{path}", pdq.sha256(FULL))) == word


def test_without_a_word_of_what_was_met_nothing_is_fetched(there: tuple[Internet, Fetcher, Path]) -> None:
    internet, client, _ = there
    internet.asked.clear()
    with pytest.raises(FetcherRefused, match="bad-request"):
        client.preview(PreviewRequest(URL))
    assert not internet.asked


def test_no_file_has_it_afterwards(there: tuple[Internet, Fetcher, Path]) -> None:
    _, client, folder = there
    body = encoded("PNG", Image.fromarray(scene(19)))
    there[0].add("b.test", lambda request: answer(body, mime="image/png"))
    shown = look(client, PreviewRequest("http://b.test/m.png", pdq.sha256(body)))
    grey = Image.open(io.BytesIO(shown.png)).tobytes()
    looked_for = [grey[:200], body[:200], shown.png[40:240]]
    pid = client.ping()["pid"]
    written = [path for path in folder.rglob("*") if path.is_file()]
    opened = [one.readlink() for one in Path(f"/proc/{pid}/fd").iterdir() if one.exists()]
    written += [one for one in opened if one.is_absolute() and one.is_file()]
    for path in written:
        assert not any(one in path.read_bytes() for one in looked_for), path
