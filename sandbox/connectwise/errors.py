"""The bodies of ConnectWise's error answers; texts marked * are by analogy, no published source shows them."""

from typing import Any

NO_SUCH_ENDPOINT = {"code": "ConnectWiseApi", "message": "The endpoint does not exist."}
NOT_AUTHENTICATED = {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}
BAD_KEYS = {"code": "Unauthorized", "message": "The company, the public key or the private key is invalid."}  # *
NO_CLIENT_ID = {"code": "Security", "message": "The clientId header is missing or invalid."}  # *
DENIED = {"code": "Security", "message": "You do not have security permission to perform this action."}  # *


class ApiError(Exception):
    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body["message"])
        self.status = status
        self.body = body


def route_missing() -> ApiError:
    return ApiError(404, {"code": "NotFound", "message": "The resource does not exist.", "errors": None})


def record_missing(record: str, record_id: int) -> ApiError:  # *
    return ApiError(404, {"code": "NotFound", "message": f"{record} {record_id} not found", "errors": None})


def bad_query(message: str) -> ApiError:
    return ApiError(400, {"code": "ApiFindCondition", "message": message})


def failed(message: str) -> ApiError:
    return ApiError(500, {"code": "InternalServerError", "message": message})


def conflict(message: str) -> ApiError:  # *
    return ApiError(409, {"code": "Conflict", "message": message, "errors": None})


def invalid_object(resource: str, code: str, message: str, field: str) -> ApiError:
    """The shape comes from company errors ("company object is invalid"); for other resources it is an analogy."""
    detail = {"code": code, "message": message, "resource": resource, "field": field}
    return ApiError(
        400,
        {"code": "InvalidObject", "message": f"{resource} object is invalid", "errors": [detail]},
    )


def invalid_payment(code: str, message: str, field: str) -> ApiError:
    return invalid_object("payment", code, message, field)
