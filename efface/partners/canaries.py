"""Hashes that belong to no picture: one is put into every list that is handed out, another for each recipient. Nobody
who asks about uploads ever comes upon one; who does asks from a list, and its hash says from whose.

Made from the installation's key: nothing is stored, and nobody else can tell them from others. Half of the bits are
set, as in a hash of a picture.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import uuid
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from efface.engine.base import sealing

BITS = 256
OWN = "own"
RECIPIENTS = ("stopncii", "ncmec", OWN)
"""Who a list may go to (``exchange``); ``OWN`` is in no list at all: only somebody who reads the database has it."""


def of(organisation: uuid.UUID, recipient: str) -> str:
    """64 hexadecimal digits, always the same for the same recipient."""
    return _made(sealing.derive("canaries"), organisation, recipient)


@lru_cache(maxsize=256)
def _made(key: bytes, organisation: uuid.UUID, recipient: str) -> str:
    seed = hmac.new(key, organisation.bytes + recipient.encode(), hashlib.sha256).digest()
    set_bits = random.Random(seed).sample(range(BITS), BITS // 2)
    return f"{sum(1 << bit for bit in set_bits):064x}"


def known(organisation: uuid.UUID) -> NDArray[np.uint64]:
    """All of an organisation, as rows of four numbers."""
    joined = "".join(of(organisation, one) for one in RECIPIENTS)
    return np.frombuffer(bytes.fromhex(joined), dtype=">u8").astype(np.uint64).reshape(-1, 4)
