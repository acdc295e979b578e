from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "efface.training"
    label = "training"
