"""How much was compared on a day, added up in memory and written once a minute: numbers, of no case and no person."""

from __future__ import annotations

import threading
from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

ADD = """
    INSERT INTO cases_comparedday (day, pictures, faces, pages) VALUES (%s, %s, %s, %s)
    ON CONFLICT (day) DO UPDATE SET pictures = cases_comparedday.pictures + excluded.pictures,
        faces = cases_comparedday.faces + excluded.faces, pages = cases_comparedday.pages + excluded.pages
"""


class Tally:
    """May be added to from several threads. What a killed matcher had not written is not counted: the numbers shown are
    "at least"."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0, 0, 0]

    def add(self, *, pictures: int = 0, faces: int = 0, pages: int = 0) -> None:
        with self._lock:
            for place, more in enumerate((pictures, faces, pages)):
                self._counts[place] += more

    def write(self, now: datetime) -> None:
        """Add what was counted to the day of ``now``. What cannot be written is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, [0, 0, 0]
        if not any(counts):
            return
        day: date = timezone.localtime(now).date()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(ADD, [day, *counts])
        except BaseException:
            self.add(pictures=counts[0], faces=counts[1], pages=counts[2])
            raise
