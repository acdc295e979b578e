from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "efface.search"
    label = "search"

    def ready(self) -> None:
        from efface.search import blocking, deadlines, news, uses  # noqa: F401 - they register themselves
