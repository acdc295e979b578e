"""What exists is documented: settings, commands, roles, decisions. An undocumented one fails here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from efface.accounts.models import Role
from efface.cli.main import main
from efface.engine.base.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def commands(group: click.Group, path: str = "efface") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_every_setting_is_documented_as_it_is(setting) -> None:  # type: ignore[no-untyped-def]
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    row = next((line for line in text.splitlines() if f"`{setting.variable}`" in line), "")
    assert row, f"{setting.variable} is not in docs/settings.md"
    assert setting.help in row
    assert f"`{setting.default}`" in row or (setting.default == "" and "empty" in row)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(EFFACE_[A-Z_]+)`", text)) == {setting.variable for setting in SETTINGS}


def test_every_command_is_documented() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    missing = [name for name in commands(main) if f"`{name}`" not in text]
    assert not missing


def test_every_role_is_documented() -> None:
    text = (DOCS / "caseworker.md").read_text(encoding="utf-8").lower()
    assert [role for role in Role.values if role not in text] == []


def test_every_room_has_a_short_readme() -> None:
    rooms = [path.parent for path in (ROOT / "efface").glob("*/__init__.py")]
    rooms += [ROOT / "efface/engine/base", ROOT / "efface/engine/run"]
    for room in rooms:
        if room.name in ("engine",) or len(list(room.glob("*.py"))) < 2:
            continue
        lines = (room / "README.md").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40, room


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and (ROOT / name).stat().st_size < 2_000_000:
            yield ROOT / name


def test_lock_files_and_configuration_carry_no_registry_address() -> None:
    named = ("requirements", "pyproject", "package-lock", ".npmrc", "uv.toml")
    for path in tracked():
        if path.name.startswith(named):
            found = re.search(r"(?i)index-url|\bregistry\s*=|https?://", path.read_text(encoding="utf-8"))
            assert not found, f"{path.name}: {found.group() if found else ''}"


def test_no_path_of_this_machine_is_committed() -> None:
    if len(ROOT.parts) < 3:
        pytest.skip("the folder's name is too short to mean anything")
    here = str(ROOT) + "/"
    for path in tracked():
        assert here not in path.read_text(encoding="utf-8", errors="ignore"), path.name
