from __future__ import annotations

import gettext
import io
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import catalogues

PO = """# a comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "a \\"word\\""
msgstr "ein "
"„Wort“"

msgid "one page"
msgid_plural "%(n)s pages"
msgstr[0] "eine Seite"
msgstr[1] "%(n)s Seiten"

msgid "not yet"
msgstr ""
"""


def test_python_s_own_gettext_reads_what_we_write() -> None:
    found = gettext.GNUTranslations(io.BytesIO(catalogues.compiled(catalogues.read(PO))))
    assert found.gettext('a "word"') == "ein „Wort“"
    assert found.ngettext("one page", "%(n)s pages", 1) == "eine Seite"
    assert found.ngettext("one page", "%(n)s pages", 3) == "%(n)s Seiten"
    assert found.gettext("not yet") == "not yet"


@pytest.mark.parametrize("text", ["nonsense", '"text before any message"', 'msgid "open'])
def test_a_broken_catalogue_is_named(text: str) -> None:
    with pytest.raises(catalogues.CatalogueBroken, match=r"here\.po:1"):
        catalogues.read(text, "here.po")


def test_installed_once(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(catalogues, "folder", lambda: tmp_path / "out")
    place = tmp_path / "room" / "locale" / "de" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.po").write_text(PO, encoding="utf-8")
    assert [catalogues.install([tmp_path / "room"]) for _ in range(2)] == [1, 0]
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == ["django.mo"]


def test_a_folder_that_cannot_be_written_leaves_english(tmp_path: Path, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr(catalogues, "folder", lambda: tmp_path / "a file")
    (tmp_path / "a file").write_text("in the way")
    place = tmp_path / "locale" / "de" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.po").write_text(PO, encoding="utf-8")
    assert catalogues.install([tmp_path]) == 0
    assert "cannot be kept" in caplog.text
