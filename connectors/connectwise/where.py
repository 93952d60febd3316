"""Where a company's API is, by the site's public information; we let the site decide as little of it as possible."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.addresses import AddressRules, host_told
from connectors.base import Failure, FailureKind, Got, ReadResult

NO_CONNECTWISE = "the site does not say where its API is (is this the address of a ConnectWise site?)"
_ANOTHER_HOST = (
    "the site names an API host outside its own domain, so we do not send our keys there "
    "(an operator can allow a host in OUTSIDE_HOSTS)"
)
# `v4_6_release/`, `v2025_1/`: one step of a path, and none that leads out of it.
_CODEBASE = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]{1,50}")
# The form that the login page accepts; it becomes part of the account's name.
_COMPANY = re.compile(r"[\w .&+@-]{1,80}")


@dataclass(frozen=True, slots=True)
class Where:
    """Where the API of a company is, and how the company is called there."""

    scheme: str
    host: str
    codebase: str
    company: str

    @property
    def api_url(self) -> str:
        """The API's host may differ from the site's; its scheme is the one the site was entered with."""
        return f"{self.scheme}://{self.host}/{self.codebase}/apis/3.0"


def where_in(information: Any, site_url: str, company: str, addresses: AddressRules) -> ReadResult[Where]:
    """Where the API is, if our keys may go there: the site decides only a name in its own domain and a release.

    We do not repeat a refused address: it may be one that only we can reach.
    """
    if not isinstance(information, dict) or not information.get("Codebase"):
        return Failure(FailureKind.UNAVAILABLE, f"{NO_CONNECTWISE}; no codebase in the answer")
    site = urlsplit(site_url)
    host = host_told(str(information.get("SiteUrl") or site.netloc), site_url, addresses)
    if host is None:
        return Failure(FailureKind.UNAVAILABLE, _ANOTHER_HOST)
    codebase = str(information["Codebase"]).strip("/")
    if not _CODEBASE.fullmatch(codebase):
        return Failure(FailureKind.UNAVAILABLE, f"{NO_CONNECTWISE}; no release in the answer")
    named = str(information.get("CompanyID") or "")
    return Got(Where(site.scheme, host, codebase, named if _COMPANY.fullmatch(named) else company))
