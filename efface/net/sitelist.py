"""A list of sites from elsewhere: CSV with or without a header, JSON, or one address a line. Read as hostile input.

What a line means is told by its words; whether it names a public site is asked by whoever keeps them. A bad line costs
itself only and is reported with its number.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 12_000_000
"""Less than ``efface.net.protocol.MAX_FRAME``: the decoder hands the list back as one message."""
MOST_ROWS = 100_000
MOST_PROBLEMS = 1_000
_MOST_CELL = 400
_MOST_LINE = 20_000
_COMPRESSED = {b"PK\x03\x04": "a ZIP or Excel file", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz",
               b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"\x28\xb5\x2f\xfd": "zstd", b"%PDF": "a PDF",
               b"\xd0\xcf\x11\xe0": "an old Office file"}  # fmt: skip

#: Names a column may have -> what it holds. Compared without case, blanks and signs.
_NAMES = {
    "address": {"url", "site", "domain", "website", "link", "address", "host", "hostname", "homepage", "uri", "page",
                "startdomain", "webseite", "adresse", "domaene", "domäne", "seite", "sitio", "dominio", "enlace",
                "web"},
    "kind": {"type", "kind", "category", "typ", "art", "kategorie", "tipo", "categoria", "categoría"},
    "hostility": {"hostility", "behaviour", "behavior", "conduct", "verhalten", "comportamiento"},
    "country": {"country", "land", "pais", "país", "cc"},
}  # fmt: skip


class ListError(ValueError):
    """The file is not a list of sites; the message says what would do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line that may name a site, as it stands in the file, every part cut to ``400`` characters."""

    line: int
    address: str
    kind: str = ""
    hostility: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class SiteList:
    """``form`` is csv, json or lines; ``problems`` are cut at ``MOST_PROBLEMS``, ``bad`` counts all of them."""

    form: str
    encoding: str
    rows: list[Row]
    problems: list[Problem]
    bad: int = 0


class _Reader:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.bad = 0

    def add(self, line: int, address: str, **more: str) -> None:
        if len(self.rows) >= MOST_ROWS:
            raise ListError(f"more than {MOST_ROWS} lines; please split the file")
        found = {name: _cell(value) for name, value in more.items()}
        self.rows.append(Row(line, _cell(address), **found))

    def trouble(self, line: int, why: str) -> None:
        self.bad += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line, why))


def parse(data: bytes) -> SiteList:
    """The lines of a file. Raises ``ListError`` where there is no list in it at all."""
    if len(data) > MOST_BYTES:
        raise ListError(f"larger than {MOST_BYTES // 1_000_000} megabytes; please split the file")
    for magic, name in _COMPRESSED.items():
        if data.startswith(magic):
            raise ListError(f"this is {name}; please unpack it, or save it as CSV or text")
    text, encoding = decode(data)
    if not text.strip():
        raise ListError("the file is empty")
    reader = _Reader()
    if text.lstrip()[:1] in "[{":
        form = _json(text, reader)
    elif _is_table(text):
        form = _csv(text, reader)
    else:
        form = _lines(text, reader)
    return SiteList(form, encoding, reader.rows, reader.problems, reader.bad)


def to_wire(found: SiteList) -> dict[str, Any]:
    """As plain lists, which are shorter than objects."""
    return {
        "form": found.form, "encoding": found.encoding, "bad": found.bad,
        "rows": [[row.line, row.address, row.kind, row.hostility, row.country] for row in found.rows],
        "problems": [[one.line, one.why] for one in found.problems],
    }  # fmt: skip


def from_wire(given: Any) -> SiteList:
    """The inverse. Whoever read the file is no more to be believed than the file. Raises ``ListError``."""
    if isinstance(given, dict) and isinstance(given.get("error"), str):
        raise ListError(given["error"][:300])
    try:
        rows = [_row(one) for one in given["rows"][:MOST_ROWS]]
        problems = [Problem(int(line), str(why)[:200]) for line, why in given["problems"][:MOST_PROBLEMS]]
        return SiteList(str(given["form"])[:8], str(given["encoding"])[:20], rows, problems, int(given["bad"]))
    except (TypeError, KeyError, ValueError, IndexError):
        raise ListError("could not be read") from None


def _row(given: Any) -> Row:
    line, *words = given
    address, kind, hostility, country = (str(word)[:_MOST_CELL] for word in words)
    return Row(int(line), address, kind, hostility, country)


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: by its mark, else UTF-8, else UTF-16 where every second byte is none, else
    Windows-1252. Raises ``ListError`` for what is no text."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                       (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if data.startswith(mark):
            try:
                return data.decode("utf-8-sig" if name == "utf-8" else name), name
            except UnicodeDecodeError:
                raise ListError(f"the file says that it is {name}, and is not; please save it as UTF-8") from None
    try:
        text, encoding = data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data.decode("cp1252", "replace"), "windows-1252"
    if "\0" in text:
        for name, place in (("utf-16-le", 1), ("utf-16-be", 0)):
            if data[place : 2000 : 2].count(0) > len(data[:2000]) // 3:
                try:
                    return data.decode(name), name
                except UnicodeDecodeError:
                    break
        raise ListError("this is no text file")
    return text, encoding


def _cell(value: str) -> str:
    return " ".join(value.split())[:_MOST_CELL]


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(re.split(r"\r\n|\r|\n", text), 1)


def _lines(text: str, reader: _Reader) -> str:
    for number, line in _numbered(text):
        line = line.strip().strip("\ufeff")
        if not line or line.startswith(("#", "//")):
            continue
        if len(line) > _MOST_LINE:
            reader.trouble(number, "the line is too long to be an address")
            continue
        reader.add(number, line)
    return "lines"


def _heads(text: str) -> list[str]:
    """The first lines that hold anything."""
    found = []
    for _number, line in _numbered(text[:50_000]):
        if line.strip() and not line.startswith("#"):
            found.append(line)
        if len(found) >= 20:
            break
    return found


def _delimiter(lines: list[str]) -> str:
    """The sign that parts most lines, most evenly; "" for none."""
    best = ("", 0.0)
    for sign in ("\t", ";", ",", "|"):
        counts = [line.count(sign) for line in lines]
        parted = sum(1 for count in counts if count)
        even = max((counts.count(count) for count in set(counts) if count), default=0)
        if parted >= max(1, len(lines) * 0.6) and parted + even > best[1]:
            best = (sign, float(parted + even))
    return best[0]


def _is_table(text: str) -> bool:
    lines = _heads(text)
    return bool(_delimiter(lines)) or (bool(lines) and _column(lines[0].strip().strip('"')) == "address")


def _column(name: str) -> str:
    plain = re.sub(r"[^\w]|_|\d", "", name.casefold())
    return next((column for column, names in _NAMES.items() if plain in names), "")


def _looks(cell: str) -> bool:
    """May this be a web address or domain? Only to guess which column holds them."""
    cell = cell.strip()
    return bool(re.fullmatch(r"(?:https?://)?[^\s/@,;]+\.[^\s/@,;.]{2,}(?::\d+)?(?:/\S*)?", cell, re.IGNORECASE))


def _csv(text: str, reader: _Reader) -> str:
    heads = _heads(text)
    sign = _delimiter(heads) or ","
    csv.field_size_limit(_MOST_LINE)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=False)
    columns: dict[str, int] = {}
    while True:
        line = table.line_num + 1
        try:
            cells = next(table)
        except StopIteration:
            break
        except csv.Error as error:
            reader.trouble(line, f"not readable as CSV ({str(error)[:80]})")
            continue
        if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
            continue
        if not columns:
            columns, header = _columns(cells, heads, sign)
            if header:
                continue
        _csv_row(line, cells, columns, reader)
    return "csv"


def _columns(cells: list[str], heads: list[str], sign: str) -> tuple[dict[str, int], bool]:
    """Where what stands, and whether ``cells`` are the header. Without a header the column with most addresses is the
    one. Raises ``ListError`` where there is none."""
    named: dict[str, int] = {}
    for place, cell in enumerate(cells[:100]):
        column = _column(cell)
        if column and column not in named and not _looks(cell):
            named[column] = place
    rows = [next(csv.reader([line], delimiter=sign), []) for line in heads]
    if "address" in named:
        return named, True
    width = max((len(row) for row in rows), default=0)
    counts = [sum(1 for row in rows if place < len(row) and _looks(row[place])) for place in range(min(width, 100))]
    if not counts or not max(counts):
        raise ListError("no column holds addresses or domains; please name it “url” or “domain” in the first line")
    place = counts.index(max(counts))
    header = place >= len(cells) or not _looks(cells[place])
    return {**(named if header else {}), "address": place}, header


def _csv_row(line: int, cells: list[str], columns: dict[str, int], reader: _Reader) -> None:
    def cell(name: str) -> str:
        place = columns.get(name, -1)
        return cells[place] if 0 <= place < len(cells) else ""

    if not cell("address").strip():
        reader.trouble(line, "no address in this line")
        return
    reader.add(line, cell("address"), kind=cell("kind"), hostility=cell("hostility"), country=cell("country"))


def _json(text: str, reader: _Reader) -> str:
    """A list of addresses or of objects, an object that holds one, or one object a line."""
    try:
        found: Any = json.loads(text)
    except RecursionError:
        raise ListError("the JSON is nested too deeply for a list of sites") from None
    except ValueError as error:
        if text.lstrip()[:1] == "{" and "\n" in text.strip():
            return _json_lines(text, reader)
        line = getattr(error, "lineno", 1)
        raise ListError(f"not valid JSON (line {line})") from None
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [found])
    for number, item in enumerate(found, 1):
        _item(number, item, reader)
    return "json"


def _json_lines(text: str, reader: _Reader) -> str:
    for number, line in _numbered(text):
        if line.strip():
            try:
                _item(number, json.loads(line), reader)
            except (ValueError, RecursionError) as error:
                if isinstance(error, ListError):
                    raise
                reader.trouble(number, "not valid JSON")
    return "json"


def _item(number: int, item: Any, reader: _Reader) -> None:
    if isinstance(item, str):
        reader.add(number, item)
        return
    if not isinstance(item, dict):
        reader.trouble(number, "neither an address nor an object")
        return
    found: dict[str, str] = {}
    for name, value in item.items():
        column = _column(str(name)[:60])
        if column and column not in found and isinstance(value, str):
            found[column] = value
    address = found.pop("address", "")
    if not address.strip():
        reader.trouble(number, "no “url” or “domain” in this entry")
        return
    reader.add(number, address, **found)
