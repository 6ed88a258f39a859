"""Which way a request takes: this machine straight, others as the environment says."""

from __future__ import annotations

from pathlib import Path
from urllib.request import getproxies

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import Kling
from kling_facade.errors import InvalidRequest, KlingError
from kling_facade.sandbox import Sandbox
from kling_facade.wire.routes import Routes, bypasses
from tests.support.both_clients import Kind, PlainRequest, calling
from tests.support.misbehaving_server import Peer, answer
from tests.support.scripted_gateway import Stage

KINDS: list[Kind] = ["sync", "async"]
DEAD = "http://127.0.0.1:9"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without the suite's own NO_PROXY."""
    for name in ("NO_PROXY", "no_proxy", *VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def way(url: str, **known: str) -> str | None:
    """The proxy that an environment means for an address."""
    proxy = Routes(environment=lambda: known).proxy_for(httpx.URL(url))
    return None if proxy is None else str(proxy.url)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_this_machine_is_never_reached_by_a_proxy_of_the_environment(
    kind: Kind, name: str, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Key, picture and video stay here: submit, wait and download, past a proxy that listens."""
    with Peer(answer(b"", 502)) as proxy, Stage() as stage:
        environment.setenv(name, proxy.url)
        assert getproxies(), "the control: the environment has a proxy"
        with calling(kind, stage.url, trust_env=True) as client:
            client.generate(PlainRequest(), tmp_path / "v.mp4")
    assert proxy.seen == []
    assert len(stage.jobs) == 1


def test_the_sandbox_works_behind_a_dead_proxy(environment: pytest.MonkeyPatch) -> None:
    """As `make demo` does where a proxy is set."""
    for name in VARIABLES:
        environment.setenv(name, DEAD)
    with Sandbox(speed=0) as sandbox, Kling(sandbox.api_key, base_url=sandbox.base_url) as kling:
        assert list(kling.jobs()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_another_host_is_reached_by_the_proxy_of_the_environment(
    kind: Kind, environment: pytest.MonkeyPatch
) -> None:
    """The control: the environment is heard. The proxy is asked for a tunnel, without the key."""
    with Peer(answer(b"", 502)) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        with (
            calling(kind, "https://gateway.example", trust_env=True) as client,
            pytest.raises(KlingError),
        ):
            client.submit(PlainRequest())
    asked = {(seen.method, seen.target) for seen in proxy.seen}
    assert asked == {("CONNECT", "gateway.example:443")}
    assert not any("authorization" in seen.headers for seen in proxy.seen)


HOSTS = ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "app.localhost", "0.0.0.0", "LOCALHOST"]


@pytest.mark.parametrize("host", HOSTS)
def test_every_name_of_this_machine_is_meant(host: str) -> None:
    """A proxy that is given by argument is used all the same: that is the caller's word."""
    url = f"http://{host}:3000"
    assert way(url, http="http://p:1", all="http://p:1") is None
    assert Routes("http://p:1").proxy_for(httpx.URL(url)) is not None


def test_a_proxy_is_chosen_by_scheme() -> None:
    """Its own before that of all; an address without a scheme is one of http."""
    assert way("https://x.example", https="http://a:1", all="http://b:1") == "http://a:1"
    assert way("https://x.example", http="http://a:1", all="b:1") == "http://b:1"
    assert way("https://x.example", http="http://a:1") is None
    assert way("https://x.example") is None
    deaf = Routes(trust_env=False, environment=lambda: {"https": "http://a:1"})
    assert deaf.proxy_for(httpx.URL("https://x.example")) is None


MEANT = [
    ("*", "https://x.example"),
    ("x.example", "https://x.example"),
    ("X.Example ", "https://x.example"),
    (".example", "https://x.example"),
    ("*.example", "https://x.example"),
    ("example", "https://x.example"),
    ("a.b,x.example", "https://x.example"),
    ("a.b x.example", "https://x.example"),
    ("x.example:443", "https://x.example"),
    ("x.example:8443", "https://x.example:8443"),
    ("https://x.example", "https://x.example"),
    ("10.0.0.0/8", "https://10.1.2.3"),
    ("10.1.2.3", "https://10.1.2.3"),
    ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f0::5]"),
    ("[fd07:b51a::]/32", "https://[fd07:b51a::5]"),
    ("[2606:4700::1111]", "https://[2606:4700::1111]"),
    ("2606:4700::1111", "https://[2606:4700:0::1111]"),
    ("[2606:4700::1111]:443", "https://[2606:4700::1111]"),
]
OTHERS = [
    ("", "https://x.example"),
    ("example.com", "https://x.example"),
    ("x.example", "https://max.example.com"),
    ("ample", "https://x.example"),
    ("x.example:8443", "https://x.example"),
    ("http://x.example", "https://x.example"),
    ("fe11::/16", "https://x.example"),
    ("[::1]", "https://x.example"),
    ("::1", "https://x.example"),
    ("10.0.0.0/8", "https://11.0.0.1"),
    ("10.0.0.0/99", "https://10.0.0.1"),
    ("://,/,[,:", "https://x.example"),
]


@pytest.mark.parametrize(("no_proxy", "url"), MEANT)
def test_no_proxy_names_a_host(no_proxy: str, url: str) -> None:
    """By name, address or network, IPv6 ones too, as container tools write them."""
    assert bypasses(no_proxy, httpx.URL(url))


@pytest.mark.parametrize(("no_proxy", "url"), OTHERS)
def test_no_proxy_names_no_other_host(no_proxy: str, url: str) -> None:
    """The control; nor does an entry that can't be read."""
    assert not bypasses(no_proxy, httpx.URL(url))


@given(st.text(max_size=30))
def test_no_text_in_no_proxy_makes_a_client_unusable(no_proxy: str) -> None:
    """httpx 0.28 raises for some (encode/httpx 3221, 3574)."""
    assert bypasses(no_proxy, httpx.URL("https://x.example")) in (True, False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_works_though_no_proxy_has_ipv6_in_it(
    kind: Kind, environment: pytest.MonkeyPatch
) -> None:
    """The very value that OrbStack injects (orbstack 2456), and brackets."""
    environment.setenv("ALL_PROXY", DEAD)
    environment.setenv("NO_PROXY", "localhost,127.0.0.0/8,::1,[::1],fd07:b51a:cc66:f0::/64")
    with Stage() as stage, calling(kind, stage.url, trust_env=True) as client:
        client.submit(PlainRequest())
    assert len(stage.jobs) == 1


CURES = [
    ("socks4://u:canary@p:1", "socks5://"),
    ("socks://u:canary@p:1", "socks5://"),
    ("nonsense://u:canary@p:1", "http://host:port"),
    ("http://[u:canary", "http://host:port"),
    ("socks5://u:canary@p:1", r"httpx\[socks\]"),
]


@pytest.mark.parametrize(("address", "cure"), CURES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_cannot_be_used_names_its_cure(
    kind: Kind, address: str, cure: str, environment: pytest.MonkeyPatch
) -> None:
    """Where it is set, what would be right, and how to do without; its password stays hidden."""
    environment.setenv("ALL_PROXY", address)
    with (
        calling(kind, "https://gateway.example", trust_env=True) as client,
        pytest.raises(InvalidRequest, match=cure) as caught,
    ):
        client.submit(PlainRequest())
    assert "canary" not in str(caught.value)
    assert "ALL_PROXY" in str(caught.value)
