"""model.receiver_address: which addresses webhooks may reach (Orders API, section 18)."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milepost.kit.errors import Invalid
from milepost.model.receiver_address import Reach, check_url, is_refused

PUBLIC = Reach()
LOOPBACK = Reach((IPv4Network("127.0.0.0/8"),), allow_http=True)
REFUSED_IPV4 = [
    *("0/8", "10/8", "100.64/10", "127/8", "169.254/16", "172.16/12", "192.0.0/24", "192.0.2/24"),
    *("192.88.99/24", "192.168/16", "198.18/15", "198.51.100/24", "203.0.113/24", "224/4", "240/4"),
]
"""As the contract writes them."""


def network(text: str) -> IPv4Network:
    address, _, bits = text.partition("/")
    return IPv4Network(f"{address}{'.0' * (3 - address.count('.'))}/{bits}")


NETWORKS = [network(text) for text in REFUSED_IPV4]


def refused_by_the_list(address: IPv4Address) -> bool:
    return any(address in one for one in NETWORKS)


# Registration -----------------------------------------------------------------------------------------------

GOOD = [
    "https://hooks.birchline.example/milepost",
    "https://hooks.birchline.example:443/milepost?tenant=north#part",
    "https://hooks.birchline.example:8443",
    "HTTPS://Hooks.Birchline.Example/A",
    "https://hooks.birchline.example./milepost",
    "https://xn--bcher-kva.example/",
    "https://my_service.internal/hook",
    "https://intranet/",
    "https://h.example/%C3%BC?q=a@b:c",
    "https://8.8.8.8/x",
    "https://[2606:4700:4700::1111]/x",
    "https://[2606:4700:4700::1111]:8443/x",
    "https://[2606:4700:4700::ABCD]/x",
    "https://[::ffff:8.8.8.8]/",
    "https://[::ffff:808:808]/",
    "https://localhost.example/",
    "https://notlocalhost/",
    "https://1password.example/",
    "https://a.0xff.example/",
]
BAD = [
    "http://hooks.birchline.example/",
    "http:",
    "ftp://hooks.birchline.example/",
    "hooks.birchline.example/milepost",
    "//hooks.birchline.example/",
    "https:hooks.birchline.example",
    "https:/hooks.birchline.example/",
    "https:///milepost",
    "https://",
    "https://:443/",
    "https://?x",
    "https://./",
    "https://../",
    "https://a..b/",
    "https://a.example../",
    "https://.a.example/",
    "https://-a.example/",
    "https://a-.example/",
    f"https://{'a' * 64}.example/",
    f"https://{'.'.join(['abcdefg'] * 32)}/",
    "https://user:pw@host/",
    "https://user@host/",
    "https://@host/",
    "https://good.example@127.0.0.1/",
    "https://good.example%40evil.example/",
    "https://localhost",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://a.localhost/",
    "https://a.b.LocalHost./",
    "https://host:8080",
    "https://host:80/",
    "https://host:0/",
    "https://host:00443/",
    "https://host:65536/",
    "https://host:99999999999999999999/",
    "https://host:-1/",
    "https://host:+443/",
    "https://host:/",
    "https://host:４４３/",
    "https://host:443:443/",
    "https://127.0.0.1",
    "https://127.0.0.1./",
    "https://10.0.0.1/",
    "https://[::1]",
    "https://[::]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::ac10:105]/",
    "https://[2002:c0a8:101::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700:4700::1111%25eth0]/",
    "https://[2606:4700:4700::1111%eth0]/",
    "https://[2606:4700:4700:0:0:0:0:1111]/",
    "https://[02606:4700:4700::1111]/",
    "https://[2606:4700:4700::1111/",
    "https://2606:4700:4700::1111/",
    "https://[8.8.8.8]/",
    "https://[v1.a]/",
    "https://[]/",
    "https://[2606:4700:4700::1111]x/",
    "https://3232235777",
    "https://0xC0A80101/",
    "https://0xc0.0xa8.1.1/",
    "https://0300.0250.1.1/",
    "https://134744072/",
    "https://0x08080808/",
    "https://8.8.2056/",
    "https://8.8/",
    "https://08.8.8.8/",
    "https://8.8.8.8.8/",
    "https://8.8.8.256/",
    "https://8.8.8.0x8/",
    "https://a.b.1/",
    "https://0x/",
    "https://ho%73t/",
    "https://ho st/",
    " https://host/",
    "https://host/ ",
    "https://host/a b",
    "https://host/\ta",
    "https://host/\na",
    "https://host\n/a",
    "https://host\\@evil.example/",
    "https://host\\.evil.example/",
    "https://bücher.example/",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://host/ü",
    "https://host/\x7f",
    "javascript:alert(1)",
    "x",
]


@pytest.mark.parametrize("url", GOOD)
def test_allowed(url: str) -> None:
    """O-59, the other side: what is public and named canonically passes."""
    check_url(url, PUBLIC)


@pytest.mark.parametrize("url", BAD)
def test_refused(url: str) -> None:
    """O-59: refused as `url_not_allowed` at `url`."""
    with pytest.raises(Invalid) as refused:
        check_url(url, PUBLIC)
    assert refused.value.code == "url_not_allowed"
    assert refused.value.facts["field"] == "url"
    assert refused.value.sentence.startswith("This URL cannot be used: ")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/x",
        "https://127.0.0.1:1/x",
        "http://localhost:3000/",
        "https://a.localhost:65535/",
        "http://host/",
        "https://host:8080/",
        "http://[::ffff:127.0.0.1]:9000/",
    ],
)
def test_allowed_by_settings(url: str) -> None:
    """O-59: with `webhook_allow_cidrs` = 127.0.0.0/8 and `webhook_allow_http`."""
    check_url(url, LOOPBACK)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "http://2130706433/",
        "http://127.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:0/",
        "ftp://127.0.0.1/",
    ],
)
def test_refused_in_spite_of_settings(url: str) -> None:
    """O-59: only the listed ranges, and only in canonical form."""
    with pytest.raises(Invalid):
        check_url(url, LOOPBACK)


def test_http_alone_adds_port_80_and_nothing_else() -> None:
    """Section 18: `webhook_allow_http` adds `http` and port 80."""
    http = Reach(allow_http=True)
    for url in (
        "http://host/",
        "http://host:80/",
        "https://host:80/",
        "http://host:443/",
        "http://host:8443/",
    ):
        check_url(url, http)
    for url in ("http://host:8080/", "http://localhost/", "http://127.0.0.1/"):
        with pytest.raises(Invalid):
            check_url(url, http)


def test_private_networks_alone_keep_https() -> None:
    """Section 18: `webhook_allow_cidrs` does not allow `http`."""
    private = Reach((IPv4Network("10.20.0.0/16"), IPv6Network("fd00::/8")))
    check_url("https://10.20.3.4:9443/", private)
    check_url("https://[fd00::7]/", private)
    for url in ("http://10.20.3.4/", "https://10.21.0.1/", "https://[fc00::7]/", "https://127.0.0.1/"):
        with pytest.raises(Invalid):
            check_url(url, private)


@given(st.text(max_size=40))
def test_any_text_is_judged(rest: str) -> None:
    """Whatever is sent is allowed or refused, never an accident; user info never passes."""
    url = f"https://{rest}"
    try:
        check_url(url, PUBLIC)
    except Invalid:
        return
    authority = rest.split("/")[0].split("?")[0].split("#")[0]
    assert authority.isascii() and authority and "@" not in authority


@given(st.integers(0, 2**32 - 1), st.sampled_from(["d", "x", "o", "short"]))
def test_no_other_spelling_of_an_address_passes(value: int, spelling: str) -> None:
    """O-59: decimal, hex, octal and short forms are refused, of public addresses too."""
    first, rest = value >> 24, value & 0xFFFFFF
    host = {"d": f"{value}", "x": f"{value:#x}", "o": f"0{value:o}", "short": f"{first}.{rest}"}[spelling]
    with pytest.raises(Invalid):
        check_url(f"https://{host}/", PUBLIC)


@given(st.integers(0, 2**32 - 1))
def test_literals_are_judged_like_addresses(value: int) -> None:
    """Section 18: a literal must pass the rule of addresses."""
    address = IPv4Address(value)
    try:
        check_url(f"https://{address}/", PUBLIC)
        passed = True
    except Invalid:
        passed = False
    assert passed is not refused_by_the_list(address)


# Addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", NETWORKS, ids=REFUSED_IPV4)
def test_each_refused_network_to_its_edges(refused: IPv4Network) -> None:
    """Section 18: the first and last address of each are refused; the ones next to it are judged by the rest of
    the list."""
    for address in (refused[0], refused[-1], refused[refused.num_addresses // 2]):
        assert is_refused(str(address), PUBLIC)
    for value in (int(refused[0]) - 1, int(refused[-1]) + 1):
        if 0 <= value < 2**32:
            assert is_refused(IPv4Address(value), PUBLIC) is refused_by_the_list(IPv4Address(value))


@given(st.integers(0, 2**32 - 1))
@example(int(IPv4Address("8.8.8.8")))
def test_ipv4(value: int) -> None:
    """Section 18: exactly the listed networks."""
    assert is_refused(str(IPv4Address(value)), PUBLIC) is refused_by_the_list(IPv4Address(value))


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["mapped", "compatible", "nat64", "6to4"]),
    st.integers(0, 2**80 - 1),
)
def test_ipv4_inside_ipv6(value: int, kind: str, rest: int) -> None:
    """O-60: mapped, compatible, 64:ff9b::/96 and 6to4 addresses are judged by the IPv4 inside."""
    wrapped = {
        "mapped": 0xFFFF << 32 | value,
        "compatible": value,
        "nat64": 0x64FF9B << 96 | value,
        "6to4": 0x2002 << 112 | value << 80 | rest,
    }[kind]
    assert is_refused(str(IPv6Address(wrapped)), PUBLIC) is refused_by_the_list(IPv4Address(value))


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("::", True),
        ("::1", True),
        ("::ffff:10.0.0.1", True),
        ("::ffff:8.8.8.8", False),
        ("64:ff9b::ac10:105", True),
        ("64:ff9b::808:808", False),
        ("64:ff9b:1::808:808", True),
        ("2002:c0a8:101::", True),
        ("2002:808:808::", False),
        ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2000::", False),
        ("2001::", True),
        ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:200::", False),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", False),
        ("2001:db8::", True),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:db9::", False),
        ("2606:4700:4700::1111", False),
        ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False),
        ("3fff::", True),
        ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("3fff:1000::", False),
        ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False),
        ("4000::", True),
        ("fc00::1", True),
        ("fd00::1", True),
        ("fe80::1", True),
        ("fe80::1%eth0", True),
        ("2606:4700:4700::1111%eth0", False),
        ("fec0::1", True),
        ("ff02::1", True),
    ],
)
def test_ipv6(address: str, refused: bool) -> None:
    """O-60 and section 18: only 2000::/3 passes, without three networks."""
    assert is_refused(address, PUBLIC) is refused
    if "%" not in address:
        assert is_refused(ip_address(address), PUBLIC) is refused


@pytest.mark.parametrize(
    "text", ["", "localhost", "8.8.8", "08.8.8.8", "8.8.8.8/32", "0x8.8.8.8", "134744072"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert is_refused(text, PUBLIC)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_listed_ipv4_ranges_open_exactly_themselves(value: int, bits: int) -> None:
    """Section 18: `webhook_allow_cidrs` permits addresses in the listed ranges besides public ones."""
    allowed = ip_network((value, bits), strict=False)
    reach = Reach((allowed,))
    for address in (IPv4Address(value), allowed[0], allowed[-1]):
        assert not is_refused(str(address), reach)
    for other in (int(allowed[0]) - 1, int(allowed[-1]) + 1, value ^ 0x80000000):
        if 0 <= other < 2**32 and IPv4Address(other) not in allowed:
            assert is_refused(IPv4Address(other), reach) is refused_by_the_list(IPv4Address(other))


@pytest.mark.parametrize(
    ("cidr", "inside", "outside"),
    [
        ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ("::1/128", "::1", "::2"),
        ("fd00::/8", "fd12::1", "fc00::1"),
        ("10.20.0.0/16", "64:ff9b::a14:1", "64:ff9b::a15:1"),
        ("fe80::/10", "fe80::1%eth0", "fec0::1"),
    ],
)
def test_listed_ranges_and_ipv6(cidr: str, inside: str, outside: str) -> None:
    """Section 18, `webhook_allow_cidrs`."""
    reach = Reach((ip_network(cidr),))
    assert not is_refused(inside, reach)
    assert is_refused(outside, reach)
    assert not is_refused("8.8.8.8", reach)
