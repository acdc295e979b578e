"""Just enough DER (X.690) to write a time-stamp token."""

from __future__ import annotations


def tlv(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """SET OF: members in ascending order of their encodings, as DER demands."""
    return tlv(0x31, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(body: bytes) -> bytes:
    return tlv(0x04, body)


def null() -> bytes:
    return b"\x05\x00"


def oid(dotted: str) -> bytes:
    numbers = [int(part) for part in dotted.split(".")]
    body = bytearray([numbers[0] * 40 + numbers[1]])
    for number in numbers[2:]:
        chunk = [number & 0x7F]
        number >>= 7
        while number:
            chunk.append(0x80 | (number & 0x7F))
            number >>= 7
        body += bytes(reversed(chunk))
    return tlv(0x06, bytes(body))


def read(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """(tag, body, offset after) of the element at ``at``. Raises ``ValueError``."""
    try:
        tag, size, start = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("length")
            size = int.from_bytes(data[start : start + count], "big")
            start += count
    except IndexError:
        raise ValueError("truncated") from None
    body = data[start : start + size]
    if len(body) != size:
        raise ValueError("truncated")
    return tag, body, start + size


def elements(body: bytes) -> list[tuple[int, bytes]]:
    """The members of a constructed element."""
    found, at = [], 0
    while at < len(body):
        tag, inner, at = read(body, at)
        found.append((tag, inner))
    return found
