from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "efface.sites"
    label = "sites"

    def ready(self) -> None:
        from efface.sites import jobs  # noqa: F401 - its jobs register themselves
