"""What is known of the clock that a capture's moment was read from: whether the kernel's clock is kept by NTP and how
far it may be off, and later how far it was from the time-stamping authority's. Facts, no judgement."""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_UNSYNCHRONISED = 0x0040
_ERROR = 5


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2), as far as the fields that are read, and room for the rest."""

    _fields_ = [
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_char * 256),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kernel:
    """``state``: "synchronised", "not synchronised" or "unknown". ``most_off_s``: the kernel's bound of its error,
    seconds, None where it knows none."""

    state: str
    most_off_s: float | None = None


def kernel() -> Kernel:
    """Asks adjtimex(2), changing nothing. "unknown" where the system does not say (another system, a container)."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True)
        asked = _Timex(modes=0)
        answer = library.adjtimex(ctypes.byref(asked))
    except (OSError, AttributeError):
        return Kernel("unknown")
    if answer < 0:
        return Kernel("unknown")
    if answer == _ERROR or asked.status & _UNSYNCHRONISED:
        return Kernel("not synchronised")
    return Kernel("synchronised", round(asked.maxerror / 1_000_000, 6))


def at_capture(real: bool) -> dict[str, Any]:
    """``real``: the machine's own clock was read, and not the driven one of a demonstration."""
    if not real:
        return {"source": "driven clock of a demonstration"}
    found = kernel()
    return {"source": "clock of this machine", "ntp": found.state, "most_off_s": found.most_off_s}


def at_stamp(asked: datetime, answered: datetime, sworn: datetime) -> dict[str, Any]:
    """How far this machine's clock was from the authority's: ``sworn`` (genTime, RFC 3161, usually to the second) lies
    between ``asked`` and ``answered`` where both clocks agree."""
    offset = 0.0
    if sworn < asked:
        offset = (sworn - asked).total_seconds()
    elif sworn > answered:
        offset = (sworn - answered).total_seconds()
    return {
        "asked": asked.isoformat(), "answered": answered.isoformat(), "authority": sworn.isoformat(),
        "offset_s": round(offset, 3), "round_trip_s": round((answered - asked).total_seconds(), 3),
    }  # fmt: skip


def words(clock: dict[str, Any]) -> str:
    """One line for a page or a report."""
    said = [str(clock.get("source") or "clock not noted")]
    if clock.get("ntp"):
        most = clock.get("most_off_s")
        said.append(f"NTP: {clock['ntp']}" + (f", at most {most} s off" if most is not None else ""))
    stamp = clock.get("stamp")
    if isinstance(stamp, dict):
        said.append(f"{stamp.get('offset_s')} s from the authority's time (asked within {stamp.get('round_trip_s')} s)")
    return "; ".join(said)
