from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "efface.cases"
    label = "cases"

    def ready(self) -> None:
        from efface.cases import (  # noqa: F401 - they register deadlines, couriers and what they listen to
            alarm,
            attesting,
            consents,
            handing_over,
            holds,
            proving,
            retention,
            telling,
        )
