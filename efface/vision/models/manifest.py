"""Manifests: one TOML file for each model says what it is, where it comes from, how it is fed and judged.

The packaged manifests are the defaults. An operator adds a model by putting a manifest of their own into
``<models folder>/manifests/``; for its role it takes the place of the packaged one (docs/models.md).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

from efface.vision.models.errors import ManifestInvalid

Role = Literal["face-detector", "face-landmarks", "face-embedder"]
Extra = Literal["copy", "triage", "text-detector", "text-reader"]
Registry = Literal["npm", "pypi", "file", "environment"]
Conversion = Literal["none", "onnx-clean", "tflite"]
Layout = Literal["NCHW", "NHWC", "NCWH"]
Kind = Literal["rfb", "onet", "embedder", "score", "text"]
Triple = tuple[float, float, float]

T = TypeVar("T")
ROLES: tuple[Role, ...] = get_args(Role)
"""What face search cannot do without."""
EXTRAS: tuple[Extra, ...] = get_args(Extra)
"""What an operator may add."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_PACKAGE = re.compile(r"(?:@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_MANIFEST = 64 * 1024
MOST_DIM = 2048
"""Numbers a copy embedder may answer a picture with."""


@dataclass(frozen=True, slots=True)
class Source:
    """The pinned origin. ``registry`` "file" means that the operator puts the file into the folder themselves; the
    other fields are then empty. "environment" means that the operator installs the package into this Python
    environment, or brings its wheel, under its own terms; its ``member`` is read where it lies and never copied, and
    ``licence_member`` holds its terms. ``archive_sha256`` is of the package archive, ``member_sha256`` of the member in
    it."""

    registry: Registry
    package: str = ""
    version: str = ""
    member: str = ""
    archive_sha256: str = ""
    archive_bytes: int = 0
    member_sha256: str = ""
    licence_member: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """How a picture is fed: ``(pixel - mean) / std`` of RGB or BGR at ``width`` x ``height``, axes as in ``layout``
    (NCWH: width before height, as nets trained on column-major data want it). ``mean`` and ``std`` are one number each,
    or three in the order of ``color``. ``dtype`` "uint8": the net wants the pixels as they are."""

    name: str
    layout: Layout
    width: int
    height: int
    color: Literal["RGB", "BGR"]
    mean: float | Triple
    std: float | Triple
    dtype: Literal["float32", "uint8"] = "float32"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosines of an embedder. ``review``: worth a person's look; ``strong``: said so to that person; ``same``: photos
    of one enrolment belong together (copy embedders have none). ``calibration`` says on what data, with which counts.

    ``review`` and ``strong`` are for templates of three photos or more. A single photo resembles everybody less than a
    mean of three does: at the same share of false alarms its cosines are lower, ``single_review`` and ``single_strong``
    (0 where they were not measured: then the others hold)."""

    review: float
    strong: float
    same: float
    single_review: float = 0.0
    single_strong: float = 0.0
    calibration: dict[str, str | int | float] = field(default_factory=dict)

    def of(self, photos: int) -> tuple[float, float]:
        """``review`` and ``strong`` for a template that so many photos made."""
        if photos == 1 and self.single_review:
            return self.single_review, self.single_strong
        return self.review, self.strong


@dataclass(frozen=True, slots=True)
class Probe:
    """A reference that the original model computed on the test input of ``runtime.test_input``: for each output its
    first values, flattened. ``tolerance`` is the largest allowed absolute difference."""

    tolerance: float
    outputs: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model. ``outputs`` maps what the engine asks for to the graph's output names. ``terms`` is what an operator
    has to agree to before getting it, beyond the licence's name."""

    id: str
    role: Role | Extra
    kind: Kind
    title: str
    file: str
    sha256: str
    bytes: int
    licence: str
    provenance: str
    caveat: str
    source: Source
    convert: Conversion
    input: Input
    outputs: dict[str, str]
    probe: Probe | None = None
    dim: int = 0
    align: str = ""
    flip: bool = False
    thresholds: Thresholds | None = None
    terms: str = ""

    @property
    def model_id(self) -> str:
        """Identity written into templates: two models, or two versions of one, never share it."""
        return f"{self.id}@sha256:{self.sha256}"


class _Table:
    """A TOML table that is read once, field by field, and refuses what nobody asked for."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise ManifestInvalid(f"{where}: not a table")
        self.data: dict[str, Any] = dict(data)
        self.where = where

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        value = self.data.pop(key, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ManifestInvalid(f"{self.where}: {key} is missing or not {kind.__name__}")
        return value

    def word(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> Any:
        value = self.take(key, str, default)
        if value not in allowed:
            raise ManifestInvalid(f"{self.where}: {key} must be one of {', '.join(allowed)}")
        return value

    def pattern(self, key: str, allowed: re.Pattern[str], default: str | None = None) -> str:
        value = self.take(key, str, default)
        if value != default and not allowed.fullmatch(value):
            raise ManifestInvalid(f"{self.where}: {key} has a form that is not allowed")
        return value

    def table(self, key: str) -> _Table:
        return _Table(self.data.pop(key, None), f"{self.where} [{key}]")

    def done(self) -> None:
        if self.data:
            raise ManifestInvalid(f"{self.where}: unknown field {sorted(self.data)[0]}")


def parse(text: str, where: str) -> Manifest:
    """A manifest from TOML text; ``where`` names it in errors. Raises ``ManifestInvalid``."""
    try:
        top = _Table(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise ManifestInvalid(f"{where}: not TOML: {error}") from None
    role: Role | Extra = top.word("role", (*ROLES, *EXTRAS))
    manifest = Manifest(
        id=top.pattern("id", _NAME),
        role=role,
        kind=top.word("kind", get_args(Kind)),
        title=top.take("title", str),
        file=top.pattern("file", _FILE),
        sha256=top.pattern("sha256", _SHA256),
        bytes=top.take("bytes", int),
        licence=top.take("licence", str),
        provenance=top.take("provenance", str),
        caveat=top.take("caveat", str),
        source=_source(top.table("source")),
        convert=top.word("convert", get_args(Conversion), "none"),
        input=_input(top.table("input")),
        outputs=_names(top.table("outputs")),
        probe=_probe(top.table("probe")) if "probe" in top.data else None,
        dim=top.take("dim", int, 0),
        align=top.word("align", ("", "arcface112"), ""),
        flip=top.take("flip", bool, False),
        thresholds=_thresholds(top.table("thresholds"), role) if "thresholds" in top.data else None,
        terms=top.take("terms", str, ""),
    )
    top.done()
    if manifest.probe and not set(manifest.probe.outputs) <= set(manifest.outputs):
        raise ManifestInvalid(f"{where}: [probe] names outputs that [outputs] does not")
    if manifest.role == "face-embedder" and (
        manifest.dim < 2 or manifest.align != "arcface112" or manifest.kind != "embedder"
    ):
        raise ManifestInvalid(f'{where}: an embedder needs dim, align = "arcface112" and kind = "embedder"')
    if manifest.role == "copy" and (
        not 2 <= manifest.dim <= MOST_DIM or manifest.kind != "embedder" or "embedding" not in manifest.outputs
    ):
        raise ManifestInvalid(
            f'{where}: a copy embedder needs dim (2 to {MOST_DIM}), kind = "embedder" and an output "embedding"'
        )
    return manifest


def packaged() -> list[Manifest]:
    """The manifests that come with Efface, one for each role, in the order of ``ROLES``."""
    return sorted(_shipped("manifests"), key=lambda manifest: ROLES.index(cast(Role, manifest.role)))


def optional() -> list[Manifest]:
    """The manifests that come with Efface of models that are installed only when an operator asks for them."""
    return sorted(_shipped("manifests", "optional"), key=lambda manifest: manifest.id)


def _shipped(*folders: str) -> list[Manifest]:
    folder = resources.files("efface.vision.models").joinpath(*folders)
    return [parse(file.read_text("utf-8"), file.name) for file in folder.iterdir() if file.name.endswith(".toml")]


def own(models_dir: Path) -> dict[Path, Manifest]:
    """The operator's manifests, at most one for each role. Raises ``ManifestInvalid``."""
    found: dict[Path, Manifest] = {}
    by_role: dict[str, str] = {}
    folder = models_dir / "manifests"
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        manifest = read(path)
        if manifest.role in by_role:
            raise ManifestInvalid(
                f"{path.name}: {by_role[manifest.role]} already fills the role {manifest.role}; keep one"
            )
        by_role[manifest.role] = path.name
        found[path] = manifest
    return found


def read(path: Path) -> Manifest:
    """The manifest in a file. Raises ``ManifestInvalid``."""
    try:
        with path.open("rb") as handle:
            raw = handle.read(_MAX_MANIFEST + 1)
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestInvalid(f"{path.name}: cannot be read ({type(error).__name__})") from None
    if len(raw) > _MAX_MANIFEST:
        raise ManifestInvalid(f"{path.name}: larger than {_MAX_MANIFEST // 1024} kB")
    return parse(text, path.name)


def active(models_dir: Path) -> list[Manifest]:
    """The manifest in force for each role of face search: the operator's own where there is one, else the packaged one.
    An operator's embedder without thresholds is not in force.

    Raises ``ManifestInvalid`` for an unreadable own manifest, or two for the same role."""
    chosen = {manifest.role: manifest for manifest in packaged()}
    for manifest in own(models_dir).values():
        if manifest.role in chosen and not uncalibrated(manifest):
            chosen[manifest.role] = manifest
    return [chosen[role] for role in ROLES]


def uncalibrated(manifest: Manifest) -> bool:
    """An embedder that nobody measured thresholds for: it is refused for matching."""
    return manifest.role in ("face-embedder", "copy") and manifest.thresholds is None


def thresholds_of(model_id: str, models_dir: Path) -> Thresholds | None:
    """The calibrated cosines of the embedder that a template names; None for one that is not in force here.

    Raises ``ManifestInvalid`` as ``active``."""
    for manifest in [*active(models_dir), *packaged()]:
        if manifest.model_id == model_id:
            return manifest.thresholds
    return None


def _source(table: _Table) -> Source:
    registry: Registry = table.word("registry", get_args(Registry))
    if registry == "file":
        source = Source("file")
    elif registry == "environment":
        source = Source(
            registry,
            package=table.pattern("package", _PACKAGE),
            version=table.pattern("version", _VERSION),
            member=table.take("member", str),
            member_sha256=table.pattern("member_sha256", _SHA256),
            licence_member=table.take("licence_member", str, ""),
        )
    else:
        source = Source(
            registry,
            package=table.pattern("package", _PACKAGE),
            version=table.pattern("version", _VERSION),
            member=table.take("member", str),
            archive_sha256=table.pattern("archive_sha256", _SHA256),
            archive_bytes=table.take("archive_bytes", int),
            member_sha256=table.pattern("member_sha256", _SHA256),
        )
    table.done()
    return source


def _input(table: _Table) -> Input:
    found = Input(
        name=table.take("name", str),
        layout=table.word("layout", get_args(Layout)),
        width=table.take("width", int),
        height=table.take("height", int),
        color=table.word("color", ("RGB", "BGR")),
        mean=_one_or_three(table, "mean"),
        std=_one_or_three(table, "std"),
        dtype=table.word("dtype", ("float32", "uint8"), "float32"),
    )
    table.done()
    spreads = found.std if isinstance(found.std, tuple) else (found.std,)
    if not (0 < found.width <= 2048 and 0 < found.height <= 2048 and min(spreads) > 0):
        raise ManifestInvalid(f"{table.where}: width, height and std must be positive and sane")
    return found


def _one_or_three(table: _Table, key: str) -> float | Triple:
    if not isinstance(table.data.get(key), list):
        return table.take(key, float)
    values = table.take(key, list)
    if len(values) != 3 or not all(isinstance(value, (int, float)) for value in values):
        raise ManifestInvalid(f"{table.where}: {key} must be one number or three")
    first, second, third = (float(value) for value in values)
    return first, second, third


def _names(table: _Table) -> dict[str, str]:
    if not table.data or not all(isinstance(value, str) for value in table.data.values()):
        raise ManifestInvalid(f"{table.where}: must map words to output names")
    return dict(table.data)


def _probe(table: _Table) -> Probe:
    tolerance = table.take("tolerance", float)
    raw: Mapping[str, object] = table.take("outputs", dict)
    table.done()
    outputs: dict[str, tuple[float, ...]] = {}
    for name, values in raw.items():
        if not isinstance(values, list) or not all(isinstance(value, (int, float)) for value in values):
            raise ManifestInvalid(f"{table.where}: outputs.{name} must be a list of numbers")
        outputs[name] = tuple(float(value) for value in values)
    return Probe(tolerance, outputs)


def _thresholds(table: _Table, role: Role | Extra) -> Thresholds:
    review = table.take("review", float)
    found = Thresholds(
        review=review,
        strong=table.take("strong", float),
        same=table.take("same", float, review if role == "copy" else None),
        single_review=table.take("single_review", float, 0.0),
        single_strong=table.take("single_strong", float, 0.0),
        calibration=table.take("calibration", dict),
    )
    table.done()
    if not -1 < found.same <= found.review <= found.strong < 1:
        raise ManifestInvalid(f"{table.where}: same, review and strong must rise and lie within -1 and 1")
    single = found.single_review, found.single_strong
    if single != (0, 0) and not found.same <= found.single_review <= found.single_strong <= found.strong:
        raise ManifestInvalid(f"{table.where}: single_review and single_strong must rise, between same and strong")
    return found
