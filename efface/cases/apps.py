from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "efface.cases"
    label = "cases"

    def ready(self) -> None:
        from efface.cases import attesting  # noqa: F401 - registers its deadline
