from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "efface.search"
    label = "search"

    def ready(self) -> None:
        from efface.search import (  # noqa: F401 - they register themselves
            blocking,
            deadlines,
            news,
            rules,
            uses,
        )
        from efface.sites import turns

        turns.paced_by(rules.delay)
