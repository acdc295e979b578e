"""Sealing: AES-256-GCM with a data key per case, wrapped by the installation key; keyed digests for finding things.

A sealed value is bound to what it is (its context), so a value moved to another row or column does not open.
Layout: one version byte, twelve bytes of nonce, ciphertext with tag. Destroying a case's key makes all it sealed
unreadable at once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from efface.engine.base import settings

VERSION = b"\x01"
KEY_CACHE_S = 30.0


class SealBroken(ValueError):
    """The bytes were not sealed with this key for this place, or were altered."""


class KeyMissing(LookupError):
    """There is no key: the case was erased, or the installation is locked."""


def seal(key: bytes, value: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, value, context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    if len(sealed) < 29 or sealed[:1] != VERSION:
        raise SealBroken("not a sealed value")
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], context.encode())
    except InvalidTag:
        raise SealBroken("the value does not open here") from None


def secrets_folder() -> Path:
    return settings.data_folder() / "secrets"


def memory_folder() -> Path | None:
    """A folder of this installation in a file system that has no disk; None where this machine has none."""
    name = f"efface-{os.geteuid()}-" + hashlib.sha256(str(settings.data_folder()).encode()).hexdigest()[:16]
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    in_memory = {line[1] for line in mounts if len(line) > 2 and line[2] in ("tmpfs", "ramfs")}
    for place in ("/dev/shm", os.environ.get("XDG_RUNTIME_DIR", "")):  # noqa: S108 - a folder of our own in it, 0700
        if place and place in in_memory and os.access(place, os.W_OK):
            return Path(place) / name
    return None


def key_paths() -> list[Path]:
    """Where the installation key can lie: on the disk, or after an unlock in memory alone (``locking``)."""
    folder = memory_folder()
    return [secrets_folder() / "installation.key", *([folder / "installation.key"] if folder else [])]


@cache
def installation_key() -> bytes:
    """The 32-byte key of this installation. Raises ``KeyMissing`` where it was never made or is locked away."""
    for path in key_paths():
        try:
            key = path.read_bytes()
        except OSError:
            continue
        if len(key) != 32:
            raise KeyMissing("the installation key is damaged; restore it from its backup")
        return key
    raise KeyMissing("the installation key is not there; run `efface init`, or `efface unlock` where it is locked")


def make_secret(name: str, length: int = 32) -> bytes:
    """Make a secret file once (0600, in a 0700 folder) and return what it holds."""
    folder = secrets_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    value = secrets.token_bytes(length) if name.endswith(".key") else secrets.token_hex(length).encode()
    with os.fdopen(handle, "wb") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    return value


def derive(purpose: str) -> bytes:
    """A 32-byte key for one purpose, from the installation key."""
    return _derived(installation_key(), purpose)


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, b"efface/" + purpose.encode(), hashlib.sha256).digest()


def digest(scope: str, value: str) -> bytes:
    """Keyed digest to find a sealed value by: equal values of one scope have equal digests, and only here."""
    return hmac.digest(derive("digest/" + scope), value.encode(), "sha256")


_shut: ContextVar[bool] = ContextVar("efface_case_keys_shut", default=False)


@contextmanager
def shut() -> Iterator[None]:
    """For as long as this lasts, no key of a case opens here: the work is somebody's who reads no case contents."""
    before = _shut.set(True)
    try:
        yield
    finally:
        _shut.reset(before)


_case_keys: dict[uuid.UUID, tuple[float, bytes]] = {}
_lock = threading.Lock()


def case_key(case_id: uuid.UUID) -> bytes:
    """The data key of a case, held in memory for at most half a minute. Raises ``KeyMissing`` after erasure,
    and inside ``shut``."""
    from efface.engine.base.models import CaseKey

    if _shut.get():
        raise KeyMissing("the contents of cases are not open to this role")
    held = _case_keys.get(case_id)
    if held and held[0] > time.monotonic():
        return held[1]
    row = CaseKey.objects.filter(case_id=case_id, destroyed_at=None).first()
    if row is None:
        _case_keys.pop(case_id, None)
        raise KeyMissing("this case has been erased")
    key = unseal(derive("case-keys"), bytes(row.wrapped), f"case:{case_id}")
    with _lock:
        if len(_case_keys) > 2000:
            _case_keys.clear()
        _case_keys[case_id] = (time.monotonic() + KEY_CACHE_S, key)
    return key


def hold_case_keys(case_ids: Iterable[uuid.UUID]) -> None:
    """Read the keys of many cases with one question instead of one each. A case without a key is left out."""
    from efface.engine.base.models import CaseKey

    now = time.monotonic()
    missing = [one for one in case_ids if one not in _case_keys or _case_keys[one][0] <= now]
    if not missing:
        return
    wrapping = derive("case-keys")
    rows = CaseKey.objects.filter(case_id__in=missing, destroyed_at=None).values_list("case_id", "wrapped")
    found = {one: (now + KEY_CACHE_S, unseal(wrapping, bytes(wrapped), f"case:{one}")) for one, wrapped in rows}
    with _lock:
        if len(_case_keys) > 2000:
            _case_keys.clear()
        _case_keys.update(found)


def make_case_key(case_id: uuid.UUID, organisation_id: uuid.UUID) -> None:
    from efface.engine.base.models import CaseKey

    wrapped = seal(derive("case-keys"), secrets.token_bytes(32), f"case:{case_id}")
    CaseKey.objects.create(case_id=case_id, organisation_id=organisation_id, wrapped=wrapped)


def destroy_case_key(case_id: uuid.UUID, now: datetime) -> None:
    """Make everything the case sealed unreadable. The row stays as a tombstone without the key; another stands beside
    the database once this is committed."""
    from django.db import transaction

    from efface.engine.base import tombstones
    from efface.engine.base.models import CaseKey

    CaseKey.objects.filter(case_id=case_id).update(wrapped=b"", destroyed_at=now)
    forget_case_keys()
    transaction.on_commit(lambda: tombstones.add([(case_id, now)]))


def forget_case_keys() -> None:
    with _lock:
        _case_keys.clear()
