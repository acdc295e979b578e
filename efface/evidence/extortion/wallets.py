"""Addresses that money is demanded to, told from other words by their own checksums. Pure.

Bitcoin (Base58Check, BIP 173 and 350), Litecoin, Dogecoin, Tron, Ripple (Base58Check), Ethereum (EIP-55), Monero
(CryptoNote Base58 with Keccak), IBAN (ISO 13616, mod 97) and payment cards (never: they are hers more often).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VERSIONS = {0x00: "bitcoin", 0x05: "bitcoin", 0x30: "litecoin", 0x32: "litecoin", 0x1E: "dogecoin", 0x16: "dogecoin",
             0x41: "tron"}  # fmt: skip
_WORD = re.compile(r"(?<![0-9A-Za-z])(?:(?:bc|ltc)1[0-9a-z]{6,87}|(?:BC|LTC)1[0-9A-Z]{6,87}|0x[0-9a-fA-F]{40}"
                   r"|[1-9A-HJ-NP-Za-km-z]{25,106})(?![0-9A-Za-z])")  # fmt: skip
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?:[ \u00a0]?[0-9A-Z]{2,4}){3,8}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Wallet:
    """``value`` as it is compared (no spaces), ``kind`` its network or "iban", ``certain``: its checksum holds."""

    value: str
    kind: str
    certain: bool
    start: int
    end: int


def find(text: str) -> list[Wallet]:
    """Every address in ``text`` whose checksum holds, and Ethereum addresses written without one."""
    found = []
    for word in _WORD.finditer(text):
        kind, certain = _kind(word[0])
        if kind:
            value = word[0].lower() if word[0][:3] in ("BC1", "LTC") else word[0]
            found.append(Wallet(value, kind, certain, word.start(), word.end()))
    for word in _IBAN.finditer(text):
        value, end = _iban(word[0])
        if value:
            found.append(Wallet(value, "iban", True, word.start(), word.start() + end))
    return sorted(found, key=lambda one: one.start)


def _kind(word: str) -> tuple[str, bool]:
    if word[:2] == "0x":
        plain = word[2:] in (word[2:].lower(), word[2:].upper())
        if plain:
            return "ethereum", False
        return ("ethereum", True) if eip55(word) else ("", False)
    lower = word.lower()
    if lower.startswith(("bc1", "ltc1")):
        return ("bitcoin" if lower[0] == "b" else "litecoin", True) if bech32(lower) else ("", False)
    if len(word) in (95, 106) and word[0] in "48":
        return ("monero", True) if monero(word) else ("", False)
    if 25 <= len(word) <= 36:
        version = base58check(word, _ALPHABET)
        if version in _VERSIONS:
            return _VERSIONS[version], True
        if word[0] == "r" and base58check(word, _RIPPLE) == 0:
            return "ripple", True
    return "", False


def base58check(word: str, alphabet: str) -> int:
    """The version byte of a 25-byte Base58Check value; -1 where its checksum does not hold."""
    number = 0
    for letter in word:
        at = alphabet.find(letter)
        if at < 0:
            return -1
        number = number * 58 + at
    zeros = len(word) - len(word.lstrip(alphabet[0]))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(raw) != 25:
        return -1
    digest = hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()
    return raw[0] if digest[:4] == raw[-4:] else -1


def bech32(word: str) -> bool:
    """BIP 173 (version 0) and BIP 350 (version 1 and later)."""
    prefix, _, data = word.rpartition("1")
    values = [_BECH32.find(letter) for letter in data]
    if len(data) < 8 or min(values) < 0 or len(word) > 90:
        return False
    check = 1
    spread = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    for value in spread + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check == (1 if values[0] == 0 else 0x2BC830A3) and values[0] <= 16


def eip55(word: str) -> bool:
    plain = word[2:].lower()
    digest = keccak256(plain.encode()).hex()
    return all(
        letter.isdigit() or letter == (low.upper() if int(nibble, 16) >= 8 else low)
        for letter, low, nibble in zip(word[2:], plain, digest, strict=False)
    )


_BLOCKS = {11: 8, 7: 5, 10: 7, 9: 6, 6: 4, 5: 3, 3: 2, 2: 1}


def monero(word: str) -> bool:
    raw = b""
    for start in range(0, len(word), 11):
        block = word[start : start + 11]
        size = _BLOCKS.get(len(block), 0)
        number = 0
        for letter in block:
            at = _ALPHABET.find(letter)
            if at < 0:
                return False
            number = number * 58 + at
        if not size or number >> (8 * size):
            return False
        raw += number.to_bytes(size, "big")
    return raw[0] in (18, 19, 42) and keccak256(raw[:-4])[:4] == raw[-4:]


def _iban(written: str) -> tuple[str, int]:
    """The longest beginning of ``written`` that is an IBAN, and where it ends there: words may follow."""
    parts = re.split(r"([ \u00a0])", written)
    for count in range(len(parts), 0, -2):
        text = "".join(parts[:count])
        value = text.replace(" ", "").replace("\u00a0", "")
        if 15 <= len(value) <= 34 and _mod97(value):
            return value, len(text)
    return "", 0


def _mod97(value: str) -> bool:
    turned = value[4:] + value[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


_ROUND = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
_TURN = (
    (0, 36, 3, 41, 18), (1, 44, 10, 45, 2), (62, 6, 43, 15, 61), (28, 55, 25, 21, 56), (27, 20, 39, 8, 14),
)  # fmt: skip
_64 = (1 << 64) - 1


def keccak256(data: bytes) -> bytes:
    """Keccak as Ethereum and Monero use it: SHA-3's sponge with the padding of before the standard."""
    rate = 136
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            at = start + 8 * lane
            state[lane % 5][lane // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        _permute(state)
    return b"".join(state[lane % 5][lane // 5].to_bytes(8, "little") for lane in range(4))


def _permute(a: list[list[int]]) -> None:
    for constant in _ROUND:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[(x - 1) % 5] ^ _turned(c[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = _turned(a[x][y] ^ d[x], _TURN[x][y])
        for x in range(5):
            for y in range(5):
                a[x][y] = b[x][y] ^ (~b[(x + 1) % 5][y] & _64 & b[(x + 2) % 5][y])
        a[0][0] ^= constant


def _turned(value: int, by: int) -> int:
    return (value << by | value >> (64 - by)) & _64 if by else value
