"""``python -m efface.vision.models install|verify|list DIR``: models without the rest of Efface."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from efface.vision.models import Installed, ModelError, Progress, install, list_models, verify


def main(arguments: list[str] | None = None) -> int:
    """0 when every model is there and intact, 1 when one is not, 2 when the command could not be carried out."""
    parser = argparse.ArgumentParser(prog="efface.vision.models", description="Install or check the vision models.")
    parser.add_argument("action", choices=("install", "verify", "list"))
    parser.add_argument("folder", type=Path, help="the models folder")
    given = parser.parse_args(arguments)
    try:
        if given.action == "install":
            found = install(given.folder, _say)
        else:
            found = (verify if given.action == "verify" else list_models)(given.folder)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for model in found:
        sys.stdout.write(f"{_row(model)}\n")
    return 0 if all(model.state == "installed" for model in found) else 1


def _say(progress: Progress) -> None:
    sys.stderr.write(f"[{progress.done}/{progress.total}] {progress.step} {progress.name}\n")


def _row(model: Installed) -> str:
    size = f"{model.bytes / 1e6:.1f} MB"
    return f"{model.state:<10}{model.id:<20}{size:>8}  {model.licence:<12}{model.detail or model.title}"


if __name__ == "__main__":
    raise SystemExit(main())
