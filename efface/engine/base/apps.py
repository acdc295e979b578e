from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EngineConfig(AppConfig):
    name = "efface.engine.base"
    label = "engine"

    def ready(self) -> None:
        from efface.engine.base import outbox, rows  # noqa: F401 - outbox registers its job and deadline

        post_migrate.connect(rows.protect, sender=self, dispatch_uid="efface.rows")
