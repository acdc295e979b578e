from pathlib import Path

from django.apps import AppConfig

import efface
from efface.engine.base import catalogues, settings


class PortalConfig(AppConfig):
    name = "efface.portal"
    label = "portal"

    def ready(self) -> None:
        from efface.accounts import doorkeeper
        from efface.portal import carrying

        doorkeeper.on_shut_out(carrying.shut_out)
        if settings.data_folder().is_dir():
            catalogues.install(path.parent for path in sorted(Path(efface.__file__).parent.glob("*/locale")))
