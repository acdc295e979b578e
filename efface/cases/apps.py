from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "efface.cases"
    label = "cases"
