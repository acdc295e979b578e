"""The jobs of this room, found here by the worker."""

from efface.takedown.channels.ticket.tickets import ask, submit
from efface.takedown.figures.keeping import count
from efface.takedown.holding import retarget
from efface.takedown.inbox import read
from efface.takedown.planning import advance
from efface.takedown.verifying import check

__all__ = ["advance", "ask", "check", "count", "read", "retarget", "submit"]
