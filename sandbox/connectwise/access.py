"""Access checks: Basic authentication as company+publicKey:privateKey, the clientId header, the member's role."""

from collections.abc import Mapping

from werkzeug.wrappers import Request

from sandbox.connectwise import errors
from sandbox.connectwise.errors import ApiError
from sandbox.connectwise.switches import Switches
from sandbox.connectwise.world import Company

# Creating a payment is an edit of its invoice: vendors that post payments ask for this right in the role.
_LEVEL_BY_METHOD = {"POST": "edit", "PUT": "edit", "PATCH": "edit", "DELETE": "delete"}


def company_of(request: Request, companies: Mapping[str, Company], fallback: Switches) -> Company:
    """Finds the tenant the credentials belong to; `fallback` decides for those that belong to none."""
    authorization = request.authorization
    if authorization is None or authorization.type != "basic":
        raise ApiError(401, errors.NOT_AUTHENTICATED)
    company_id, _, public_key = (authorization.username or "").partition("+")
    company = companies.get(company_id)
    keys = (public_key, authorization.password)
    if company is None or keys != (company.public_key, company.private_key):
        switches = company.switches if company is not None else fallback
        if switches.bad_credentials == 404:  # noqa: PLR2004
            raise ApiError(404, errors.NO_SUCH_ENDPOINT)
        raise ApiError(401, errors.BAD_KEYS)
    if request.headers.get("clientId") != company.client_id:
        raise ApiError(403, errors.NO_CLIENT_ID)
    return company


def check_role(request: Request, company: Company, area: str, *, only_reads: bool = False) -> None:
    """`area` is the prefix of the rights it takes; a POST that only reads takes the right to inquire."""
    level = "inquire" if only_reads else _LEVEL_BY_METHOD.get(request.method, "inquire")
    if not getattr(company.permissions, f"{area}{level}"):
        raise ApiError(403, errors.DENIED)
