"""Prices: by the list of a day, or not known and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kling_facade import voice
from kling_facade.catalog import Catalog
from kling_facade.errors import InvalidRequest
from kling_facade.rules.cost import check_price, cost

from .asking import request

SPOKEN = voice.prompt("{a} speaks", a="v")


@pytest.mark.parametrize(
    ("options", "units"),
    [
        ({}, 1.5),
        ({"duration": 10}, 3.0),
        ({"mode": "pro"}, 2.5),
        ({"mode": "pro", "sound": True}, 5.0),
        ({"mode": "pro", "prompt": SPOKEN}, 6.0),
        ({"mode": "pro", "prompt": SPOKEN, "duration": 10}, 12.0),
        # Listed and never spoken: Kling bills sound, not voices.
        ({"mode": "pro", "voices": ["v"], "sound": True}, 5.0),
        ({"model": "kling-v2-5-turbo", "mode": "pro", "duration": 10}, 5.0),
        ({"model": "kling-v3", "mode": "4k", "duration": 3}, 9.0),
        ({"model": "kling-v3", "mode": "std", "duration": 15, "sound": True}, 13.5),
        ({"model": "kling-v1", "mode": "pro"}, 3.5),
        ({"model": "kling-v1-6", "mode": "std", "duration": 10}, 4.0),
        ({"model": "kling-v2-master", "mode": "std"}, 10.0),
    ],
)
def test_units_are_those_of_the_price_lists(options: dict[str, Any], units: float) -> None:
    """Units of the dated lists, and dollars at $0.14."""
    price = request(**options).cost()
    assert price.units == units
    assert price.usd == pytest.approx(units * 0.14)
    assert price.known
    assert price.source in str(price)
    assert price.date in str(price)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"model": "of-a-gateway"}, "of-a-gateway in mode std without sound"),
        ({"sound": True}, "kling-v2-6 in mode std with sound"),
        ({"model": "kling-v3", "prompt": SPOKEN}, "with voices"),
        ({"mode": "fast"}, "mode fast"),
        ({"duration": "long"}, "'long' is not a duration"),
    ],
)
def test_what_the_list_does_not_have_is_not_known(options: dict[str, Any], why: str) -> None:
    """No price is made up; the reason is given."""
    price = request(**options).cost()
    assert (price.units, price.usd, price.known) == (None, None, False)
    assert why in price.why
    assert str(price).startswith("cost not known: ")


def test_a_gateway_has_its_own_scale() -> None:
    """A factor scales the list; without one nothing is claimed, but the list price is mentioned."""
    assert request().cost(factor=2).units == 3.0
    assert "x 2 of the gateway" in str(request().cost(factor=2))
    unknown = cost(request(), factor=None)
    assert (unknown.known, "1.5 units" in unknown.why) == (False, True)
    with pytest.raises(InvalidRequest, match="price factor"):
        request().cost(factor=-1)


def test_a_limit_is_kept() -> None:
    """Dearer is refused with the price; as dear passes."""
    assert check_price(request(), 1.5).units == 1.5
    with pytest.raises(InvalidRequest, match=r"1\.5 units"):
        check_price(request(), 1.49)


@pytest.mark.parametrize(
    ("model", "factor", "hint"),
    [("kling-v2-6", None, "unit_price_factor=1.0"), ("of-a-gateway", 1.0, "Catalog.load")],
)
def test_a_limit_without_a_price_is_refused(model: str, factor: float | None, hint: str) -> None:
    """Where nobody knows the price, a limit can't be kept, and the way out is named."""
    with pytest.raises(InvalidRequest, match="can't be kept") as refusal:
        check_price(request(model=model), 100, factor=factor)
    assert hint in str(refusal.value)


def test_newer_prices_can_be_laid_over(tmp_path: Path) -> None:
    """A user's own list counts."""
    path = tmp_path / "prices.toml"
    path.write_text("[prices.models.kling-v2-6.silent]\nstd = 1.0\n")
    assert request().cost(catalog=Catalog.load(path)).units == 5.0
