"""A clip is found again by what runs along in it; what stands still proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from efface.vision import pdq
from efface.vision.video import FramePrint, VideoIndex, VideoPrint
from efface.vision.video.read import Depth, read
from tests.vision import films

Change = Callable[[Sequence[films.Pixels]], Sequence[films.Pixels]]


@pytest.fixture(scope="module")
def originals() -> dict[str, list[films.Pixels]]:
    return {name: films.frames(seed, 15.0) for seed, name in enumerate(("one", "two", "three"), 10)}


@pytest.fixture(scope="module")
def index(originals: dict[str, list[films.Pixels]]) -> VideoIndex[str]:
    made: VideoIndex[str] = VideoIndex()
    for name, pictures in originals.items():
        assert made.add(name, read(films.encoded(pictures), depth="enrol")) > 50
    return made


def met(pictures: Sequence[films.Pixels], depth: Depth = "thorough", **options: str) -> VideoPrint:
    return read(films.encoded(pictures, options=options or {"crf": "30"}), depth=depth)


def each(change: Callable[[films.Pixels], films.Pixels]) -> Change:
    return lambda pictures: [np.ascontiguousarray(change(picture)) for picture in pictures]


def logo(picture: films.Pixels) -> films.Pixels:
    made = picture.copy()
    made[6:26, 230:310] = (250, 250, 60)
    cv2.putText(made, "FILMS", (236, 22), cv2.FONT_HERSHEY_DUPLEX, 0.6, (200, 20, 20), 1)
    return made


EDITS: dict[str, Change] = {
    "re-encoded": lambda pictures: pictures,
    "small": each(lambda picture: cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA)),
    "trimmed": lambda pictures: pictures[17:-13],
    "faster": lambda pictures: [pictures[int(n * 1.03)] for n in range(int(len(pictures) / 1.03))],
    "slower": lambda pictures: [pictures[int(n * 0.97)] for n in range(int(len(pictures) / 0.97))],
    "logo": each(logo),
    "letterbox": each(lambda picture: cv2.copyMakeBorder(picture, 30, 30, 0, 0, cv2.BORDER_CONSTANT)),
    "pillarbox": each(lambda picture: cv2.copyMakeBorder(picture, 0, 0, 60, 60, cv2.BORDER_CONSTANT)),
    "mirrored": each(lambda picture: picture[:, ::-1]),
    "darker": each(lambda picture: (picture * 0.6).astype(np.uint8)),
}


@pytest.mark.parametrize("edit", list(EDITS))
def test_a_copy_is_found(edit: str, originals: dict[str, list[films.Pixels]], index: VideoIndex[str]) -> None:
    (hit,) = index.query(met(list(EDITS[edit](originals["two"]))))
    assert hit.key == "two"
    assert hit.share_theirs > 0.6
    assert hit.share_ours > 0.5
    assert hit.mirrored == (edit == "mirrored")
    assert hit.distinct >= 3
    speed = {"faster": 1.03, "slower": 0.97}.get(edit, 1.0)
    assert hit.speed == pytest.approx(speed, abs=0.02)
    assert hit.offset == pytest.approx(1.7 if edit == "trimmed" else 0.0, abs=0.4)


def test_key_frames_are_enough_for_triage(originals: dict[str, list[films.Pixels]], index: VideoIndex[str]) -> None:
    print_ = met(originals["one"], "triage", g="15", crf="30")
    assert [hit.key for hit in index.query(print_)] == ["one"]


def test_others_are_not_found(index: VideoIndex[str]) -> None:
    for seed in range(50, 54):
        assert index.query(met(films.frames(seed, 12.0))) == []


def test_a_compilation_names_each(originals: dict[str, list[films.Pixels]], index: VideoIndex[str]) -> None:
    pictures = originals["one"][:70] + films.frames(60, 6.0) + originals["three"][30:120]
    hits = {hit.key: hit for hit in index.query(met(pictures))}
    assert set(hits) == {"one", "three"}
    assert hits["one"].end <= 7.5
    assert hits["three"].start >= 12.5


def test_what_was_cut_out_of_the_middle_does_not_hide_the_rest(
    originals: dict[str, list[films.Pixels]], index: VideoIndex[str]
) -> None:
    (hit,) = index.query(met(originals["two"][:50] + originals["two"][95:]))
    assert hit.key == "two"
    assert hit.share_theirs > 0.8


def test_shared_titles_prove_nothing(originals: dict[str, list[films.Pixels]]) -> None:
    titles = films.frames(99, 3.0)
    index: VideoIndex[str] = VideoIndex()
    index.add("ours", read(films.encoded(titles + films.frames(70, 27.0)), depth="enrol"))
    assert index.query(met(titles + films.frames(71, 27.0))) == []


def test_a_still_proves_nothing() -> None:
    still = [films.scene(5, 320, 180)] * 120
    index: VideoIndex[str] = VideoIndex()
    index.add("still", read(films.encoded(still), depth="enrol"))
    assert index.query(met(still)) == []
    (hit,) = index.match_picture(pdq.fingerprint(still[0])[0])
    assert (hit.key, hit.view) == ("still", 0)


def test_black_and_flat_frames_are_no_frames() -> None:
    black = [np.zeros((180, 320, 3), np.uint8)] * 100
    index: VideoIndex[str] = VideoIndex()
    assert index.add("black", read(films.encoded(black), depth="enrol")) == 0
    assert "black" in index
    assert index.query(met(black)) == []
    assert index.query(VideoPrint(0.0, ())) == []


def test_one_room_two_people_is_not_one_video() -> None:
    """A fixed camera: most of every frame is the same; only what moves tells the videos apart."""
    room = films.scene(6, 320, 180)

    def walk(seed: int) -> list[films.Pixels]:
        rng = np.random.default_rng(seed)
        path = cv2.resize(rng.uniform(0, 1, (8, 2)), (2, 150), interpolation=cv2.INTER_CUBIC)
        person = cv2.resize(films.scene(seed, 280, 440), (70, 110))
        made = []
        for x, y in np.clip(path, 0, 1):
            frame = room.copy()
            left, top = int(x * 250), int(y * 70)
            frame[top : top + 110, left : left + 70] = person
            made.append(frame)
        return made

    index: VideoIndex[str] = VideoIndex()
    index.add("hers", read(films.encoded(walk(1)), depth="enrol"))
    assert [hit.key for hit in index.query(met(walk(1)))] == ["hers"]
    for seed in (2, 3, 4):
        assert index.query(met(walk(seed))) == []


def test_a_picture_of_a_frame(originals: dict[str, list[films.Pixels]], index: VideoIndex[str]) -> None:
    poster = cv2.resize(originals["three"][77], (640, 360))
    (hit,) = index.match_picture(pdq.fingerprint(np.ascontiguousarray(poster[:, ::-1]))[0])
    assert hit.key == "three"
    assert hit.seconds == pytest.approx(7.7, abs=0.15)
    assert hit.view == 5
    assert index.match_picture(pdq.fingerprint(films.scene(123))[0]) == []


def test_added_removed_replaced(originals: dict[str, list[films.Pixels]]) -> None:
    index: VideoIndex[int] = VideoIndex()
    ours, theirs = met(originals["one"]), met(originals["two"])
    index.add(1, ours)
    assert (len(index), 1 in index, 2 in index) == (1, True, False)
    index.add(1, theirs)
    assert (len(index), [hit.key for hit in index.query(ours)]) == (1, [])
    index.add(2, ours)
    assert [hit.key for hit in index.query(ours)] == [2]
    assert index.remove(2)
    assert not index.remove(2)
    assert index.query(ours) == []
    assert index.match_picture([ours.frames[0].pdq]) == []
    index.clear()
    assert (len(index), index.query(theirs)) == (0, [])


def test_prints_without_mirrored_hashes_are_found_as_they_are(originals: dict[str, list[films.Pixels]]) -> None:
    """vPDQ's records have one hash a frame."""
    index: VideoIndex[str] = VideoIndex()
    theirs = VideoPrint.from_vpdq_json(read(films.encoded(originals["one"]), depth="enrol").to_vpdq_signal())
    index.add("one", theirs)
    assert [hit.key for hit in index.query(met(originals["one"]))] == ["one"]
    again = VideoPrint.from_vpdq_json(met(originals["one"]).to_vpdq_json())
    assert [hit.key for hit in index.query(again)] == ["one"]


def test_a_malformed_hash_is_refused(index: VideoIndex[str]) -> None:
    with pytest.raises(ValueError, match="64"):
        index.match_picture(["00"])
    with pytest.raises(ValueError, match="64"):
        index.query(VideoPrint(1.0, (FramePrint(0, 0.0, 100, "12"),)))
