"""A Django project in one file: djangorestframework-simplejwt with rotation and blacklist, ES256, SQLite in WAL mode.

`python renewals.py COUNT TOKENS` makes the database, a user for each of COUNT sessions, and files of refresh tokens.
gunicorn serves `renewals:application`. The folder is the one in RENEWALS.
"""

import os
import sys
import uuid
from datetime import timedelta

import django
from django.conf import settings

FOLDER = os.environ["RENEWALS"]
KEY = f"{FOLDER}/key.pem"

if not os.path.exists(KEY):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    with open(KEY, "wb") as file:
        file.write(ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

with open(KEY) as file:
    private = file.read()

from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding, PublicFormat, load_pem_private_key)

settings.configure(
    DEBUG=False,
    SECRET_KEY="only for a benchmark on loopback",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.contenttypes", "django.contrib.auth", "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
    ],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/db.sqlite3", "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20, "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }},
    SIMPLE_JWT={
        "ALGORITHM": "ES256", "SIGNING_KEY": private,
        "VERIFYING_KEY": load_pem_private_key(private.encode(), None).public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True,
        "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30), "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework_simplejwt.views import TokenRefreshView  # noqa: E402

urlpatterns = [path("refresh", TokenRefreshView.as_view())]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework_simplejwt.tokens import RefreshToken

    call_command("migrate", verbosity=0)
    count, output = int(sys.argv[1]), sys.argv[2]
    users = User.objects.bulk_create(User(username=uuid.uuid4().hex, password="!") for number in range(count))
    tokens = [str(RefreshToken.for_user(user)) for user in users]
    for number in range(2):
        with open(f"{output}-{number + 1}", "w") as file:
            file.writelines(token + "\n" for token in tokens[number::2])
