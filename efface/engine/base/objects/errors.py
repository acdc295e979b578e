"""What may go wrong with any store."""

from __future__ import annotations


class ObjectMissing(LookupError):
    """The object store does not have it."""


class StoreUnavailable(OSError):
    """The store could not be reached, or refused; the message says which and why. Trying later may help."""
