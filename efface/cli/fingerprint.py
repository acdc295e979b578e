"""``efface fingerprint``: fingerprints of pictures and videos, made on this computer, without a connection."""

from __future__ import annotations

import contextlib
import os
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option
from efface.net import bundle
from efface.net.decoder import Decoder
from efface.net.decoder.client import MAX_BYTES, MAX_VIDEO_BYTES
from efface.net.protocol import Decoded, Picture, Want
from efface.vision.formats import sniff_video
from efface.vision.hamming import LOW_QUALITY
from efface.vision.video import VideoPrint
from efface.vision.video.model import WORDS as VIDEO_WORDS

WORDS = {
    "corrupt": "It could not be read: the file is damaged or cut short.",
    "unknown-format": "It is no picture or video of a kind that is read (JPEG, PNG, WebP, GIF, AVIF, MP4, WebM ...).",
    "archive": "It is an archive. Unpack it and give the files in it.",
    "too-many-pixels": "It is larger than what is read. A smaller copy of it will do.",
    "timeout": "Reading it took too long.",
    "time": "Reading it took too long.",
    "memory": "It is too large to be read safely.",
    "crashed": "The reader gave up on it. Nothing else was lost.",
    "off": "The safe reader does not run on this computer: `efface doctor` says why.",
    "small": "It is too small to be recognised by.",
    "little-detail": "It shows too little detail to be recognised by.",
    "unreadable": "The file cannot be opened.",
    "missing": "There is no such file.",
    "folder": "It is a folder. Give the files in it.",
    "empty": "The file is empty.",
}
"""What to tell a person for each reason."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one file. ``reason`` is "" where it has fingerprints."""

    file: Path
    decoded: Decoded
    reason: str

    @property
    def name(self) -> str:
        """The file's name as it can be shown, whatever its bytes are."""
        return click.format_filename(self.file, shorten=True)

    @property
    def words(self) -> str:
        videos = {str(reason): words for reason, words in VIDEO_WORDS.items()}
        return WORDS.get(self.reason) or videos.get(self.reason, self.reason)

    def row(self) -> dict[str, Any]:
        """The file's facts and hashes, without what is more than a hash."""
        picture = self.decoded.picture
        clip = VideoPrint.from_bytes(b64decode(picture.clip)) if picture.clip else None
        return {
            "file": self.name,
            "reason": self.reason,
            "words": self.words if self.reason else "",
            "kind": "video" if clip else picture.mime.partition("/")[0] or "",
            "mime": picture.mime,
            "bytes": picture.size,
            "width": picture.width,
            "height": picture.height,
            "sha256": picture.sha256,
            "md5": picture.md5,
            "pdq": picture.pdq,
            "quality": picture.pdq_quality,
            "frames": len(clip.frames) if clip else 0,
            "seconds": round(picture.seconds, 1),
            "faces": picture.faces,
            "local": bool(self.decoded.print),
            "local_refused": self.decoded.print_refused,
            "vector": self.decoded.vectors[0].model if self.decoded.vectors else "",
        }


@click.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FILE...")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="FILE",
              help="Write a bundle that can be taken into a case.")  # fmt: skip
@click.option("--faces", is_flag=True, help="Also the faces on them, for a face template (needs installed models).")
@click.option("--no-local", is_flag=True, help="Leave out what changed copies are recognised by; hashes only.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=None, help="Models folder.")
@json_option
def fingerprint(
    files: tuple[Path, ...], out: Path | None, faces: bool, no_local: bool, folder: Path | None, as_json: str | None
) -> None:
    """Turn pictures and videos into fingerprints on this computer. No picture leaves it; nothing is sent anywhere."""
    want = (Want.FACES if faces else Want.PLAIN) | (Want.PLAIN if no_local else Want.PRINT | Want.VECTOR)
    if out is not None and len(files) > bundle.MOST_ITEMS:
        raise click.UsageError(f"A bundle holds at most {bundle.MOST_ITEMS} files. Give fewer at a time.")
    for written in (out, Path(as_json) if as_json not in (None, "-") else None):
        if written is not None:
            _spare(written)
    made: list[Made] = []
    with Decoder(models=_models(folder, want)) as decoder:
        if faces and not decoder.state().get("faces"):
            raise click.ClickException(
                f"Faces cannot be read here ({decoder.state().get('faces_reason')}). Run `efface models install` first."
            )
        with click.progressbar(files, label="Reading", file=sys.stderr) as bar:
            for file in bar:
                made.append(_make(file, decoder, want))
    if out is not None:
        _hand_over(out, [bundle.Item(one.name[:120], one.decoded) for one in made if not one.reason])
    emit([one.row() for one in made], as_json, lambda: _say(made))
    if all(one.reason for one in made):
        raise SystemExit(1)


_AFTER = (
    "{n} files are in {out}. It holds fingerprints and no picture; they say something of the pictures all the same. "
    "Hand it over on a safe way and delete it afterwards."
)


def _models(folder: Path | None, want: Want) -> Path | None:
    """The models folder, where something of it is needed."""
    from efface.engine.run.processes import models_folder
    from efface.vision.models import ModelError
    from efface.vision.models.store import copy_model

    found = folder or models_folder()
    try:
        copies = want & Want.VECTOR and copy_model(found) is not None
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    return found if want & Want.FACES or copies else None


def _spare(file: Path) -> None:
    """``--json PICTURE`` is easily said by mistake. Raises ``click.UsageError`` for a file that is not JSON."""
    try:
        with file.open("rb") as stream:
            ours = stream.read(1) in (b"", b"[", b"{")
    except OSError:
        return  # not there yet, or it will be said when it is written
    if not ours:
        name = click.format_filename(file)
        raise click.UsageError(f"{name} is there and would be overwritten. Name a new file, or put --json last.")


def _hand_over(out: Path, items: list[bundle.Item]) -> None:
    if not items:
        click.echo("No bundle was written: none of the files has a fingerprint.", err=True)
        return
    try:
        text = bundle.to_json(items)
    except bundle.BundleError as error:
        raise click.ClickException(f"No bundle was made ({error}). Give fewer files at a time.") from None
    _write(out, text)
    click.echo(_AFTER.format(n=len(items), out=click.format_filename(out)), err=True)


def _make(file: Path, decoder: Decoder, want: Want) -> Made:
    try:
        if not file.is_file():  # also pipes and devices, which need not end
            reason = "folder" if file.is_dir() else "unreadable" if file.exists() else "missing"
            return Made(file, Decoded(Picture()), reason)
        with file.open("rb") as stream:
            head = stream.read(512)
            most = MAX_VIDEO_BYTES if sniff_video(head) else MAX_BYTES
            data = head + stream.read(most + 1 - len(head))
    except OSError:
        return Made(file, Decoded(Picture()), "unreadable")
    if not data:
        return Made(file, Decoded(Picture()), "empty")
    (decoded,) = decoder.decode_pictures([data], want)
    return Made(file, decoded, _reason(decoded.picture, head))


def _reason(picture: Picture, head: bytes) -> str:
    """Why the file has no fingerprint that is of use; "" where it has."""
    if picture.error:
        archive = head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or head[:6] in (b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07")
        return "archive" if archive and picture.error == "unknown-format" else picture.error
    if picture.clip:
        return ""
    if not picture.pdq:
        return "small"
    return "little-detail" if picture.pdq_quality < LOW_QUALITY else ""


def _write(out: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise click.ClickException(f"The bundle could not be written: {error.strerror}.") from None


def _say(made: list[Made]) -> None:
    for one in made:
        row = one.row()
        if one.reason:
            click.echo(f"{one.name}: not taken. {one.words}")
            continue
        size = f"{row['width']} x {row['height']}"
        what = f"video, {row['seconds']:g} s, {row['frames']} frames" if row["kind"] == "video" else row["mime"]
        more = ["recognised when changed"] if row["local"] or row["vector"] else []
        more += [f"{row['faces']} faces"] if row["faces"] else []
        click.echo(f"{one.name}: {what}, {size}" + "".join(f", {words}" for words in more))
        click.echo(f"    sha256 {row['sha256']}")
        if row["pdq"]:
            click.echo(f"    pdq    {row['pdq'][0]} (quality {row['quality']})")
