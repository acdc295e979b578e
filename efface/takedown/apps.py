from django.apps import AppConfig


class TakedownConfig(AppConfig):
    name = "efface.takedown"
    label = "takedown"

    def ready(self) -> None:
        from efface.sites import hostility
        from efface.takedown import (  # noqa: F401 - register jobs, deadlines, what is listened to
            courier,
            jobs,
            news,
            overdue,
            publishing,
            stepping,
        )

        courier.register()
        hostility.on_published(publishing.on_page)
