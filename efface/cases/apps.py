from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "efface.cases"
    label = "cases"

    def ready(self) -> None:
        from efface.cases import (  # noqa: F401 - they register their deadlines, couriers and handlers
            alarm,
            attesting,
            consents,
            telling,
        )
