"""A passphrase that somebody knows: scrypt (RFC 7914; N=2^16, r=8, p=1: 64 MB, a fifth of a second) and AES-256-GCM."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from efface.engine.base import sealing
from efface.engine.base.keepers.errors import DoesNotOpen

LEAST = 12
"""Characters of a passphrase."""
COST = 2**16
_CONTEXT = "keeper/passphrase"


class TooShort(ValueError):
    """The message says how long it has to be."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    passphrase: str
    name: str = "passphrase"

    def wrap(self, key: bytes) -> dict[str, str]:
        """Raises ``TooShort``."""
        if len(self.passphrase) < LEAST:
            raise TooShort(f"a passphrase has at least {LEAST} characters; five words that nobody would guess are good")
        salt = secrets.token_bytes(16)
        sealed = sealing.seal(self._derived(salt, COST), key, _CONTEXT)
        return {"salt": _text(salt), "cost": str(COST), "sealed": _text(sealed)}

    def unwrap(self, wrapped: dict[str, str]) -> bytes:
        try:
            salt, sealed, cost = _bytes(wrapped["salt"]), _bytes(wrapped["sealed"]), int(wrapped["cost"])
            if cost > 2**20 or cost < 2 or cost & (cost - 1):
                raise ValueError(cost)
            return sealing.unseal(self._derived(salt, cost), sealed, _CONTEXT)
        except (KeyError, ValueError):
            raise DoesNotOpen("this passphrase does not open it; nothing has changed") from None

    def _derived(self, salt: bytes, cost: int) -> bytes:
        return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(self.passphrase.encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
