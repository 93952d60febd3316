"""Signs what we send, by the scheme of Standard Webhooks: HMAC-SHA256 of the id, the moment and the body."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(uid: str, sent_at: datetime, body: bytes, signing_secrets: Sequence[str]) -> dict[str, str]:
    """The three headers by which a receiver knows that the body is ours, and new.

    Args:
        signing_secrets: those in force; while they are changed over there are two, and a signature by each.
    """
    timestamp = str(int(sent_at.timestamp()))
    signed = b".".join((uid.encode(), timestamp.encode(), body))
    signatures = " ".join(f"v1,{_signature(one, signed)}" for one in signing_secrets)
    return {"webhook-id": uid, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
