"""Entries in the form of NCMEC's hash sharing (XML, version 2): read only. Material of minors is never kept here, so
nothing is ever written for it; what is read belongs into the child list, by which the crawl stops."""

from __future__ import annotations

import re
from datetime import datetime
from xml.parsers import expat

from efface.partners.exchange.contract import Adapter, Row, Unreadable

SPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
ENTRIES, GONE = ("image", "video"), ("deletedImage", "deletedVideo")
MOST_BYTES = 200_000_000
SHAPES = {"md5": re.compile(r"[0-9a-fA-F]{32}"), "pdq": re.compile(r"[0-9a-fA-F]{64}")}


class _Reader:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.path: list[str] = []
        self.text = ""
        self.found: dict[str, str] = {}
        self.seen = False

    def start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(" ")[2]
        if not self.path and name != f"{SPACE} queryResult":
            raise Unreadable("the file is no queryResult of hash sharing, version 2")
        self.seen = True
        self.path.append(local)
        self.text = ""
        if local in ENTRIES or local in GONE:
            self.found = {}

    def end(self, name: str) -> None:
        local = self.path.pop()
        if local in ("timestamp", *SHAPES) and (local == "timestamp" or self.path[-1:] == ["fingerprints"]):
            self.found.setdefault(local, self.text.strip())
        elif local in ENTRIES:
            self._keep()
        self.text = ""

    def data(self, text: str) -> None:
        if len(self.text) < 1000:
            self.text += text

    def _keep(self) -> None:
        try:
            at = datetime.fromisoformat(self.found.get("timestamp", "").replace("Z", "+00:00"))
        except ValueError:
            raise Unreadable(f"entry {len(self.rows) + 1} has no time") from None
        for kind, shape in SHAPES.items():
            value = self.found.get(kind, "")
            if value and not shape.fullmatch(value):
                raise Unreadable(f"entry {len(self.rows) + 1} has a {kind} that is none")
            if value:
                self.rows.append(Row(kind, value.lower(), at))


def _refuse(*_: object) -> None:
    raise Unreadable("the file declares entities, which no such list does")


def read(data: bytes) -> list[Row]:
    if len(data) > MOST_BYTES:
        raise Unreadable("the file is too long")
    parser, reader = expat.ParserCreate(namespace_separator=" "), _Reader()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.EntityDeclHandler = parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unreadable(f"the file is no XML (line {error.lineno})") from None
    return reader.rows


ADAPTER = Adapter("ncmec", "NCMEC hash sharing", ("md5", "pdq"), read, None, minors=True)
