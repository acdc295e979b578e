from django.apps import AppConfig


class PoliceConfig(AppConfig):
    name = "efface.police"
    label = "police"
