from django.apps import AppConfig


class TakedownConfig(AppConfig):
    name = "efface.takedown"
    label = "takedown"

    def ready(self) -> None:
        from efface.takedown import courier, jobs, news  # noqa: F401 - register jobs, deadlines, what is listened to
        from efface.takedown.channels import doing  # noqa: F401
        from efface.takedown.channels import news as _of_steps  # noqa: F401

        courier.register()
