from django.apps import AppConfig


class TakedownConfig(AppConfig):
    name = "efface.takedown"
    label = "takedown"

    def ready(self) -> None:
        # Registers jobs, deadlines, and what is listened to.
        from efface.takedown import courier, jobs, news, stepping  # noqa: F401 - see above

        courier.register()
