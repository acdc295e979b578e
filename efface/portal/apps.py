from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "efface.portal"
    label = "portal"
