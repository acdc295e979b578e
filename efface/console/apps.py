from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "efface.console"
    label = "console"

    def ready(self) -> None:
        from efface.console import opinions, revealing  # noqa: F401 - opinions listen to erasure
        from efface.takedown.figures import exposure

        exposure.register(revealing.looks_of)
