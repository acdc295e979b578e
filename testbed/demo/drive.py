"""Ninety virtual days: let everything finish, let the people act, move the clocks to the next thing that is due."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from testbed.demo.installation import Installation
from testbed.demo.world import World

QUIET_S = 180.0
#: Names of the processes a crash run kills.
VICTIMS = ("worker", "matcher", "scanner")


class Stuck(RuntimeError):
    """Work did not come to an end; the message says what is left."""


class Person(Protocol):
    """Somebody scripted. ``act`` does what there is to do and says how many things it did."""

    def act(self, now: datetime) -> int: ...


@dataclass
class Drive:
    """The driver of a run. ``show`` is told the moment after each step; ``office_hours`` is how often people look."""

    installation: Installation
    world: World
    people: list[Person]
    days: int
    show: Callable[[datetime], None]
    crashes: int = 0
    seed: int = 7
    office_hours: float = 12.0
    kills: list[str] = field(default_factory=list)
    ordered: int = 0
    strikes: list[threading.Thread] = field(default_factory=list)
    steps: int = 0
    waited_s: float = 0.0
    people_s: float = 0.0

    def run(self) -> None:
        start = self.world.start
        end = start + timedelta(days=self.days)
        now = start
        looked = start - timedelta(days=1)
        moments = self._moments_to_kill(start, end)
        while True:
            self._until_quiet(now)
            if now - looked >= timedelta(hours=self.office_hours):
                began = time.monotonic()
                while sum(person.act(now) for person in self.people):
                    self._until_quiet(now)
                self.people_s += time.monotonic() - began
                looked = now
            self.show(now)
            following = self._next(now, looked)
            if following > end:
                break
            while moments and moments[0] <= following:
                moments.pop(0)
                self._kill_soon()
            now = following
            self.steps += 1
            # The world first: what Efface then sees at this moment is the world of this moment.
            self.world.advance(now)
            self.installation.drive(now)
        for strike in self.strikes:
            strike.join(10)
        self._until_quiet(now)

    def _next(self, now: datetime, looked: datetime) -> datetime:
        candidates = [looked + timedelta(hours=24)]
        due, event = self.installation.next_due(), self.world.state()[1]
        if due is not None:
            candidates.append(due)
        if event is not None:
            # The world tells full seconds; a moment later it has surely happened.
            candidates.append(event + timedelta(seconds=1))
        return max(now, min(candidates))

    def _until_quiet(self, now: datetime) -> None:
        """Until no job waits or runs, nothing is due, every process is up, and no mail is under way."""
        began = time.monotonic()
        calm = 0
        while calm < 2:
            whole = self.installation.supervisor is not None and self.installation.supervisor.is_whole()
            if whole and self.installation.work_left(now) == 0 and self.world.state()[0]:
                calm += 1
            else:
                calm = 0
                time.sleep(0.02)
            if time.monotonic() - began > QUIET_S:
                raise Stuck(
                    f"work did not end: {self.installation.work_left(now)} jobs or deadlines left at {now:%d %b %H:%M}"
                )
        self.waited_s += time.monotonic() - began

    def _moments_to_kill(self, start: datetime, end: datetime) -> list[datetime]:
        chance = random.Random(self.seed * 1000 + 17)
        span = (end - start).total_seconds()
        return sorted(start + timedelta(seconds=chance.uniform(0.02, 0.6) * span) for _ in range(self.crashes))

    def _kill_soon(self) -> None:
        """SIGKILL a process a moment after the clock moves on, when it is at work."""
        chance = random.Random(self.seed + self.ordered + os.getpid())
        name = VICTIMS[self.ordered % len(VICTIMS)]
        self.ordered += 1

        def strike() -> None:
            time.sleep(chance.uniform(0.01, 0.3))
            assert self.installation.supervisor is not None
            for _ in range(100):
                if self.installation.supervisor.kill(name):
                    self.kills.append(name)
                    return
                time.sleep(0.05)

        self.strikes.append(threading.Thread(target=strike, daemon=True))
        self.strikes[-1].start()
