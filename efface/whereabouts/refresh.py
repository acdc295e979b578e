"""A fresher snapshot from its publisher: fetched inside the fetcher, over the egress guard, checked on both sides."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from efface.net.client import Fetcher
from efface.net.fetch import Session
from efface.net.guard import Guard
from efface.net.protocol import Limits
from efface.whereabouts import snapshot_shapes, snapshots

LIMITS = Limits(total_s=40.0, page_bytes=6_000_000, inflated_bytes=6_000_000, redirects=2)


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """``name`` of a snapshot that has a publisher; ``now`` an ISO moment; ``shrunk`` takes a much smaller one."""

    name: str
    now: str
    shrunk: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotAnswer:
    """``kept`` is the snapshot as JSON, "" where there is none: then ``words`` say why."""

    kept: str = ""
    words: str = ""
    unreachable: bool = False


async def fetch(request: SnapshotRequest, guard: Guard) -> SnapshotAnswer:
    """The fetcher's operation. What is good is used by this process from then on. The address comes from our own table,
    never from the request."""
    one = snapshots.BY_NAME.get(request.name)
    if one is None or not one.url:
        return SnapshotAnswer(words=f"{request.name[:40]} has no publisher to ask")
    answers = []
    for url in (one.url, *one.parts):
        async with Session(guard, LIMITS) as session:
            fetched = await session.get(url, want="text")
        if not fetched.ok:
            reason = fetched.facts.error or f"status {fetched.facts.status}"
            return SnapshotAnswer(
                words=f"{one.name}: {url} gave no answer ({reason}); nothing changed", unreachable=True
            )
        if fetched.clipped:
            return SnapshotAnswer(words=f"{one.name}: {url} sent more than it should; nothing changed")
        answers.append(fetched.body.decode("utf-8", "replace"))
    try:
        moment = datetime.fromisoformat(request.now)
        kept = await asyncio.to_thread(snapshots.content, one, answers, moment, request.shrunk)
    except (snapshots.SnapshotError, ValueError) as error:
        return SnapshotAnswer(words=str(error))
    snapshots.adopt(one.name, kept)
    return SnapshotAnswer(kept=json.dumps(kept))


def refresh(fetcher: Fetcher, folder: Path, name: str, now: datetime, shrunk: bool = False) -> SnapshotAnswer:
    """Ask for one snapshot and keep it in ``folder``. What comes back is checked again: the fetcher meets strangers.
    Raises ``FetcherError`` and ``SnapshotError``."""
    one = snapshots.BY_NAME.get(name)
    if one is None:
        raise snapshots.SnapshotError(f"there is no snapshot {name}; efface data list names them")
    answer = fetcher.ask("snapshot", SnapshotRequest(name, now.isoformat(), shrunk), SnapshotAnswer)
    if not answer.kept:
        return answer
    try:
        content = json.loads(answer.kept)["content"]
        snapshot_shapes.check(content)
    except (ValueError, LookupError, TypeError, RecursionError):
        raise snapshots.SnapshotError(f"{name}: the fetcher's answer is no snapshot; nothing changed") from None
    kept = {"name": one.name, "url": one.url, "fetched": now.date().isoformat(), "content": content}
    snapshots.keep(folder, kept)
    return SnapshotAnswer(answer.kept, f"{name}: {snapshot_shapes.size(content)} entries of today")
