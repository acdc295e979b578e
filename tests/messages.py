"""Finding what is to be translated: ``gettext`` calls in Python, ``translate`` and ``blocktranslate`` in templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import efface

ONE = re.compile(r"""\{%\s*translate\s+(?:"([^"]*)"|'([^']*)')""")
BLOCK = re.compile(r"\{%\s*blocktranslate\b([^%]*)%\}(.*?)\{%\s*endblocktranslate\s*%\}", re.DOTALL)
PLURAL = re.compile(r"\{%\s*plural\s*%\}")
CALLS = {"_", "gettext", "gettext_lazy"}
PORTAL = Path(efface.__file__).parent / "portal"
LANGUAGES = tuple(sorted(path.parts[-3] for path in PORTAL.glob("locale/*/LC_MESSAGES/django.po")))
"""Every language that the survivor's pages are written in, beside English."""


def in_template(text: str) -> Iterator[tuple[str, str]]:
    """(message, plural or "") of a template, with placeholders as Django writes them in a catalogue."""
    for found in ONE.finditer(text):
        yield found[1] or found[2] or "", ""
    for found in BLOCK.finditer(text):
        singular, *plural = (re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", part) for part in PLURAL.split(found[2]))
        yield singular, plural[0] if plural else ""


def in_python(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value, ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ngettext":
            one, many = node.args[:2]
            if isinstance(one, ast.Constant) and isinstance(many, ast.Constant):
                yield str(one.value), str(many.value)


def messages(folder: Path) -> dict[str, str]:
    """Every message under a folder with its plural, "" where it has none."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            found |= dict(in_template(path.read_text(encoding="utf-8")))
        elif path.suffix == ".py" and "migrations" not in path.parts:
            found |= dict(in_python(path.read_text(encoding="utf-8")))
    return found
