"""Every channel there is: the folders beside this file. Adding one touches nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from efface.law import NoticeType
from efface.law.select import PARTY_ROLE
from efface.takedown import channels as here
from efface.takedown.channels.contract import Channel


class NoChannel(LookupError):
    """No channel serves this notice type to this party. The message says which."""


@cache
def all_channels() -> Mapping[str, Channel]:
    """By id. Raises ``TypeError`` for a folder without a ``CHANNEL``, and for one that is called otherwise."""
    found: dict[str, Channel] = {}
    for one in sorted(pkgutil.iter_modules(here.__path__), key=lambda module: module.name):
        if not one.ispkg:
            continue
        channel = getattr(importlib.import_module(f"{here.__name__}.{one.name}"), "CHANNEL", None)
        if not isinstance(channel, Channel) or channel.id != one.name:
            raise TypeError(f"channels/{one.name}: its package holds no CHANNEL of that name")
        found[one.name] = channel
    return MappingProxyType(found)


def channel(id: str) -> Channel:
    """Raises ``NoChannel``."""
    found = all_channels().get(id)
    if found is None:
        raise NoChannel(f"there is no channel {id!r}")
    return found


def serving(notice: NoticeType, role: str, via: str = "", desk: str = "") -> list[Channel]:
    """Those that can bring this notice to a party of this role, the fittest first. ``role`` is the law's word or the
    dossier's; ``via`` "": any way the notice type can go."""
    ways = (via,) if via else notice.via
    words = {role, PARTY_ROLE.get(role, role)}
    fit = [
        one for one in all_channels().values()
        if any(one.serves(notice.id, word, way, desk) for word in words for way in ways)
    ]  # fmt: skip
    return sorted(fit, key=lambda one: (desk not in one.desks, one.first, one.id))


def choose(notice: NoticeType, role: str, via: str = "", desk: str = "") -> Channel:
    """The channel a notice goes by. Raises ``NoChannel``."""
    fit = serving(notice, role, via, desk)
    if not fit:
        raise NoChannel(f"no channel brings {notice.id} to a {role}{' by ' + via if via else ''}")
    return fit[0]
