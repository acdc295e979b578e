"""A WHOIS answer as text and lines: any encoding, no character that could fool an eye or a terminal, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from efface.whereabouts import whois_words as words

LARGEST = 64 * 1024
MOST_LINES = 2_000
LONGEST_LINE = 1_000
#: Encodings of older answers by suffix, where it is neither UTF-8 nor Latin.
_BY_SUFFIX = {
    "kr": "euc-kr", "jp": "iso2022_jp_ext", "ru": "koi8-r", "su": "koi8-r", "cn": "gb18030", "tw": "big5", "hk": "big5",
    "tr": "iso8859-9", "ua": "koi8-u", "gr": "iso8859-7", "il": "iso8859-8", "pl": "iso8859-2", "hu": "iso8859-2",
    "cz": "iso8859-2", "sk": "iso8859-2", "rs": "cp1250", "hr": "cp1250", "bg": "cp1251", "kz": "cp1251",
}  # fmt: skip
#: Controls, bidirectional overrides and isolates, zero-width characters, line separators, the byte order mark, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_COMMENT = re.compile(r"^\s*(?:%|#(?![\w-]*:)|;)+[-\s]*")
_BRACKET = re.compile(r"^\s*(?:[a-z]\.?\s{0,3})?\[([^\s\]][^\]]{0,59})\]\s*(.*)$")
_KEY = re.compile(r"^[\s*>\-]{0,40}([^\W\d_][^:：\t]{0,59}?|\d차[^:：\t]{1,30})[\s.]{0,60}[:：]\s*(.*)$")
_NAME = re.compile(r"\S*[a-z0-9]\.[a-z0-9]{1,63}\.?[a-z]", re.IGNORECASE)
#: RWHOIS (RFC 2167): class, attribute, value.
_CLASS = re.compile(r"^[a-z]{3,12}:([A-Z][A-Za-z-]{2,40})(?:;I)?:\s{0,3}(\S.*)$")
_GAP = re.compile(r"^\s*([^\W\d_][\w /()-]{1,40}?)(?:\t+| {2,40})(\S.*)$")


@dataclass(frozen=True, slots=True)
class Line:
    """``key`` is normalised ("" for free text), ``value`` what stands after it; ``owner`` says whose words these are
    (a section of ``whois.yaml``, "" for the domain itself); ``block`` counts paragraphs; ``written`` is the key as it
    stands there."""

    number: int
    indent: int
    key: str
    written: str
    value: str
    owner: str
    block: int
    comment: bool = False
    #: The title of a section, or the first key of an object; ``bare`` where nothing stands beside it.
    title: bool = False
    bare: bool = False


def decode(data: bytes, suffix: str = "") -> str:
    """Never raises. What no encoding explains is read as Latin, so that no byte can hide its neighbours."""
    data = data[:LARGEST]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return clean(data.decode("utf-16", "replace"))
    if b"\x1b$" in data or b"\x1b(" in data:
        return clean(data.decode("iso2022_jp_ext", "replace"))
    try:
        # An answer may be cut in the middle of its last character.
        return clean(data.decode("utf-8", "strict" if len(data) < LARGEST else "ignore"))
    except UnicodeDecodeError:
        pass
    for encoding in filter(None, (_BY_SUFFIX.get(suffix.rpartition(".")[2], ""),)):
        try:
            return clean(data.decode(encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    return clean(data.decode("cp1252", "replace"))


def clean(text: str) -> str:
    """Without controls and direction tricks; every kind of line end becomes one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\xa0", " ")
    return _UNSEEN.sub("", text)


def lines(text: str) -> list[Line]:
    """The lines that say something, each with its key and whose words they are."""
    reader = _Reader()
    return [line for number, row in enumerate(text.split("\n")[:MOST_LINES]) for line in reader.read(number, row)]


class _Reader:
    """Walks down an answer and knows in whose section it is. A blank line ends a section, unless only its title stands
    above it. In a contact's section nothing that is indented deeper than its title opens another one: an address may
    hold any words."""

    def __init__(self) -> None:
        self.owner = ""
        self.indent = 0
        self.titled = False
        self.block = 0
        self.first = True

    def read(self, number: int, row: str) -> Iterator[Line]:
        row = row[:LONGEST_LINE].rstrip().expandtabs(8)
        bare = _COMMENT.sub("", row)
        comment = bool(bare != row and len(bare) < len(row.lstrip()))
        if not bare.strip(" =-*_#%~"):
            if not comment and not self.first:
                self.block += 1
                self.first = True
            if not comment and not self.titled:
                self.owner = ""
            return
        indent = len(row) - len(row.lstrip())
        key, written, value = _parts(bare)
        beside = bool(key and value)
        title = self._open(key or _flat(bare), bool(key), beside, indent)
        if title or not comment:
            self.titled = title and not beside
            yield Line(number, indent, key, written, value, self._owner(key), self.block, comment, title, self.titled)
            self.first = False
        else:
            yield Line(number, indent, key, written, value, "", self.block, comment)

    def _owner(self, key: str) -> str:
        if not key or (self.owner and words.inner(key, self.owner)):
            return self.owner
        return words.owner(key) or self.owner

    def _open(self, key: str, is_key: bool, has_value: bool, indent: int) -> bool:
        """Does this line open a section? Then whose words follow is changed."""
        name = words.section(key)
        if not key or (is_key and not name and words.owner(key)):
            return False
        inside = self.owner in words.CONTACTS and not self.first and indent > self.indent
        if has_value:
            return not inside and self._beside(key, name, indent)
        if inside:
            return False
        if name and not (self.owner and not self.first and words.inner(key, self.owner)):
            self.owner, self.indent = name, indent
            return True
        if is_key and not words.field(key) and not name and indent <= self.indent and self.first:
            self.owner, self.indent = "other", indent
            return True
        return False

    def _beside(self, key: str, name: str, indent: int) -> bool:
        """A title with a value beside it: the first key of an object, or a contact's name and what follows it."""
        if not name or (self.owner and not self.first and words.inner(key, self.owner)):
            return False
        if self.titled and self.owner and name in words.CONTACTS:
            return False
        if words.field(key) == "domain":
            self.owner, self.indent = "", indent
            return False
        if name == "registrar" or (name in words.CONTACTS and (self.first or (" " in key and not key.endswith(" c")))):
            self.owner, self.indent = name, indent
            return True
        if self.owner == "registrar" and name in words.CONTACTS:
            self.owner = ""
        return False


def _flat(row: str) -> str:
    row = row.strip("*>-: \t")
    return words.plain(row) if len(row) <= 60 else ""


def _parts(row: str) -> tuple[str, str, str]:
    """(normalised key, key as written, value); no key: ("", "", the whole line)."""
    match = _CLASS.match(row) or _BRACKET.match(row) or _KEY.match(row)
    if match and not match[1].lower().endswith(("http", "https", "ftp")) and not _NAME.match(match[1]):
        return words.plain(match[1]), match[1].strip(), match[2].strip()
    match = _GAP.match(row)
    if match and words.known(words.plain(match[1])):
        return words.plain(match[1]), match[1].strip(), match[2].strip()
    flat = row.strip(" .*>-")
    lowered = flat.lower()
    for phrase in words.phrases():
        if lowered.startswith(phrase + " "):
            return phrase, flat[: len(phrase)], flat[len(phrase) :].strip(" .:")
    return "", "", row.strip()
