"""How a partner knows that news are ours and fresh. Pure; docs/partners.md has the same in words and a few lines of
code.

``Efface-Signature: t=SECONDS,v1=HEX[,v1=HEX]``: HMAC-SHA256 with the hook's secret over the seconds, a full stop and
the body. During a rotation there are two, one for each secret. A receiver refuses what is more than five minutes old.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

TOLERANCE_S = 300


def sign(secrets: Sequence[str], moment: datetime, body: bytes) -> str:
    stamp = int(moment.timestamp())
    return ",".join([f"t={stamp}", *(f"v1={_mac(secret, stamp, body)}" for secret in secrets)])


def check(secret: str, header: str, body: bytes, moment: datetime) -> bool:
    """What a receiver does. False for anything but a fresh signature of this body."""
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    if len(stamps) != 1 or not stamps[0].isdigit() or len(stamps[0]) > 12:
        return False
    stamp = int(stamps[0])
    if abs(moment.timestamp() - stamp) > TOLERANCE_S:
        return False
    wanted = _mac(secret, stamp, body)
    return any(hmac.compare_digest(wanted.encode(), value.encode()) for name, _, value in parts if name == "v1")


def _mac(secret: str, stamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
