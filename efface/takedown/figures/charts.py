"""Charts as SVG, made here: no script, no stranger. They read without colour (patterns, labels at the bar); each has
a title and a description for who cannot see it; the page sets the same figures in a table below. Pure.

All is drawn 360 units wide, so that words keep their size on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

WIDTH = 360
Number = Callable[[int], str]
"""How the page's language writes whole numbers."""
PATTERNS = ("solid", "lines", "dots", "cross", "blank")
_ROW, _BAR = 44, 18


def _svg(name: str, height: float, title: str, description: str, body: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>{body}</svg>'
    )


def _patterns(name: str) -> str:
    marks = {
        "lines": '<path d="M0 6L6 0M-1 1L1 -1M5 7L7 5"/>', "dots": '<circle cx="3" cy="3" r="1.4"/>',
        "cross": '<path d="M0 0L6 6M0 6L6 0"/>', "blank": "",
    }  # fmt: skip
    made = "".join(
        f'<pattern id="{name}-{word}" class="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect class="ground" width="6" height="6"/>{mark}</pattern>'
        for word, mark in marks.items()
    )
    return f"<defs>{made}</defs>"


def _fill(name: str, number: int) -> str:
    word = PATTERNS[number % len(PATTERNS)]
    return 'class="measure solid"' if word == "solid" else f'class="measure" fill="url(#{name}-{word})"'


def bars(name: str, title: str, rows: Sequence[tuple[str, int | None]], few: str, number: Number = str) -> str:
    """One bar a row, its words above it and its number at its end; ``few`` stands where a number is kept back."""
    most = max((value or 0 for _label, value in rows), default=0) or 1
    parts, described = [_patterns(name)], []
    for place, (label, value) in enumerate(rows):
        top = place * _ROW
        said = few if value is None else number(value)
        long = 0.0 if value is None else value / most * (WIDTH - 90)
        described.append(f"{label}: {said}")
        parts.append(f'<text x="0" y="{top + 14}">{escape(label)}</text>')
        if value is None:
            parts.append(f'<text class="few" x="0" y="{top + 34}">{escape(said)}</text>')
            continue
        parts.append(f'<rect {_fill(name, place)} x="0.5" y="{top + 20}" width="{max(long, 1):.1f}" height="{_BAR}"/>')
        parts.append(f'<text class="number" x="{max(long, 1) + 7:.1f}" y="{top + 34}">{said}</text>')
    return _svg(name, max(len(rows), 1) * _ROW, title, "; ".join(described) + ".", "".join(parts))


def columns(
    name: str, title: str, rows: Sequence[tuple[str, int | None]], few: str, every: int = 1, number: Number = str
) -> str:
    """Upright bars along time. Each ``every``-th is named below; the highest and the last say their number."""
    values = [value or 0 for _label, value in rows]
    most, count = max(values, default=0) or 1, max(len(rows), 1)
    wide, high, top = (WIDTH - 4) / count, 110.0, 22.0
    parts, described = [_patterns(name)], []
    named = {values.index(most) if most in values else -1, len(rows) - 1}
    for place, (label, value) in enumerate(rows):
        left = 2 + place * wide
        described.append(f"{label}: {few if value is None else value}")
        if value is None:
            parts.append(f'<text class="few" x="{left + wide / 2:.1f}" y="{top + high - 4:g}" '
                         'text-anchor="middle">&lt;</text>')  # fmt: skip
        elif value:
            tall = max(value / most * high, 1)
            parts.append(f'<rect {_fill(name, 0)} x="{left + 1:.1f}" y="{top + high - tall:.1f}" '
                         f'width="{max(wide - 2, 1):.1f}" height="{tall:.1f}"/>')  # fmt: skip
        if place in named and value:
            anchor = "end" if place > count - 3 else "start" if place < 2 else "middle"
            at = left + (wide if anchor == "end" else 0 if anchor == "start" else wide / 2)
            y = top + high - max(value / most * high, 1) - 5
            parts.append(f'<text class="number" x="{at:.1f}" y="{y:.1f}" text-anchor="{anchor}">{number(value)}</text>')
        if (count - 1 - place) % every == 0:
            anchor = "end" if place > count - 2 and every > 1 else "middle"
            at = left + (wide if anchor == "end" else wide / 2)
            parts.append(f'<text class="axis" x="{at:.1f}" y="{top + high + 15:g}" '
                         f'text-anchor="{anchor}">{escape(_short(label))}</text>')  # fmt: skip
    parts.append(f'<path class="frame" d="M0 {top + high:g}H{WIDTH}"/>')
    return _svg(name, top + high + 22, title, "; ".join(described) + ".", "".join(parts))


def _short(label: str) -> str:
    """Days of a row of days without their year, which is in the table: "2026-02-17" as 02-17."""
    parts = label.split("-")
    return "-".join(parts[1:]) if len(parts) == 3 else label


def curve(name: str, title: str, points: Sequence[Sequence[float]], known: float, words: str) -> str:
    """``points`` as [day, share gone, low, high]: a line that rises by steps over days, its bounds hatched around it.
    The axis of days is even between the days named, not between days; ``words`` names the days' unit."""
    ticks = [0, *(day for day in (1, 3, 7, 14, 30, 60, 90, 180, 365) if day <= max(known, 1))]
    left, right, top, high = 38.0, WIDTH - 44.0, 12.0, 150.0

    def x(day: float) -> float:
        return left + ticks.index(int(day)) / max(len(ticks) - 1, 1) * (right - left)

    def y(share: float) -> float:
        return top + high * (1 - share)

    parts = [_patterns(name)]
    for share in (0.0, 0.5, 1.0):
        parts.append(f'<path class="grid" d="M{left:g} {y(share):g}H{right:g}"/><text class="axis" x="{left - 5:g}" '
                     f'y="{y(share) + 4:g}" text-anchor="end">{share:.0%}</text>')  # fmt: skip
    parts += [f'<text class="axis" x="{x(day):.1f}" y="{top + high + 16:g}" text-anchor="middle">{day}</text>'
              for day in ticks]  # fmt: skip
    parts.append(f'<text class="axis" x="{right:g}" y="{top + high + 32:g}" text-anchor="end">{escape(words)}</text>')
    usable = [one for one in points if int(one[0]) in ticks]
    if usable:
        line, low, up, before = [f"M{x(0):.1f} {y(0):.1f}"], [], [], (0.0, 0.0, 0.0)
        low.append((x(0), y(0)))
        up.append((x(0), y(0)))
        for day, share, least, most in usable:
            line.append(f"H{x(day):.1f}V{y(share):.1f}")
            low += [(x(day), y(before[1])), (x(day), y(least))]
            up += [(x(day), y(before[2])), (x(day), y(most))]
            before = (share, least, most)
        end = x(ticks[-1])
        line.append(f"H{end:.1f}")
        low.append((end, y(before[1])))
        up.append((end, y(before[2])))
        around = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*up, *reversed(low)])
        parts.append(f'<polygon class="band" fill="url(#{name}-dots)" points="{around}"/>')
        parts.append(f'<path class="line" d="{"".join(line)}"/>')
        parts.append(f'<text class="number" x="{end + 5:.1f}" y="{y(before[0]) + 4:.1f}">{before[0]:.0%}</text>')
    described = "; ".join(f"{int(one[0])}: {one[1]:.0%} ({one[2]:.0%}-{one[3]:.0%})" for one in usable)
    return _svg(name, top + high + 40, title, described + "." if described else title, "".join(parts))
