"""The jobs of this room, found here by the worker."""

from efface.partners.delivering import deliver
from efface.partners.lookups import told

__all__ = ["deliver", "told"]
