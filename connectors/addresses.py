"""Which addresses outside we call, with the keys of a tenant in the request.

A tenant's own server says where its API is, and a partner types where that server is. Neither may decide that keys go
to somebody else's host, nor that we call what only we can reach: the network around us answers without asking who we
are, and part of what it says would come back to the partner.

The name is checked when it is given, the address when we connect, because the name may lead elsewhere by then.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What carries another address inside of it (RFC 6052, which is a public one by itself).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the installation allows.

    Attributes:
        public_only: as in production, where a private address is part of our own network.
        allowed_hosts: names that an operator vouches for, exactly or (with a dot in front) with all below them.
    """

    public_only: bool = False
    allowed_hosts: Sequence[str] = ()

    def is_allowed(self, host: str) -> bool:
        name = _bare(host)
        return any(
            name == one.lstrip(".") or (one.startswith(".") and name.endswith(one)) for one in map(_bare, self._listed)
        )

    @property
    def _listed(self) -> Sequence[str]:
        return [one for one in self.allowed_hosts if one.strip(". ")]

    def why_refused(self, host: str, address: str) -> str | None:
        """Why this address is not connected to, although the host's name says so; None if it is."""
        if not self.public_only or self.is_allowed(host) or _is_public(address):
            return None
        return "the site is not at a public address (an operator can allow its host in OUTSIDE_HOSTS)"


def _bare(host: str) -> str:
    return host.strip().lower().rstrip(".").strip("[]")


def _is_public(address: str) -> bool:
    try:
        parsed: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _meant_by(parsed))


def _meant_by(address: _Address) -> Sequence[_Address]:
    """The address, or the one that it is only another way to write or to reach."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [one for one in inner if one is not None] or [address]


def host_told(told: str, site_url: str, rules: AddressRules) -> str | None:
    """The host (and port) of an API as a server tells it, or None if it is not one that its site may send us to.

    Only a name, of the site's own organization, at the port that the site has or the usual one.
    """
    site = urlsplit(site_url)
    told = told.strip().lower()
    for scheme in ("https://", "http://"):
        told = told.removeprefix(scheme)
    told = told.removesuffix("/")
    host, colon, port = told.rpartition(":") if re.search(r":[^\]]*$", told) else (told, "", "")
    if not _HOST.fullmatch(host) or (colon and not _PORT.fullmatch(port)):
        return None
    usual = {"https": "443", "http": "80"}.get(site.scheme, "")
    own_port = str(site.port or usual)
    if (port or usual) not in (own_port, usual):
        return None
    is_same = _bare(host) == _bare(site.hostname or "")
    if not is_same and not _belong_together(_bare(host), _bare(site.hostname or "")) and not rules.is_allowed(host):
        return None
    if is_same and not port:
        port = own_port
    return host if not port or port == usual else f"{host}:{port}"


def _belong_together(one: str, other: str) -> bool:
    """Whether two names are of one domain: `na.` and `api-na.myconnectwise.net` are, two under `co.uk` are not."""
    suffixes = _public_suffixes()
    domain = None if _is_number(one) or _is_number(other) else suffixes.privatesuffix(one)
    return domain is not None and domain == suffixes.privatesuffix(other)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # `127.1` and `2130706433` are addresses for a resolver as well: no top-level domain is a number.
        return host.rpartition(".")[2].isdigit() or host.rpartition(".")[2].startswith("0x")
    return True


@cache
def _public_suffixes() -> PublicSuffixList:
    """With the list that came with the package; unknown top-level names have no registrable domain."""
    return PublicSuffixList(accept_unknown=False)
