from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EngineConfig(AppConfig):
    name = "efface.engine.base"
    label = "engine"

    def ready(self) -> None:
        from efface.engine.base import rows

        from efface.engine.base import outbox  # noqa: F401 - registers its job and deadline

        post_migrate.connect(rows.protect, sender=self, dispatch_uid="efface.rows")
