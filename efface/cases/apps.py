from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "efface.cases"
    label = "cases"

    def ready(self) -> None:
        from efface.cases import alarm, attesting, consents, proving  # noqa: F401 - they register themselves
