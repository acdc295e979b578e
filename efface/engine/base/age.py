"""Files sealed in the age format (age-encryption.org/v1): to a recipient's key (X25519) or a passphrase (scrypt). The
``age`` command opens them, and this opens what it made.

Written in chunks of 64 KiB, each authenticated, the last one marked: a file that was cut off or altered does not open.
"""

from __future__ import annotations

import base64
import hmac
import io
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INTRO = b"age-encryption.org/v1\n"
CHUNK, TAG = 64 * 1024, 16
LONGEST_HEADER = 64 * 1024
COST_LOG, MOST_COST_LOG = 16, 20
_X25519_INFO, _SCRYPT_SALT = b"age-encryption.org/v1/X25519", b"age-encryption.org/v1/scrypt"


class NotOpened(ValueError):
    """The file is not for this key or passphrase, or was cut off or altered. The message says which."""


class NotAKey(ValueError):
    """A recipient or identity that cannot be read."""


# --- keys, written in Bech32 (BIP 173) ---

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _polymod(values: Sequence[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    return check


def _expanded(prefix: str) -> list[int]:
    return [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]


def _regroup(data: Sequence[int], given: int, wanted: int, *, pad: bool) -> list[int]:
    held, bits, found = 0, 0, []
    for value in data:
        held, bits = held << given | value, bits + given
        while bits >= wanted:
            bits -= wanted
            found.append(held >> bits & (1 << wanted) - 1)
    if pad and bits:
        found.append(held << wanted - bits & (1 << wanted) - 1)
    elif not pad and (bits >= given or held & (1 << bits) - 1):
        raise NotAKey("this key is damaged")
    return found


def bech32(prefix: str, data: bytes) -> str:
    values = _regroup(data, 8, 5, pad=True)
    check = _polymod([*_expanded(prefix), *values, *[0] * 6]) ^ 1
    return prefix + "1" + "".join(_ALPHABET[one] for one in [*values, *[check >> 5 * (5 - at) & 31 for at in range(6)]])


def unbech32(text: str, prefix: str) -> bytes:
    """Raises ``NotAKey``."""
    plain = text.strip()
    lower = plain.lower()
    if plain not in (lower, plain.upper()) or not lower.startswith(prefix + "1"):
        raise NotAKey(f"this is no key that begins with {prefix}1")
    try:
        values = [_ALPHABET.index(one) for one in lower[len(prefix) + 1 :]]
    except ValueError:
        raise NotAKey("this key has a character that no key has") from None
    if len(values) < 6 or _polymod([*_expanded(prefix), *values]) != 1:
        raise NotAKey("this key was copied wrongly: its check does not fit")
    return bytes(_regroup(values[:-6], 5, 8, pad=False))


# --- who can open ---


class Recipient(Protocol):
    def wrap(self, file_key: bytes) -> Stanza: ...


class Identity(Protocol):
    def unwrap(self, stanza: Stanza) -> bytes | None:
        """The file key; None where the stanza is for somebody else."""


@dataclass(frozen=True, slots=True)
class Stanza:
    words: tuple[str, ...]
    body: bytes


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    if "=" in text:
        raise NotOpened("this is no file of age")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise NotOpened("this is no file of age") from None
    if _b64(data) != text:
        raise NotOpened("this is no file of age")
    return data


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(key)


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A recipient: "age1..."."""

    key: bytes

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """Raises ``NotAKey``."""
        key = unbech32(text, "age")
        if len(key) != 32:
            raise NotAKey("this key has another length than it should")
        return cls(key)

    def __str__(self) -> str:
        return bech32("age", self.key)

    def wrap(self, file_key: bytes) -> Stanza:
        ours = X25519PrivateKey.generate()
        share = _raw(ours.public_key())
        secret = ours.exchange(X25519PublicKey.from_public_bytes(self.key))
        wrapping = _hkdf(secret, share + self.key, _X25519_INFO)
        return Stanza(("X25519", _b64(share)), ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None))


@dataclass(frozen=True, slots=True)
class SecretKey:
    """An identity: "AGE-SECRET-KEY-1..."."""

    key: bytes

    @classmethod
    def make(cls) -> SecretKey:
        return cls(secrets.token_bytes(32))

    @classmethod
    def read(cls, text: str) -> SecretKey:
        """From a key, or a file of ``age-keygen`` with comments. Raises ``NotAKey``."""
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        if len(lines) != 1:
            raise NotAKey("one secret key is needed")
        key = unbech32(lines[0], "age-secret-key-")
        if len(key) != 32:
            raise NotAKey("this key has another length than it should")
        return cls(key)

    def __str__(self) -> str:
        return bech32("age-secret-key-", self.key).upper()

    @property
    def public(self) -> PublicKey:
        return PublicKey(_raw(X25519PrivateKey.from_private_bytes(self.key).public_key()))

    def unwrap(self, stanza: Stanza) -> bytes | None:
        if stanza.words[:1] != ("X25519",) or len(stanza.words) != 2 or len(stanza.body) != 32:
            return None
        share = _unb64(stanza.words[1])
        try:
            secret = X25519PrivateKey.from_private_bytes(self.key).exchange(X25519PublicKey.from_public_bytes(share))
            wrapping = _hkdf(secret, share + self.public.key, _X25519_INFO)
            return ChaCha20Poly1305(wrapping).decrypt(bytes(12), stanza.body, None)
        except (InvalidTag, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Both recipient and identity; a file sealed with one has no other recipient."""

    words: str

    def _key(self, salt: bytes, cost_log: int) -> bytes:
        return Scrypt(salt=_SCRYPT_SALT + salt, length=32, n=1 << cost_log, r=8, p=1).derive(self.words.encode())

    def wrap(self, file_key: bytes) -> Stanza:
        salt = secrets.token_bytes(16)
        sealed = ChaCha20Poly1305(self._key(salt, COST_LOG)).encrypt(bytes(12), file_key, None)
        return Stanza(("scrypt", _b64(salt), str(COST_LOG)), sealed)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        if stanza.words[:1] != ("scrypt",) or len(stanza.words) != 3 or len(stanza.body) != 32:
            return None
        salt, cost = _unb64(stanza.words[1]), stanza.words[2]
        if len(salt) != 16 or not cost.isascii() or not cost.isdigit() or not 1 <= int(cost) <= MOST_COST_LOG:
            raise NotOpened("this file asks for more work than is sound to open it")
        try:
            return ChaCha20Poly1305(self._key(salt, int(cost))).decrypt(bytes(12), stanza.body, None)
        except InvalidTag:
            return None


# --- header ---


def _header(stanzas: Sequence[Stanza]) -> bytes:
    """Up to and with the three dashes that the MAC follows."""
    lines = [INTRO]
    for one in stanzas:
        lines.append(("-> " + " ".join(one.words) + "\n").encode())
        text = _b64(one.body)
        rows = [text[at : at + 64] for at in range(0, len(text), 64)]
        if not rows or len(rows[-1]) == 64:
            rows.append("")
        lines.extend(row.encode() + b"\n" for row in rows)
    return b"".join(lines) + b"---"


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_hkdf(file_key, b"", b"header"), header, "sha256")


def _line(source: BinaryIO, left: int) -> bytes:
    line = source.readline(left)
    if not line.endswith(b"\n"):
        raise NotOpened("this is no file of age, or it was cut off")
    return line


def _read_header(source: BinaryIO) -> tuple[list[Stanza], bytes, bytes]:
    """Stanzas, the bytes the MAC covers, and the MAC."""
    taken = _line(source, len(INTRO) + 1)
    if taken != INTRO:
        raise NotOpened("this is no file of age")
    stanzas: list[Stanza] = []
    line = _line(source, 4096)
    while line.startswith(b"-> "):
        taken += line
        words = tuple(line[3:-1].decode("ascii", "replace").split(" "))
        text = ""
        while True:
            row = _line(source, 128)
            taken += row
            text += row[:-1].decode("ascii", "replace")
            if len(row) - 1 < 64:
                break
            if len(taken) > LONGEST_HEADER:
                raise NotOpened("this is no file of age")
        stanzas.append(Stanza(words, _unb64(text)))
        line = _line(source, 4096)
        if len(taken) > LONGEST_HEADER:
            raise NotOpened("this is no file of age")
    if not line.startswith(b"--- ") or not stanzas:
        raise NotOpened("this is no file of age")
    return stanzas, taken + b"---", _unb64(line[4:-1].decode("ascii", "replace"))


# --- payload ---


class Writer(io.RawIOBase):
    """Seals what is written to it into ``target``. Whole only after ``close``."""

    def __init__(self, target: BinaryIO, recipients: Sequence[Recipient]) -> None:
        file_key = secrets.token_bytes(16)
        header = _header([one.wrap(file_key) for one in recipients])
        nonce = secrets.token_bytes(16)
        target.write(header + b" " + _b64(_mac(file_key, header)).encode() + b"\n" + nonce)
        self._target, self._held, self._count = target, bytearray(), 0
        self._cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self._held += view
        # A chunk is kept back: the last one is marked as such, and is empty only in an empty file.
        while len(self._held) > CHUNK:
            self._chunk(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return view.nbytes

    def _chunk(self, data: bytes, *, last: bool) -> None:
        nonce = self._count.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
        self._target.write(self._cipher.encrypt(nonce, data, None))
        self._count += 1

    def close(self) -> None:
        if not self.closed:
            self._chunk(bytes(self._held), last=True)
        super().close()


def opened(source: BinaryIO, identities: Sequence[Identity]) -> Iterator[bytes]:
    """What is sealed in ``source``, chunk by chunk, each as soon as it is proven. Raises ``NotOpened``; whoever must
    not act on a file that was cut off reads to the end first."""
    stanzas, covered, mac = _read_header(source)
    file_key = next((key for who in identities for one in stanzas if (key := who.unwrap(one)) is not None), None)
    if file_key is None:
        raise NotOpened("this file is not for this key or passphrase")
    if not hmac.compare_digest(_mac(file_key, covered), mac):
        raise NotOpened("the head of this file was altered")
    nonce = source.read(16)
    cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
    return _payload(source, cipher)


def _payload(source: BinaryIO, cipher: ChaCha20Poly1305) -> Iterator[bytes]:
    count, chunk = 0, source.read(CHUNK + TAG)
    while True:
        following = source.read(CHUNK + TAG)
        last = not following
        nonce = count.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
        try:
            plain = cipher.decrypt(nonce, chunk, None)
        except (InvalidTag, ValueError):
            raise NotOpened("this file was cut off or altered") from None
        if last and not plain and count:
            raise NotOpened("this file was altered")
        yield plain
        if last:
            return
        count, chunk = count + 1, following
