"""Which addresses webhooks may reach: the rules of registration, and the judgement of every attempt
(Orders API, section 18)."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from msgspec import Struct

from milepost.kit.errors import Invalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED_IPV4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
PUBLIC_IPV6: Final = IPv6Network("2000::/3")
REFUSED_IPV6: Final = (IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))

_PORTS: Final = frozenset((443, 8443))
_HTTP_PORT: Final = 80
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

_WITH_IPV4_AT_THE_END: Final = (
    IPv6Network("::ffff:0:0/96"),  # mapped
    IPv6Network("::/96"),  # compatible; `::` and `::1` too
    IPv6Network("64:ff9b::/96"),  # NAT64
)
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")

# What parsers of URLs disagree on (blanks, control characters, backslashes, anything beyond ASCII) is in no URL
# that passes.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(?:[/?#].*)?")
_NEVER_IN_URL = re.compile(r"[^\x21-\x7e]|\\")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class Reach(Struct, frozen=True):
    """How far webhooks may reach beyond public addresses (settings `webhook_allow_cidrs` and
    `webhook_allow_http`)."""

    cidrs: tuple[Network, ...] = ()
    allow_http: bool = False


def check_url(url: str, reach: Reach) -> None:
    """Raises Invalid `url_not_allowed` unless a webhook may be registered with that URL.

    Names are not resolved here: to what address a name leads is judged at every attempt, by `is_refused`.
    """
    if _NEVER_IN_URL.search(url):
        raise _refusal(
            "it has characters that must be percent-encoded (in a host's name: written as xn--...)"
        )
    match = _URL.fullmatch(url)
    if match is None:
        raise _refusal("it is no URL like https://hooks.example.com/path")
    scheme, authority = match[1].lower(), match[2]
    if scheme != "https" and not (scheme == "http" and reach.allow_http):
        raise _refusal("it must be https")
    if "@" in authority:
        raise _refusal("it must not hold a user name or password; use authentication")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts[1]:
        raise _refusal("it names no host")
    _check_port(scheme, parts[2], reach)
    _check_host(parts[1], reach)


def is_refused(address: str | Address, reach: Reach) -> bool:
    """Whether nothing may be sent to that address. What is no address is refused; a zone is ignored."""
    try:
        outer = ip_address(str(address))
    except ValueError:
        return True
    inner = _unwrapped(outer)
    if any(one in network for network in reach.cidrs for one in (outer, inner)):
        return False
    if isinstance(inner, IPv4Address):
        return any(inner in network for network in REFUSED_IPV4)
    return inner not in PUBLIC_IPV6 or any(inner in network for network in REFUSED_IPV6)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one of the kinds that lead to it."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in _WITH_IPV4_AT_THE_END):
            return IPv4Address(int(address) & 0xFFFF_FFFF)
        if address in _SIX_TO_FOUR:
            return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return address


def _check_port(scheme: str, text: str | None, reach: Reach) -> None:
    port = _DEFAULT_PORTS[scheme]
    if text is not None:
        if not text or len(text) > 5 or text.startswith("0") or int(text) > 65_535:
            raise _refusal(f"{text!r} is no port")
        port = int(text)
    if reach.cidrs or port in _PORTS or (reach.allow_http and port == _HTTP_PORT):
        return
    raise _refusal(f"its port must be 443 or 8443{', or 80' if reach.allow_http else ''}")


def _check_host(host: str, reach: Reach) -> None:
    if host.startswith("["):
        _check_literal(host[1:-1], _ipv6(host[1:-1]), reach)
        return
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):  # no domain is a number: it is meant as an address, whoever reads it
        _check_literal(host, _ipv4(host), reach)
        return
    if len(host) > 254 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refusal("its host is no DNS name")
    if labels[-1].lower() == "localhost" and not reach.cidrs:
        raise _refusal("localhost is out of reach")


def _check_literal(text: str, address: Address | None, reach: Reach) -> None:
    if address is None:
        raise _refusal(f"{text!r} is no IP address in its canonical form")
    if is_refused(address, reach):
        raise _refusal(f"the address {text} is not public")


def _ipv4(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def _ipv6(text: str) -> IPv6Address | None:
    """The address that is spelled in its canonical form (RFC 5952), in any letter case; mapped ones also with
    their IPv4 address in dots."""
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    canonical = {str(address)}
    if (mapped := address.ipv4_mapped) is not None:
        value = int(mapped)
        canonical |= {f"::ffff:{mapped}", f"::ffff:{value >> 16:x}:{value & 0xFFFF:x}"}
    return address if text.lower() in canonical and "%" not in text else None


def _refusal(sentence: str) -> Invalid:
    return Invalid("url_not_allowed", "url", f"This URL cannot be used: {sentence}")
