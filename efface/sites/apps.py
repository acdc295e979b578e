from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "efface.sites"
    label = "sites"

    def ready(self) -> None:
        from efface.sites import deadlines, jobs  # noqa: F401 - they register themselves
