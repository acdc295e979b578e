"""Settings: from the environment or the file, in their type, with a clear word for what cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from efface.engine.base import settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path))
    settings.forget_cache()
    yield tmp_path
    settings.forget_cache()


def test_default_file_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.get("crawl_pages") == 12
    (folder / "settings.toml").write_text("crawl_pages = 5\ncrawl_delay = 3\n")
    settings.forget_cache()
    assert settings.get("crawl_pages") == 5
    assert settings.get("crawl_delay") == 3.0
    monkeypatch.setenv("EFFACE_CRAWL_PAGES", "7")
    assert settings.get("crawl_pages") == 7


@pytest.mark.parametrize(("name", "raw"), [("EFFACE_CRAWL_PAGES", "many"), ("EFFACE_HTTPS", "perhaps")])
def test_a_value_of_the_wrong_kind_is_named(name: str, raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, raw)
    with pytest.raises(settings.SettingError, match=name):
        settings.get(name.removeprefix("EFFACE_").lower())


def test_a_broken_file_is_named(folder: Path) -> None:
    (folder / "settings.toml").write_text("crawl_pages = \n")
    settings.forget_cache()
    with pytest.raises(settings.SettingError, match=r"settings\.toml"):
        settings.get("crawl_pages")
