"""What an address means: this machine, somebody's network, a public host; and a gateway's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import AccessKeys, ApiKey, Kling
from kling_facade.errors import InvalidRequest, TransportSecurityError
from kling_facade.gateway.addresses import is_inner, is_loopback, is_public, literal_address
from kling_facade.gateway.gateway import (
    CHAINHUB,
    KLING_BEIJING,
    KLING_SINGAPORE,
    Gateway,
    choose_gateway,
)

HERE = (
    "localhost LOCALHOST localhost. app.localhost 127.0.0.1 127.9.9.9 ::1 [::1] ::ffff:127.0.0.1 "
    "0.0.0.0"
)
INNER = (
    "10.0.0.1 192.168.1.1 172.16.0.1 169.254.169.254 100.64.0.1 fe80::1 fe80::1%eth0 fc00::1 "
    "::ffff:10.0.0.1"
)
PUBLIC = "8.8.8.8 2606:4700::1111 ::ffff:8.8.8.8"


@pytest.mark.parametrize("host", HERE.split())
def test_this_machine_is_known_by_all_its_names(host: str) -> None:
    """By name, by any address of its own, in any way of writing it."""
    assert is_loopback(host)
    assert is_inner(host)
    assert not is_public(host)


@pytest.mark.parametrize("host", INNER.split())
def test_a_literal_address_of_a_network_is_inner(host: str) -> None:
    """It is not this machine, and no public one."""
    assert is_inner(host)
    assert not is_loopback(host)
    assert not is_public(host)


@pytest.mark.parametrize("host", PUBLIC.split())
def test_a_public_address_is_neither(host: str) -> None:
    """A mapped one counts as what it maps."""
    assert is_public(host)
    assert not is_inner(host)


@pytest.mark.parametrize("host", ["", "example.com", "localhost.example.com", "1.2.3", None])
def test_a_name_is_no_address(host: str | None) -> None:
    """What it resolves to is looked at when it is connected to."""
    assert literal_address(host or "") is None
    assert not is_loopback(host)


@given(st.text(max_size=20))
def test_no_text_breaks_the_predicates(host: str) -> None:
    """Whatever a gateway writes as a host; public and inner never hold together."""
    assert not (is_public(host) and (is_inner(host) or is_loopback(host)))


SAME = [
    "https://gateway.example",
    "https://GATEWAY.Example/",
    "HTTPS://gateway.example:443",
    " https://gateway.example\n",
    "https://gateway.example/kling",
    "https://gateway.example/kling/v1",
    "https://gateway.example/v1/",
    "https://gateway.example/kling/v1/videos/image2video",
]


@pytest.mark.parametrize("address", SAME)
def test_an_address_is_read_however_it_is_written(address: str) -> None:
    """Capitals, a usual port, white space, the prefix or the whole path of the operation."""
    gateway = Gateway(address)
    assert gateway.base_url == "https://gateway.example"
    assert gateway.netloc == "gateway.example"
    assert gateway.url == "https://gateway.example/kling/v1/videos/image2video"


def test_what_belongs_to_an_address_stays() -> None:
    """Another port, a path of the gateway's own, an IPv6 host."""
    assert Gateway("https://g.example:8443/base").netloc == "g.example:8443"
    assert (
        Gateway("https://g.example/base").url
        == "https://g.example/base/kling/v1/videos/image2video"
    )
    assert Gateway("https://[2606:4700::1111]:8443").netloc == "[2606:4700::1111]:8443"
    assert Gateway("https://g.example/klingai", prefix="/klingai").base_url == "https://g.example"


NO_ADDRESS = [
    "",
    "gateway.example",
    '"https://gateway.example"',
    "https://gate way.example",
    "https://",
    "https://[::1",
    "https://gateway.example:port",
    "https://gateway.example:99999",
    "file:///etc/passwd",
    "https://user:pw@gateway.example",
    "https://gateway.example?key=1",
]


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address_is_refused(address: str) -> None:
    """With what would be right; a password in it is not shown."""
    with pytest.raises(InvalidRequest) as caught:
        Gateway(address)
    assert caught.value.hint
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://gateway.example", "http://10.0.0.1"])
def test_keys_go_unencrypted_to_this_machine_only(address: str) -> None:
    """Unless it is allowed in so many words."""
    with pytest.raises(TransportSecurityError):
        Gateway(address)
    assert Gateway(address, allow_http=True).url.startswith(address)
    assert Gateway("http://0.0.0.0:8000").on_loopback


PAIR = AccessKeys("access-key", "secret-key")
VENDOR_KEY = ApiKey("api-key-kling-0123456789")
OTHER_KEY = ApiKey("sk-0123456789")
WHOLE = [
    (PAIR, None, {}, KLING_SINGAPORE),
    (VENDOR_KEY, None, {}, KLING_SINGAPORE),
    (OTHER_KEY, None, {}, CHAINHUB),
    (PAIR, None, {"KLING_BASE_URL": " "}, KLING_SINGAPORE),
    (PAIR, None, {"KLING_BASE_URL": "https://api-beijing.klingai.com/v1\n"}, KLING_BEIJING),
    (PAIR, "https://API-Singapore.klingai.com/", {}, KLING_SINGAPORE),
    (OTHER_KEY, "https://api.chainhub.tech/kling", {}, CHAINHUB),
]


@pytest.mark.parametrize(("keys", "base_url", "environment", "gateway"), WHOLE)
def test_klings_own_keys_go_to_klings_own_host(
    keys: object, base_url: str | None, environment: dict[str, str], gateway: Gateway
) -> None:
    """Where no gateway is named, no third party is sent what only Kling can use."""
    assert choose_gateway(base_url, None, keys, environment) == gateway


def test_an_older_host_of_the_vendor_has_its_traits() -> None:
    """``api.klingai.com`` still answers (KR 2026-08), without a prefix."""
    gateway = choose_gateway("https://api.klingai.com", None, OTHER_KEY, {})
    assert gateway.url == "https://api.klingai.com/v1/videos/image2video"
    assert not gateway.preset_config
    assert not Gateway("https://klingai.com.evil.example").is_vendors


def test_a_gateway_that_is_named_is_used_with_any_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller decides: in code, or by the environment."""
    with Kling(credentials=PAIR, gateway=KLING_BEIJING) as kling:
        assert kling.gateway is KLING_BEIJING
    with Kling(credentials=PAIR, base_url="https://proxy.example") as kling:
        assert kling.gateway.host == "proxy.example"
    monkeypatch.setenv("KLING_ACCESS_KEY", "access")
    monkeypatch.setenv("KLING_SECRET_KEY", "secret")
    monkeypatch.setenv("KLING_API_KEY", "")
    with Kling() as kling:
        assert kling.gateway is KLING_SINGAPORE
