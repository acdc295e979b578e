from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "efface.accounts"
    label = "accounts"
