"""What a page's own script would write: the few string operations by which addresses are put together, worked out
without running anything. Bounded in length, in rounds and in what a literal may hold."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from urllib.parse import unquote

LONGEST = 60_000
ROUNDS = 4
MOST_NAMES = 200
_LITERAL = r"\"(?:[^\"\\\n]|\\.){0,600}\"|'(?:[^'\\\n]|\\.){0,600}'|`(?:[^`\\$]|\\.){0,600}`"
_STRING = re.compile(_LITERAL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{1,3})|(.))", re.DOTALL)
_ARRAY_JOIN = re.compile(
    rf"\[\s*((?:(?:{_LITERAL})\s*,?\s*){{1,80}})\]\s*(\.\s*reverse\s*\(\s*\)\s*)?\.\s*join\s*\(\s*({_LITERAL})?\s*\)"
)
_CODES = re.compile(r"String\s*\.\s*fromCharCode\s*(?:\.apply\s*\(\s*\w*\s*,\s*\[|\()([\s\d,xa-fA-F]{1,2000})\]?\s*\)")
_ATOB = re.compile(rf"\b(?:window\s*\.\s*)?atob\s*\(\s*({_LITERAL})\s*\)")
_UNESCAPE = re.compile(rf"\b(?:unescape|decodeURIComponent|decodeURI)\s*\(\s*({_LITERAL})\s*\)")
_BACKWARDS = re.compile(
    rf"({_LITERAL})\s*\.\s*split\s*\(\s*(?:''|\"\")\s*\)\s*\.\s*reverse\s*\(\s*\)\s*\.\s*join\s*\(\s*(?:''|\"\")\s*\)"
)
_REPLACE = re.compile(
    rf"({_LITERAL})\s*\.\s*replace(?:All)?\s*\(\s*(?:/((?:[^/\\\n]|\\.){{1,60}})/g?i?|({_LITERAL}))\s*,\s*({_LITERAL})\s*\)"
)
_PLUS = re.compile(rf"({_LITERAL})\s*\+\s*({_LITERAL})")
_CONCAT = re.compile(rf"({_LITERAL})\s*\.\s*concat\s*\(\s*((?:(?:{_LITERAL})\s*,?\s*){{1,40}})\)")
_NAMED = re.compile(rf"\b([A-Za-z_$][\w$]{{0,40}})\s*=\s*({_LITERAL})\s*(?=[;,\n}}]|$|var\b|let\b|const\b)")
_ROT13 = re.compile(
    r"rot_?13|[<>]=?\s*(?:90|122)\b.{0,60}?\b13\b|\b13\b.{0,60}?[<>]=?\s*(?:90|122)\b", re.IGNORECASE | re.DOTALL
)
_SINK = re.compile(r"document\.write|innerHTML|outerHTML|insertAdjacentHTML|textContent|innerText|\.href|mailto:|"
                   r"\.(?:html|append|text|attr)\s*\(|location|\.value\b", re.IGNORECASE)  # fmt: skip


def strings(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the script ends up with as strings, each with the steps it took ("script" first). Only scripts that write
    into the page or send it somewhere are read: what else lies in a script is data of somebody."""
    text = source[:LONGEST]
    if not _SINK.search(text):
        return
    steps: list[str] = []
    for _ in range(ROUNDS):
        before = text
        for name, pattern, make in _OPERATIONS:
            text, count = pattern.subn(make, text)
            if count and name and name not in steps:
                steps.append(name)
        text = _with_names(text)
        if text == before or len(text) > 2 * LONGEST:
            break
    turned = bool(_ROT13.search(source[:LONGEST]))
    for match in _STRING.finditer(text):
        value = plain(match[0])
        yield value, ("script", *steps)
        if turned:
            yield codecs.decode(value, "rot13"), ("script", *steps, "rot13")


def plain(literal: str) -> str:
    """The value of a string literal with its quotes."""
    return _ESCAPE.sub(_unescaped, literal[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    if match[4]:
        return chr(int(match[4], 8))
    return {"n": "\n", "t": "\t", "r": "\r", "\n": ""}.get(match[5], match[5])


def _quoted(value: str) -> str:
    """A literal of the value; what does not fit a literal is cut."""
    cut = value[:500].replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")
    return f'"{cut}"'


def _joined(match: re.Match[str]) -> str:
    parts = [plain(one) for one in _STRING.findall(match[1])]
    return _quoted((plain(match[3]) if match[3] else ",").join(reversed(parts) if match[2] else parts))


def _from_codes(match: re.Match[str]) -> str:
    made = []
    for word in match[1].split(",")[:500]:
        try:
            number = int(word.strip(), 0)
        except ValueError:
            return match[0]
        made.append(chr(number) if 0 < number < 0xD800 else "")
    return _quoted("".join(made))


def _from_base64(match: re.Match[str]) -> str:
    value = plain(match[1])
    try:
        return _quoted(base64.b64decode(value + "=" * (-len(value) % 4)).decode("utf-8"))
    except (binascii.Error, ValueError):
        return match[0]


def _replaced(match: re.Match[str]) -> str:
    """``"a".replace("b", "c")``; of patterns only plain words, so that nothing of a stranger is run as one."""
    what = plain(match[3]) if match[3] else match[2].replace("\\", "")
    if match[2] and re.search(r"[*+?()|\[\]{}^$]", re.sub(r"\\.", "", match[2])):
        return match[0]
    return _quoted(plain(match[1]).replace(what, plain(match[4]))) if what else match[0]


_OPERATIONS = (
    ("codes", _CODES, _from_codes),
    ("base64", _ATOB, _from_base64),
    ("percent", _UNESCAPE, lambda match: _quoted(unquote(plain(match[1])))),
    ("join", _ARRAY_JOIN, _joined),
    ("reversed", _BACKWARDS, lambda match: _quoted(plain(match[1])[::-1])),
    ("replace", _REPLACE, _replaced),
    ("", _CONCAT, lambda match: _quoted(plain(match[1]) + "".join(map(plain, _STRING.findall(match[2]))))),
    ("", _PLUS, lambda match: _quoted(plain(match[1]) + plain(match[2]))),
)


def _with_names(text: str) -> str:
    """``text`` with names that stand for one literal, set once, put in where something is added to them or they are
    called upon."""
    values: dict[str, str] = {}
    for match in _NAMED.finditer(text):
        if match[1] in values and values[match[1]] != match[2]:
            values[match[1]] = ""
        else:
            values[match[1]] = match[2]
        if len(values) >= MOST_NAMES:
            break
    known = {name: value for name, value in values.items() if value}
    if not known:
        return text
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    use = re.compile(rf"(?<![\w$.\"'])({names})(?![\w$\"'])(?=\s*(?:\+|\.\s*(?:split|replace|concat)|[),;\]]))")
    kept: list[str] = []
    last = 0
    for literal in _STRING.finditer(text):
        kept.append(use.sub(lambda match: known[match[1]], text[last : literal.start()]))
        kept.append(literal[0])
        last = literal.end()
    kept.append(use.sub(lambda match: known[match[1]], text[last:]))
    return "".join(kept)
