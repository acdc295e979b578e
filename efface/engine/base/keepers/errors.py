"""What can go wrong when the installation key is wrapped or given back."""

from __future__ import annotations


class DoesNotOpen(ValueError):
    """The passphrase or service does not open this; nothing has changed."""


class KeeperUnavailable(RuntimeError):
    """The service cannot be asked now; the message says why."""
