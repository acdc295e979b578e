"""Django's settings, made from ``efface.engine.base.settings``. Nothing here is configured by hand."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.translation import gettext_lazy as _

from efface.engine.base import database, sealing, settings

DEBUG = False
try:
    SECRET_KEY = hashlib.sha256(b"efface/django" + sealing.installation_key()).hexdigest()
except sealing.KeyMissing:
    # Commands that run before `efface init` never sign anything with it.
    SECRET_KEY = "efface-not-initialised"  # noqa: S105

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "procrastinate.contrib.django",
    "efface.engine.base",
    "efface.accounts",
    "efface.cases",
    "efface.sites",
    "efface.search",
    "efface.evidence",
    "efface.takedown",
    "efface.partners",
    "efface.training",
    "efface.portal",
    "efface.console",
    "efface.police",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "efface.accounts.doorkeeper.Doorkeeper",
    "efface.portal.replacing.Replacing",
]
ROOT_URLCONF = "efface.engine.run.urls"
WSGI_APPLICATION = None
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "efface.engine.base.training.shown",
            ],
        },
    }
]
DATABASES = {"default": database.parameters(database.process_role())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "efface_cache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
ACCOUNT_ADAPTER = "efface.accounts.adapter.ClosedDoor"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
# Tries are counted in the database by ``accounts.knocking``.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "efface.accounts.second.SealedSecrets"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
ACCOUNT_LOGOUT_REDIRECT_URL = "/console/sign-in/"
LOGIN_URL = "/console/sign-in/"
LOGIN_REDIRECT_URL = "/console/"

ALLOWED_HOSTS = [host.strip() for host in settings.get("hosts").split(",") if host.strip()]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = settings.get("session_minutes") * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "s"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Never in a cookie: nothing that was said stays on the device.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "t"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
# No cookie outlives the browser: a device that is looked through later holds none.
CSRF_COOKIE_AGE = None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = settings.get("https")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if settings.get("https") else None
SECURE_HSTS_SECONDS = 31536000 if settings.get("https") else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
# To nobody else, and to ourselves for the origin check of forms: with "no-referrer" browsers send "Origin: null".
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'none'"],
        "object-src": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 60_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 60_000_000
# Uploads stay in memory: a picture never touches a disk.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False


def keep_nothing(headers: Any, path: str, url: str) -> None:
    """What makes fingerprints on her device is large, and would stay in its cache as a trace."""
    if url.startswith("/static/efface/device/"):
        headers["Cache-Control"] = "no-store"


WHITENOISE_ADD_HEADERS_FUNCTION = keep_nothing

USE_TZ = True
TIME_ZONE = settings.get("time_zone")
USE_I18N = True
_NAMES = {
    "en": _("English"),
    "de": _("German"),
    "es": _("Spanish"),
    "fr": _("French"),
    "pt": _("Portuguese"),
    "pl": _("Polish"),
    "uk": _("Ukrainian"),
    "ar": _("Arabic"),
    "it": _("Italian"),
    "nl": _("Dutch"),
}
LANGUAGES = [(code, _NAMES.get(code, code)) for code in settings.get("languages").split(",")]
LANGUAGE_CODE = "en"
LANGUAGE_COOKIE_NAME = "l"
LOCALE_PATHS = [str(settings.data_folder() / "locale")]

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = settings.get("smtp_host")
EMAIL_PORT = settings.get("smtp_port")
EMAIL_TIMEOUT = 30

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

# Logs carry ids only, and never a query, a header or a body.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "waitress": {"level": "WARNING"},
    },
}
