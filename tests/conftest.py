"""What all tests share: the same property tests in every run, no key and no proxy by accident."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, database=None, max_examples=60)
settings.register_profile("long", deadline=None, database=None, max_examples=1000)
# Tests talk to this machine only. Their own httpx would send that to a proxy of the environment,
# and can't read some of what container tools write into NO_PROXY.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))  # the long one: make test-long

# Tests talk to this machine alone. A proxy of the developer's environment would stand in between,
# for plain httpx and for programs that a test starts; a test about proxies sets its own.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


@pytest.fixture(autouse=True)
def _no_keys_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real key in the developer's environment must never reach a test."""
    for name in ("KLING_API_KEY", "KLING_BASE_URL", "KLING_ACCESS_KEY", "KLING_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
