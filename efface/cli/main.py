"""The ``efface`` command. Packages beside Efface may add commands through the entry-point group ``efface.commands``."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any

import click

from efface import __version__

#: name -> module:attribute. Loaded only when used, so that help and doctor start at once.
COMMANDS = {
    "init": "efface.cli.installation:init",
    "up": "efface.cli.installation:up",
    "worker": "efface.cli.installation:worker",
    "doctor": "efface.cli.doctor:doctor",
    "settings": "efface.cli.installation:show_settings",
    "organisation": "efface.cli.people:organisation",
    "member": "efface.cli.people:member",
    "lock": "efface.cli.lock:lock",
    "unlock": "efface.cli.lock:unlock",
    "backup": "efface.cli.backup:backup",
    "restore": "efface.cli.backup:restore",
    "attest": "efface.cli.attest:attest",
    "audit": "efface.cli.people:audit",
    "access": "efface.cli.access:access",
    "source": "efface.cli.source:source",
    "models": "efface.cli.models:models",
    "law": "efface.cli.law:law",
    "mail": "efface.cli.mail:mail",
    "notice": "efface.cli.notice:notice",
    "pack": "efface.cli.pack:pack",
    "sites": "efface.cli.sites:sites",
    "fingerprint": "efface.cli.fingerprint:fingerprint",
    "whereabouts": "efface.cli.whereabouts:whereabouts",
    "data": "efface.cli.data:data",
    "outcomes": "efface.cli.outcomes:outcomes",
    "api": "efface.cli.api:api",
    "partner": "efface.cli.api:partner",
    "exchange": "efface.cli.exchange:exchange",
    "jobs": "efface.cli.standing:jobs",
    "holds": "efface.cli.standing:holds",
    "completion": "efface.cli.completion:completion",
    "statistics": "efface.cli.statistics:statistics",
    "training": "efface.cli.training:training",
}


class Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*COMMANDS, *self._added()})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            module, _, attribute = COMMANDS[name].partition(":")
            return getattr(importlib.import_module(module), attribute)
        return self._added().get(name)

    @staticmethod
    def _added() -> dict[str, click.Command]:
        added: dict[str, click.Command] = {}
        for point in entry_points(group="efface.commands"):
            try:
                loaded: Any = point.load()
            except ImportError:
                # Installed without its extra (efface[testbed]): the commands are absent.
                continue
            for command in loaded:
                added[command.name] = command
        return added


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="efface")
def main() -> None:
    """Efface: find, prove, remove, and keep removed."""


if __name__ == "__main__":
    main()
