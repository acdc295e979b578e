from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "efface.evidence"
    label = "evidence"

    def ready(self) -> None:
        from efface.evidence import jobs, news  # noqa: F401 - register jobs, deadlines and what is listened to
        from efface.evidence.referrals import referring, room, signalling, young  # noqa: F401 - the same
