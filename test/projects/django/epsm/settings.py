"""The EPSM example as a Django project: the same apps and tables, migrated by Django itself."""

import os

SECRET_KEY = "of a test"
INSTALLED_APPS = ["accounts", "database", "simulation"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_ROUTERS = ["epsm.router.Router"]
USE_TZ = True


def database(prefix):
    parts = {"NAME": "NAME", "USER": "USER", "PASSWORD": "PASSWORD", "HOST": "HOST", "PORT": "PORT"}
    values = {key: os.environ.get(f"{prefix}{name}", "") for key, name in parts.items()}
    return {"ENGINE": "django.db.backends.postgresql", **values}


DATABASES = {
    "default": database("DB_"),
    "materials": database("MATERIALS_DB_"),
    "results": database("RESULTS_DB_"),
}
