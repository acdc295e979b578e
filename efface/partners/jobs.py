"""The jobs of this room, found here by the worker."""

from efface.partners.delivering import deliver

__all__ = ["deliver"]
