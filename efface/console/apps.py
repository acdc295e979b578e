from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "efface.console"
    label = "console"

    def ready(self) -> None:
        from efface.console import opinions  # noqa: F401 - it listens to erasure
