"""Identifiers: UUID version 7 (RFC 9562 section 5.7), so that rows sort by the time they were made."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta


def uuid7() -> uuid.UUID:
    """48 bits of Unix milliseconds, 74 random bits. The machine's own time, never the driven clock: an identifier
    says when a row was made here, not what a demo's calendar read."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | chance & ~(0xF << 76 | 0b11 << 62) | 0x7 << 76 | 0b10 << 62
    return uuid.UUID(int=value)


def born(id: uuid.UUID) -> datetime | None:
    """When a row with this identifier was made, by the machine's own time; None where it is none of ours."""
    if id.version != 7:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=id.int >> 80)
