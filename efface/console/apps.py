from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "efface.console"
    label = "console"
