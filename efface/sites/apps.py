from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "efface.sites"
    label = "sites"
