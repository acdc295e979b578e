from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "efface.evidence"
    label = "evidence"
