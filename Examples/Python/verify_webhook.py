"""Checks that a webhook was sent by Martlet, with nothing but Python's own library (docs/webhooks.md)."""

import base64
import hmac
import time


def is_from_martlet(secret, headers, body, tolerance=300):
    """Whether it was signed with the secret, some minutes ago at most. The body is the bytes as they came."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    timestamp = headers["webhook-timestamp"]
    signed = f"{headers['webhook-id']}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    is_recent = abs(time.time() - int(timestamp)) <= tolerance
    return is_recent and any(hmac.compare_digest(expected, one) for one in headers["webhook-signature"].split(" "))
