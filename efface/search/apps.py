from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "efface.search"
    label = "search"
