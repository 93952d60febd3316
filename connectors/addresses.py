"""Which outside addresses we call, with the keys of a tenant in the request.

A partner types the address of a tenant's server, and that server says where its API is. Neither may send keys to a
foreign host, nor make us call hosts that only we can reach: the network around us answers without asking who we are,
and part of its answers would come back to the partner.

We check the name when it is given, and the address when we connect, because the name may lead elsewhere by then.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses that carry an IPv4 address inside (RFC 6052); the prefix by itself is a public one.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the installation allows.

    Attributes:
        public_only: as in production, where a private address is part of our own network.
        allowed_hosts: names that an operator vouches for, exactly or (with a dot in front) with all below them.
        loopback_too: this machine may be called as well, although it is not at a public address.
    """

    public_only: bool = False
    allowed_hosts: Sequence[str] = ()
    loopback_too: bool = False

    def is_allowed(self, host: str) -> bool:
        name = _bare(host)
        return any(
            name == one.lstrip(".") or (one.startswith(".") and name.endswith(one)) for one in map(_bare, self._listed)
        )

    @property
    def _listed(self) -> Sequence[str]:
        return [one for one in self.allowed_hosts if one.strip(". ")]

    def why_refused(self, host: str, address: str) -> str | None:
        """Why we do not connect to this address, although the host's name leads to it; None if we do."""
        if not self.public_only or self.is_allowed(host) or _is_public(address):
            return None
        if self.loopback_too and is_loopback(address):
            return None
        return "the site is not at a public address (an operator can allow its host in OUTSIDE_HOSTS)"


def _bare(host: str) -> str:
    return host.strip().lower().rstrip(".").strip("[]")


def is_loopback(address: str) -> bool:
    """Whether it is an address of this machine alone."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_public(address: str) -> bool:
    try:
        parsed: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _meant_by(parsed))


def _meant_by(address: _Address) -> Sequence[_Address]:
    """The address itself, or the IPv4 addresses that it only writes or reaches in another way."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [one for one in inner if one is not None] or [address]


def host_told(told: str, site_url: str, rules: AddressRules) -> str | None:
    """The host (and port) of an API as a server names it, or None if its site may not send us there.

    Allowed is only a name of the site's own organization, at the site's port or the usual one.
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
    """Whether two names share a domain: `na.` and `api-na.myconnectwise.net` do, two under `co.uk` do not."""
    suffixes = _public_suffixes()
    domain = None if _is_number(one) or _is_number(other) else suffixes.privatesuffix(one)
    return domain is not None and domain == suffixes.privatesuffix(other)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # A resolver takes `127.1` and `2130706433` for addresses too: no top-level domain is a number.
        return host.rpartition(".")[2].isdigit() or host.rpartition(".")[2].startswith("0x")
    return True


@cache
def _public_suffixes() -> PublicSuffixList:
    """The list that came with the package; unknown top-level names have no registrable domain."""
    return PublicSuffixList(accept_unknown=False)
