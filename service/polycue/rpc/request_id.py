"""The name that a call goes by, in both sides' logs."""

import re
import uuid
from typing import Any

import grpc

REQUEST_ID = "x-request-id"
_OWN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_of(context: "grpc.aio.ServicerContext[Any, Any]") -> str:
    """The caller's own id where it sent a decent one, else a new one."""
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and _OWN.fullmatch(value):
            return value
    return uuid.uuid4().hex
