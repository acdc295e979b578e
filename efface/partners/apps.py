from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "efface.partners"
    label = "partners"

    def ready(self) -> None:
        from efface.partners import jobs, news, repeating, reports  # noqa: F401 - they register deadlines and what they listen to
