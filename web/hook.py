"""For hatchling: a wheel has the built scripts in it. Not asked for an editable installation, which builds none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Scripts(BuildHookInterface):
    """Builds before the files of a wheel are gathered. Fails where that fails: a wheel without would not say so."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            sys.path.insert(0, str(Path(self.root)))
            from web.build import build

            build()
