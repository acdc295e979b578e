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
            uses,
        )
        from efface.takedown.channels import doing  # noqa: F401
        from efface.takedown.channels import news as _of_steps  # noqa: F401
        from efface.takedown.figures import keeping as _counting  # noqa: F401
        from efface.takedown.record import for_packs

        courier.register()
        for_packs.register()
        hostility.on_published(publishing.on_page)
