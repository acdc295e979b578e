from django.apps import AppConfig


class TakedownConfig(AppConfig):
    name = "efface.takedown"
    label = "takedown"

    def ready(self) -> None:
        from efface.takedown import courier, jobs, news, overdue  # noqa: F401 - register jobs, deadlines, what is listened to

        courier.register()
