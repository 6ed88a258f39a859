"""Who may call, and what the others are told."""

from __future__ import annotations

import sys
import time
from typing import Any

import httpx
import jwt
import pytest

from kling_facade.errors import MissingExtra
from kling_facade.sandbox import Sandbox
from tests.sandbox.conftest import PATH, Opener, create

SECRET = "a-secret-key-of-thirty-two-bytes"
NOW = 1_800_000_000.0


def ask(sandbox: Sandbox, header: str | None) -> httpx.Response:
    """A list call with this header."""
    headers = {} if header is None else {"Authorization": header}
    return httpx.get(f"{sandbox.base_url}{PATH}", headers=headers, trust_env=False)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, 1001),
        ("", 1001),
        ("sandbox-key", 1000),
        ("Bearer", 1000),
        ("Basic c2FuZGJveC1rZXk=", 1000),
        ("Bearer wrong", 1002),
        ("Bearer sandbox-key2", 1002),
        ("Bearer a.b.c", 1002),
    ],
)
def test_a_wrong_key_is_told_apart(sandbox: Sandbox, header: str | None, code: int) -> None:
    """401 with 1000 (no bearer), 1001 (nothing sent) or 1002 (unknown)."""
    answer = ask(sandbox, header)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


@pytest.mark.parametrize(
    "header", ["Bearer sandbox-key", "bearer sandbox-key", "Bearer  sandbox-key"]
)
def test_the_right_key_is_accepted(sandbox: Sandbox, header: str) -> None:
    """The scheme's case and spaces don't matter."""
    assert ask(sandbox, header).status_code == 200


def test_a_create_without_a_key_makes_no_job(opened: Opener) -> None:
    """Refused before anything is looked at."""
    sandbox, _ = opened()
    answer = httpx.post(f"{sandbox.base_url}{PATH}", json=create(), trust_env=False)
    assert (answer.status_code, sandbox.creates) == (401, 0)


@pytest.mark.parametrize(
    ("claims", "secret", "expected"),
    [
        ({}, SECRET, 200),
        ({"nbf": NOW - 5}, SECRET, 200),
        ({"nbf": NOW + 60}, SECRET, 1003),
        ({"exp": NOW - 1}, SECRET, 1004),
        ({"iss": "other"}, SECRET, 1002),
        ({"exp": None}, SECRET, 1002),
        ({"exp": "soon"}, SECRET, 1002),
        ({}, SECRET[::-1], 1002),
    ],
)
def test_signed_tokens_are_held_against_key_and_clock(
    opened: Opener, claims: dict[str, Any], secret: str, expected: int
) -> None:
    """HS256 by the secret key, issued by the access key, and within their time (VD1)."""
    sandbox, _ = opened(access_key="AK", secret_key=SECRET, wall=lambda: NOW)
    body = {"iss": "AK", "exp": NOW + 1800} | claims
    token = jwt.encode({k: v for k, v in body.items() if v is not None}, secret, algorithm="HS256")
    answer = ask(sandbox, f"Bearer {token}").json()
    assert answer["code"] == (0 if expected == 200 else expected)


def test_other_algorithms_are_refused(opened: Opener) -> None:
    """An unsigned token is no token."""
    sandbox, _ = opened(access_key="AK", secret_key=SECRET)
    token = jwt.encode({"iss": "AK", "exp": time.time() + 60}, "", algorithm="none")
    assert ask(sandbox, f"Bearer {token}").json()["code"] == 1002


def test_the_static_key_stays_valid_beside_tokens(opened: Opener) -> None:
    """Kling takes both since 2026-06-17."""
    sandbox, _ = opened(access_key="AK", secret_key=SECRET)
    assert ask(sandbox, "Bearer sandbox-key").status_code == 200


@pytest.mark.parametrize(
    "keys", [{"access_key": "AK"}, {"access_key": "AK", "secret_key": "short"}]
)
def test_half_a_pair_or_a_short_secret_is_refused(keys: dict[str, str]) -> None:
    """Said at once, not at the first call."""
    with pytest.raises(ValueError, match="secret_key"):
        Sandbox(**keys)  # type: ignore[arg-type]  # the point of the test


def test_without_pyjwt_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, and only for who wants signed tokens."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    Sandbox().close()
    with pytest.raises(MissingExtra, match=r"\[sandbox,jwt\]"):
        Sandbox(access_key="AK", secret_key=SECRET)


def test_keys_are_not_shown() -> None:
    """Neither the sandbox nor what it is made of prints a secret."""
    assert SECRET not in repr(Sandbox(access_key="AK", secret_key=SECRET)._backend.keys)
