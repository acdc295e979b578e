"""The jobs of this room, found here by the worker."""

from efface.evidence.capturing import capture
from efface.evidence.packs.making import make
from efface.evidence.sealed_copies import seal
from efface.evidence.stamping import stamp

__all__ = ["capture", "make", "seal", "stamp"]
