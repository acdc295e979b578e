"""``efface fingerprint`` on somebody's own computer: words, JSON, a bundle without a picture, and no half a file."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, PngImagePlugin

from bench.scenes import scene as textured
from efface.cli import fingerprint as command
from efface.net import bundle
from efface.net.decoder import Decoder
from efface.vision import pdq
from efface.vision.local import LocalPrint
from tests.vision import films
from tests.vision.test_pdq import scene
from tests.vision.test_pictures import encoded

CANARY = b"a-canary-that-must-not-leave"


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


@pytest.fixture
def shared(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command has the real sealed decoder of this module, which its ``with`` does not end."""

    class Shared:
        def __init__(self, models: object = None) -> None:
            self.models = models

        def __enter__(self) -> Decoder:
            return decoder

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(command, "Decoder", Shared)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirteen files of different kinds, four of them of no use."""
    folder = tmp_path_factory.mktemp("pictures")
    busy = Image.fromarray(textured(np.random.default_rng(4)))
    shots = films.frames(1, 2.0)
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", CANARY.decode())
    moving = [Image.fromarray(shot) for shot in films.frames(2, 6.0)[::20]]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("picture.jpg", encoded("JPEG"))
    files = {
        "photo.jpg": encoded("JPEG", busy, quality=92) + CANARY,
        "photo.png": encoded("PNG", busy, pnginfo=note),
        "soft.webp": encoded("WEBP"),
        "still.gif": encoded("GIF"),
        "new.avif": encoded("AVIF"),
        "moving.gif": encoded("GIF", moving[0], save_all=True, append_images=moving[1:], duration=300),
        "film.mp4": films.encoded(shots) + CANARY,
        "film.webm": films.encoded(shots, kind="webm", codec="libvpx"),
        "really-a-picture.mp4": encoded("JPEG", Image.fromarray(scene(3)).convert("CMYK")),
        "letter.txt": CANARY,
        "archive.zip": packed.getvalue(),
        "dot.png": encoded("PNG", Image.new("RGB", (1, 1))),
        "blank.png": encoded("PNG", Image.new("RGB", (640, 480), (90, 90, 90))),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


REFUSED = {"letter.txt": "unknown-format", "archive.zip": "archive", "dot.png": "small", "blank.png": "little-detail"}


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(command.fingerprint, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


@pytest.mark.usefixtures("shared")
def test_thirteen_files_in_words(folder: Path) -> None:
    done = run(*files(folder))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    for path in files(folder):
        (line,) = (line for line in lines if line.startswith(f"{path.name}: "))
        if path.name in REFUSED:
            assert line == f"{path.name}: not taken. {command.WORDS[REFUSED[path.name]]}"
        else:
            assert f"    sha256 {pdq.sha256(path.read_bytes())}" in lines
    assert "photo.jpg: image/jpeg, 640 x 480, recognised when changed" in lines
    assert "film.mp4: video, 2 s, " in done.stdout
    assert "really-a-picture.mp4: image/jpeg, 640 x 480" in done.stdout
    assert done.stdout.count("    pdq    ") == len(files(folder)) - len(REFUSED)


@pytest.mark.usefixtures("shared")
def test_thirteen_files_as_json_and_as_a_bundle(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle.json"
    done = run(*files(folder), "--out", out, "--json")
    assert done.exit_code == 0
    rows: dict[str, Any] = {row["file"]: row for row in json.loads(done.stdout)}
    assert {name: row["reason"] for name, row in rows.items() if row["reason"]} == REFUSED
    assert all(row["words"] for row in rows.values() if row["reason"])
    for name, row in rows.items():
        data = (folder / name).read_bytes()
        assert (row["sha256"], row["md5"], row["bytes"]) == (pdq.sha256(data), pdq.md5(data), len(data))
        assert len(row["pdq"]) == (0 if row["reason"] in ("unknown-format", "archive", "small") else 8)
    assert {name for name, row in rows.items() if row["kind"] == "video"} == {"moving.gif", "film.mp4", "film.webm"}
    assert rows["film.mp4"]["frames"] > 5
    assert rows["film.mp4"]["seconds"] == pytest.approx(2.0, abs=0.1)
    assert rows["really-a-picture.mp4"]["mime"] == "image/jpeg"
    assert {name for name in ("photo.jpg", "photo.png") if rows[name]["local"]} == {"photo.jpg", "photo.png"}
    assert pdq.distance(rows["photo.jpg"]["pdq"][0], rows["photo.png"]["pdq"][0]) <= pdq.MATCH
    assert "9 files are in" in done.stderr

    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.json"]
    items = bundle.from_json(out.read_bytes())
    assert [item.label for item in items] == [path.name for path in files(folder) if path.name not in REFUSED]
    assert [item.decoded.picture.sha256 for item in items] == [rows[item.label]["sha256"] for item in items]
    assert not any(item.decoded.faces or item.decoded.look for item in items)


@pytest.mark.usefixtures("shared")
def test_a_bundle_and_what_is_said_hold_nothing_of_the_pictures(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle.json"
    done = run(*files(folder), "--out", out, "--json")
    said = out.read_bytes() + done.stdout_bytes + done.stderr_bytes
    for spelling in (CANARY, CANARY.hex().encode(), *(b64encode(CANARY[at:])[4:32] for at in range(3))):
        assert spelling not in said
    for path in files(folder):
        data = path.read_bytes()
        for at in range(0, len(data) - 24, max(24, len(data) // 50)):
            piece = data[at : at + 24]
            if len(set(piece)) > 8:
                assert piece not in said
                assert piece.hex().encode() not in said
                assert b64encode(piece) not in said


@pytest.mark.usefixtures("shared")
def test_hashes_only(folder: Path, tmp_path: Path) -> None:
    run(folder / "photo.jpg", "--out", tmp_path / "a.json")
    run(folder / "photo.jpg", "--out", tmp_path / "b.json", "--no-local")
    (full,), (bare,) = (bundle.from_json((tmp_path / name).read_bytes()) for name in ("a.json", "b.json"))
    assert len(LocalPrint.from_bytes(b64decode(full.decoded.print))) >= 40
    assert (bare.decoded.print, bare.decoded.print_refused) == ("", "")
    assert full.decoded.picture.sha256 == bare.decoded.picture.sha256
    assert pdq.distance(full.decoded.picture.pdq[0], bare.decoded.picture.pdq[0]) <= 10  # decoded smaller


@pytest.mark.usefixtures("shared")
def test_what_cannot_be_opened_costs_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    odd = tmp_path / os.fsdecode(b"\xff\xfe.jpg")
    odd.write_bytes(encoded("JPEG"))
    given = [folder, folder / "nobody.jpg", "/proc/self/mem", tmp_path / "empty.jpg", tmp_path / "pipe.jpg"]
    given += [tmp_path / "loop.jpg", folder / "photo.jpg" / "inner.jpg", odd, folder / "photo.jpg"]
    done = run(*given, "--json", "--out", tmp_path / "bundle.json")
    assert done.exit_code == 0
    rows = json.loads(done.stdout)
    reasons = ["folder", "missing", "unreadable", "empty", "unreadable", "missing", "missing", "", ""]
    assert [row["reason"] for row in rows] == reasons
    assert all(row["words"] in command.WORDS.values() for row in rows[:7])
    assert len(bundle.from_json((tmp_path / "bundle.json").read_bytes())) == 2
    assert "not taken. It is a folder." in run(*given).stdout


@pytest.mark.usefixtures("shared")
def test_where_nothing_could_be_taken_the_end_is_bad_and_no_bundle_is_written(folder: Path, tmp_path: Path) -> None:
    given = [folder / name for name in REFUSED]
    done = run(*given, "--json", "--out", tmp_path / "bundle.json")
    assert done.exit_code == 1
    assert [row["reason"] for row in json.loads(done.stdout)] == list(REFUSED.values())
    assert "No bundle was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("shared")
def test_a_bundle_that_cannot_be_written_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = folder / "soft.webp"
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "none" / "b.json", tmp_path / "file" / "b.json", tmp_path / ("n" * 250 + ".json")):
        done = run(picture, "--out", out)
        assert done.exit_code == 1
        assert "The bundle could not be written: " in done.stderr
    before = tmp_path / "bundle.json"
    before.write_text('{"an": "older one"}')

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    done = run(picture, "--out", before)
    assert done.exit_code == 1
    assert "No space left on device" in done.stderr
    assert before.read_text() == '{"an": "older one"}'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle.json", "file"]
    monkeypatch.undo()


@pytest.mark.usefixtures("shared")
def test_an_older_bundle_is_replaced_and_readable_by_its_owner_only(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle.json"
    out.write_text("{}")
    out.chmod(0o644)
    assert run(folder / "soft.webp", "--out", out).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [item.label for item in bundle.from_json(out.read_bytes())] == ["soft.webp"]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("option", ["--json", "--out"])
def test_a_picture_is_never_overwritten(folder: Path, tmp_path: Path, option: str) -> None:
    mine = tmp_path / "mine.jpg"
    mine.write_bytes(encoded("JPEG"))
    done = run(option, mine, folder / "soft.webp")
    assert done.exit_code == 2
    assert "would be overwritten" in done.stderr
    assert mine.read_bytes() == encoded("JPEG")


@pytest.mark.usefixtures("shared")
def test_json_goes_to_a_file_where_one_is_named(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        done = run(folder / "soft.webp", "--json", tmp_path / "rows.json")
        assert done.exit_code == 0
        assert done.stdout.startswith("soft.webp: image/webp")
        assert [row["file"] for row in json.loads((tmp_path / "rows.json").read_text())] == ["soft.webp"]


@pytest.mark.usefixtures("shared")
def test_more_files_than_a_bundle_holds_are_refused_before_they_are_read(folder: Path, tmp_path: Path) -> None:
    done = run(*[folder / "photo.jpg"] * (bundle.MOST_ITEMS + 1), "--out", tmp_path / "bundle.json")
    assert done.exit_code == 2
    assert f"at most {bundle.MOST_ITEMS} files" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_files_and_an_unknown_option_are_said(tmp_path: Path) -> None:
    assert "Missing argument 'FILE...'" in run().stderr
    assert run("--nonsense", "x.jpg").exit_code == 2
    assert "is a directory" in run("x.jpg", "--out", tmp_path).stderr


def test_faces_need_models(folder: Path, tmp_path: Path) -> None:
    done = run(folder / "photo.jpg", "--faces", "--folder", tmp_path / "models", "--out", tmp_path / "b.json")
    assert done.exit_code == 1
    assert "Run `efface models install` first." in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_does_not_run_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    done = run(folder / "photo.jpg")
    assert done.exit_code == 1
    assert command.WORDS["off"] in done.stdout


def test_the_command_as_it_is_called(folder: Path, tmp_path: Path) -> None:
    """In a process of its own, with no installation and a home that is empty; standard output is JSON only."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "EFFACE_DATA": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "efface.cli.main", "fingerprint", "--out", "b.json", folder / "photo.jpg",
         folder / "film.mp4", folder / "letter.txt", "--json"],
        cwd=tmp_path, env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [row["reason"] for row in json.loads(done.stdout)] == ["", "", "unknown-format"]
    assert len(bundle.from_json((tmp_path / "b.json").read_bytes())) == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["b.json"]
