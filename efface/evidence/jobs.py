"""The jobs of this room, found here by the worker."""

from efface.evidence.capturing import capture
from efface.evidence.stamping import stamp

__all__ = ["capture", "stamp"]
