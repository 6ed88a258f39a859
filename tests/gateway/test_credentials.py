"""Keys: found where they are said to be, told what is wrong with them, never shown."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import pytest

from kling_facade.errors import AuthError
from kling_facade.gateway.credentials import (
    AccessKeys,
    ApiKey,
    described,
    find_credentials,
    is_vendor_key,
    secrets_of,
)

CANARY = "canary-0123456789"

ODD = {
    "": "empty",
    f"Bearer {CANARY}": "begins with 'Bearer'",
    f'"{CANARY}"': "quotes",
    f"'{CANARY}": "quotes",
    f"{CANARY}\n": "white space",
    f"{CANARY} x": "no key has",
    f"{CANARY}é": "no key has",
}


@pytest.mark.parametrize("key", ODD)
def test_what_is_wrong_with_a_key_is_told_without_the_key(key: str) -> None:
    """Env files bring quotes and line ends, examples bring the word Bearer."""
    with pytest.raises(AuthError, match=ODD[key]) as caught:
        ApiKey(key)
    assert CANARY not in str(caught.value)
    with pytest.raises(AuthError, match=ODD[key]):
        AccessKeys("access", key)


FOUND: list[tuple[dict[str, str], type]] = [
    ({"KLING_API_KEY": CANARY}, ApiKey),
    ({"KLING_API_KEY": "", "KLING_ACCESS_KEY": "a-key", "KLING_SECRET_KEY": CANARY}, AccessKeys),
    ({"KLING_API_KEY": " \n", "KLING_ACCESS_KEY": "a-key", "KLING_SECRET_KEY": CANARY}, AccessKeys),
    ({"KLING_API_KEY": CANARY, "KLING_ACCESS_KEY": "a-key", "KLING_SECRET_KEY": "s-key"}, ApiKey),
]


@pytest.mark.parametrize(("environment", "kind"), FOUND)
def test_keys_are_found_in_the_environment(
    environment: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable hides no other."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert type(find_credentials(None)) is kind


def test_half_a_pair_says_which_half_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than that there is no API key."""
    monkeypatch.setenv("KLING_SECRET_KEY", CANARY)
    error = find_credentials(None)
    assert isinstance(error, AuthError)
    assert "KLING_ACCESS_KEY is not" in error.message


def test_nothing_brings_a_key_out() -> None:
    """Not repr, vars, or pickle."""
    for keys in (ApiKey(CANARY), AccessKeys("access", CANARY)):
        assert CANARY not in repr(keys)
        with pytest.raises(TypeError):
            pickle.dumps(keys)


def test_hints_name_the_keys_that_were_given() -> None:
    """A key pair is not looked for in KLING_API_KEY."""
    assert "KLING_API_KEY" in described(ApiKey(CANARY))
    pair = described(AccessKeys("access", "secret"))
    assert "KLING_ACCESS_KEY and KLING_SECRET_KEY" in pair
    assert "KLING_API_KEY" not in pair
    assert described(object()) == "the credentials given to the client"


def test_what_must_stay_hidden_is_every_form_of_a_key() -> None:
    """The key, the header, the token in it; those of credentials of one's own too."""

    class Own:
        def headers(self, now: float) -> Mapping[str, str]:
            return {"X-Key": f"Key {CANARY}"}

    assert CANARY in secrets_of(Own(), Own().headers(0))
    secret = "secret-key-of-at-least-32-characters"
    pair = AccessKeys("access-key", secret)
    signed = pair.headers(0)
    token = signed["Authorization"].split()[1]
    assert {"access-key", secret, token} <= set(secrets_of(pair, signed))


def test_klings_own_keys_are_told_from_others() -> None:
    """A pair always, an API key by how it begins."""
    assert is_vendor_key(AccessKeys("a", "b"))
    assert is_vendor_key(ApiKey("api-key-kling-1"))
    assert not is_vendor_key(ApiKey("sk-1"))
    assert not is_vendor_key(object())
