from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "efface.console"
    label = "console"

    def ready(self) -> None:
        from efface.accounts import doorkeeper
        from efface.console import kept, opinions  # noqa: F401 - it listens to erasure

        doorkeeper.on_signed_out(kept.show)
