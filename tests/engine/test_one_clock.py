"""There is one clock: nothing in the rooms asks the machine for the time of day, and no SQL does."""

from __future__ import annotations

import re
from pathlib import Path

ROOMS = Path(__file__).parents[2] / "efface"
FORBIDDEN = {
    "datetime.now(": re.compile(r"datetime\.now\("),
    "datetime.utcnow(": re.compile(r"utcnow\("),
    "timezone.now(": re.compile(r"timezone\.now\("),
    "date.today(": re.compile(r"date\.today\("),
    "time.time(": re.compile(r"\btime\.time\("),
    "auto_now": re.compile(r"auto_now"),
    "SQL now()": re.compile(r"(?i)(?<![.\w])now\(\)\s*(?:[-+<>=,)'\"]|AT TIME)|CURRENT_TIMESTAMP"),
}
#: Where the machine's own time is what is meant.
ALLOWED = {
    ("engine/base/clock.py", "datetime.now("),  # the clock itself
    ("engine/base/clock.py", "SQL now()"),  # its own definition
    ("cli/installation.py", "datetime.now("),  # when an installation was made
    ("cli/law.py", "datetime.now("),  # which entries are due to be read again; needs no installation
}


def offences() -> list[str]:
    found = []
    for path in sorted(ROOMS.rglob("*.py")):
        name = path.relative_to(ROOMS).as_posix()
        if "/migrations/" in name:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "clock.now()" in line:
                line = line.replace("clock.now()", "")
            for words, pattern in FORBIDDEN.items():
                if pattern.search(line) and (name, words) not in ALLOWED:
                    found.append(f"{name}:{number}: {words}")
    return found


def test_nobody_asks_another_clock() -> None:
    assert offences() == []


def test_the_search_sees_an_offence() -> None:
    assert FORBIDDEN["datetime.now("].search("    moment = datetime.now(UTC)")
    assert FORBIDDEN["SQL now()"].search("SELECT * FROM x WHERE due < now() - interval '1 day'")
    assert FORBIDDEN["auto_now"].search("models.DateTimeField(auto_now_add=True)")
