"""What a generated world promises."""

from __future__ import annotations

import ipaddress
import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from testbed import pictures
from testbed.model import World, load, parse_time
from testbed.people import NoGallery
from testbed.world import generate


def _digest(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def small(built: Path) -> World:
    return load(built)


def test_the_same_seed_makes_the_same_world_byte_for_byte(tmp_path: Path) -> None:
    generate(3, 10, 2, None, 90, tmp_path / "one")
    generate(3, 10, 2, None, 90, tmp_path / "two")
    generate(4, 10, 2, None, 90, tmp_path / "other")
    assert _digest(tmp_path / "one") == _digest(tmp_path / "two")
    assert _digest(tmp_path / "one")["truth.json"] != _digest(tmp_path / "other")["truth.json"]


def test_copies_of_every_kind_are_planted_and_some_come_back(small: World) -> None:
    planted = [item for item in small.items if not item.of]
    kinds = Counter(item.kind for item in planted)
    assert len(planted) >= 20
    assert set(kinds) == {"exact", "recompressed", "mirrored", "cropped", "screenshot"}
    assert len(small.returns) >= 3
    assert {back.how for back in small.returns} == {"sibling", "same-page"}
    assert {item.subject for item in planted} == {subject.key for subject in small.subjects}


def test_some_copies_appear_only_later(small: World) -> None:
    start = parse_time(small.start)
    late = [item for item in small.items if not item.of and parse_time(item.published_at) > start]
    assert late
    assert all((parse_time(item.published_at) - start).days <= 25 for item in late)


def test_every_planted_file_carries_a_canary_of_its_own_and_no_other_file_does(small: World, built: Path) -> None:
    media = (built / "media.bin").read_bytes()
    marks = [mark for item in small.items if item.how != "same-page" for mark in item.canaries]
    assert len(marks) == len(set(marks))
    for mark in marks:
        assert len(bytes.fromhex(mark)) == 16
        assert media.count(bytes.fromhex(mark)) == 1
    assert {file.canary for file in small.files if file.canary} == set(marks)
    assert set(json.loads((built / "truth.json").read_text())["canaries"]) == set(marks)


def test_no_canary_lies_on_the_survivors_device(small: World, built: Path) -> None:
    for subject in small.subjects:
        assert 2 <= len(subject.files) <= 4
        for name in subject.files:
            data = (built / name).read_bytes()
            assert pictures.read(data).shape[2] == 3
            assert not any(bytes.fromhex(mark) in data for item in small.items for mark in item.canaries)


def test_planted_copies_are_near_an_enrolled_picture_and_strangers_are_not(small: World, built: Path) -> None:
    media = (built / "media.bin").read_bytes()
    files = {file.key: media[file.offset : file.offset + file.size] for file in small.files}
    own = {
        subject.key: [pictures.read((built / name).read_bytes()) for name in subject.files]
        for subject in small.subjects
    }
    everybody = np.stack([pictures.hash_bits(pixels)[0][0] for each in own.values() for pixels in each])
    items = {item.id: item for item in small.items}
    checked = 0
    for site in small.sites:
        for gallery in site.galleries:
            for shot in gallery.shots:
                pixels = pictures.read(files[shot.full_file])
                if shot.planted:
                    checked += 1
                    item = items[gallery.item]
                    least = min(pictures.distance(each, pixels) for each in own[item.subject])
                    # What PDQ cannot see is planted too: that is what the other kinds of matching are for.
                    assert least > 31 if item.kind in ("cropped", "screenshot") else least <= 31
                else:
                    views, quality = pictures.hash_bits(pixels)
                    assert quality >= 50
                    assert (views[:, None] != everybody[None]).sum(axis=2).min() > 50
    assert checked >= 20


def test_claimed_addresses_look_public_and_dial_addresses_are_loopback(small: World) -> None:
    claimed = {site.address for site in small.sites} | {site.edge for site in small.sites if site.edge}
    claimed |= {address for addresses in small.addresses.values() for address in addresses}
    assert claimed <= set(small.dial)
    assert all(ipaddress.ip_address(address).is_global for address in small.dial)
    assert all(ipaddress.ip_address(dial).is_loopback for dial in small.dial.values())
    assert len(set(small.dial.values())) == len(small.dial)


def test_mirrors_share_operator_analytics_and_slugs(small: World) -> None:
    mirrors = [site for site in small.sites if site.network]
    assert len(mirrors) >= 4
    assert len({site.operator for site in mirrors}) == 1
    assert len({site.analytics for site in mirrors}) == 1
    others = {site.analytics for site in small.sites if not site.network}
    assert mirrors[0].analytics not in others
    shared = set.intersection(*({gallery.id for gallery in site.galleries} for site in mirrors))
    assert len(shared) >= 5


def test_sites_have_ten_to_thirty_pages(small: World) -> None:
    for site in small.sites:
        lists = -(-len(site.galleries) // site.per_page)
        assert 6 <= len(site.galleries) + lists + 3 <= 30


@pytest.mark.parametrize(("sites", "subjects"), [(9, 3), (40, 0), (40, 21)])
def test_a_world_out_of_bounds_is_refused(tmp_path: Path, sites: int, subjects: int) -> None:
    with pytest.raises(ValueError, match=r"sites|subjects"):
        generate(1, sites, subjects, None, 90, tmp_path)


def _gallery(folder: Path) -> Path:
    """Invented "photos": generated pictures stand in for people."""
    pool = pictures.Pool(pictures.Random(1))
    people = {"person-a": 3, "person-b": 5, "person-c": 2, "others": 2}
    for name, count in people.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number}.jpg").write_bytes(pictures.jpeg(pool.take(320, 320), 90))
    (folder / "groups").mkdir()
    for name in ("a-and-b", "strangers"):
        (folder / "groups" / f"{name}.jpg").write_bytes(pictures.jpeg(pool.take(400, 320), 90))
    return folder


def test_a_gallery_brings_face_subjects_and_strangers(tmp_path: Path) -> None:
    made = generate(2, 12, 3, _gallery(tmp_path / "photos"), 90, tmp_path / "world")
    faces = [subject for subject in made.subjects if subject.face]
    assert [subject.key for subject in faces] == ["A", "B"]
    assert all(len(subject.files) == 3 for subject in faces)
    assert len(made.subjects) == 3
    kinds = Counter(item.kind for item in made.items if not item.of)
    assert kinds["face"] >= 3
    group = next(item for item in made.items if item.kind == "group")
    assert {group.subject, *group.also} == {"A", "B"}


def test_a_gallery_may_be_a_folder_of_sets(tmp_path: Path) -> None:
    _gallery(tmp_path / "photos" / "set-one")
    made = generate(2, 10, 1, tmp_path / "photos", 90, tmp_path / "world")
    assert sum(subject.face for subject in made.subjects) == 2


def test_an_empty_or_missing_gallery_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        with pytest.raises(NoGallery):
            generate(1, 10, 1, tmp_path / name, 90, tmp_path / "world")


def test_sample_portraits_make_a_world(tmp_path: Path) -> None:
    root = Path(__file__).parents[3] / "shared" / "data" / "portraits"
    if not root.is_dir():
        pytest.skip(f"no portraits at {root}")
    made = generate(11, 12, 3, root, 90, tmp_path)
    assert sum(subject.face for subject in made.subjects) == 3
    assert {item.subject for item in made.items if item.kind == "face"} == {"A", "B", "C"}
    shutil.rmtree(tmp_path)


def test_the_canary_changes_no_pixel() -> None:
    pixels = pictures.abstract(pictures.Random(9), 320, 240)
    for data in (pictures.jpeg(pixels, 80), pictures.png(pixels)):
        marked = pictures.with_canary(data, b"0123456789abcdef")
        assert b"0123456789abcdef" in marked
        assert np.array_equal(pictures.read(data), pictures.read(marked))
        assert cv2.imdecode(np.frombuffer(marked, np.uint8), cv2.IMREAD_COLOR) is not None


def test_a_canary_needs_a_known_format() -> None:
    with pytest.raises(ValueError, match="neither"):
        pictures.with_canary(b"GIF89a", b"0123456789abcdef")
