"""Who keeps the installation key while it is locked away: a passphrase in somebody's head, or a key service.

One adapter, one folder; ``tests/engine/test_keepers.py`` is their contract. A new one is one line in ``keeper``.
"""

from __future__ import annotations

from typing import Protocol

from efface.engine.base import settings
from efface.engine.base.keepers.errors import DoesNotOpen, KeeperUnavailable

NAMES = ("passphrase", "transit")


class Keeper(Protocol):
    """Wraps a key so that only the keeper gives it back."""

    @property
    def name(self) -> str:
        """As it is called on the command line."""

    def wrap(self, key: bytes) -> dict[str, str]:
        """What is written down in place of the key. Raises ``KeeperUnavailable``."""

    def unwrap(self, wrapped: dict[str, str]) -> bytes:
        """Raises ``DoesNotOpen`` and ``KeeperUnavailable``."""


def keeper(name: str, passphrase: str = "") -> Keeper:
    """The keeper with this name. Raises ``settings.SettingError`` where it is not set up, ``ValueError`` for none."""
    if name == "passphrase":
        from efface.engine.base.keepers.passphrase import Passphrase

        return Passphrase(passphrase)
    if name == "transit":
        from efface.engine.base.keepers.transit import Transit

        return Transit.of(settings.get("kms_url"), settings.get("kms_key"))
    raise ValueError(f"no such keeper: {name}; there are {', '.join(NAMES)}")


__all__ = ["NAMES", "DoesNotOpen", "Keeper", "KeeperUnavailable", "keeper"]
