from django.apps import AppConfig


class TakedownConfig(AppConfig):
    name = "efface.takedown"
    label = "takedown"
