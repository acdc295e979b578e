"""The live view of a run: the seven steps with their numbers, the virtual day, the last things that happened."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

import psycopg
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

#: Each step: what it is called, what is counted, and how.
STEPS: tuple[tuple[str, str, str], ...] = (
    ("enrol", "fingerprints", "SELECT count(*) FROM cases_fingerprint WHERE retired_at IS NULL"),
    ("search", "pictures met", "SELECT count(*) FROM search_media"),
    ("match", "candidates", "SELECT count(*) FROM search_match"),
    ("prove", "captures", "SELECT count(*) FROM evidence_capture"),
    ("notify", "notices sent", "SELECT count(*) FROM takedown_notice WHERE state IN ('sent', 'filed')"),
    ("verify", "gone, confirmed", "SELECT count(*) FROM search_finding WHERE state = 'gone-confirmed'"),
    ("watch", "came back", "SELECT coalesce(sum(episode - 1), 0) FROM search_finding"),
)


class View:
    """``show(now)`` refreshes the view, at most a few times a second. Without a terminal it prints a line a day."""

    def __init__(self, connection: psycopg.Connection[Any], start: datetime, days: int, console: Console) -> None:
        self.connection, self.start, self.days, self.console = connection, start, days, console
        self.lines: deque[str] = deque(maxlen=6)
        self.day = -1
        self.progress = Progress(TextColumn("day {task.completed} of {task.total}"), BarColumn(bar_width=None))
        self.task = self.progress.add_task("", total=days)
        self.live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> View:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def tell(self, line: str) -> None:
        self.lines.append(line)
        if not self.live:
            self.console.print(line, style="dim")

    def counts(self) -> dict[str, int]:
        counted = {}
        for name, _, query in STEPS:
            row = self.connection.execute(query.encode()).fetchone()
            counted[name] = int(row[0]) if row else 0
        return counted

    def show(self, now: datetime) -> None:
        day = (now - self.start).days
        if day == self.day:
            return
        self.day = day
        counts = self.counts()
        if not self.live:
            if day % 10 == 0:
                self.console.print(f"day {day}: " + ", ".join(f"{counts[name]} {words}" for name, words, _ in STEPS))
            return
        self.progress.update(self.task, completed=day)
        table = Table(expand=True, box=None, pad_edge=False)
        for name, _, _ in STEPS:
            table.add_column(name, justify="center", style="bold")
        table.add_row(*[str(counts[name]) for name, _, _ in STEPS])
        table.add_row(*[f"[dim]{words}[/dim]" for _, words, _ in STEPS])
        self.live.update(
            Panel(Group(self.progress, table, *self.lines), title="Efface", subtitle=f"{now:%d %B %Y %H:%M}")
        )
