"""What a video costs by the list, before it is ordered.

The list is Kling's own, with its date (`Catalog.prices`). A gateway bills on its own scale: give
its factor if you know it. What a job did cost stands in the finished job (`final_unit_deduction`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..builders.voice import TOKEN
from ..catalog import Catalog
from ..errors import InvalidRequest

if TYPE_CHECKING:
    from ..builders.values import RequestValues

__all__ = ["Cost", "check_price", "cost"]


@frozen
class Cost:
    """A price, or why none is known.

    Attributes:
        units: Kling's units for the whole video, or ``None`` when not known.
        usd: The same in US dollars at the list price of a unit.
        why: Why it is not known; empty when it is.
        source: Who says so.
        date: When they said so.
        factor: What the gateway charges in relation to the list.
    """

    units: float | None
    usd: float | None
    why: str
    source: str
    date: str
    factor: float | None = 1.0

    @property
    def known(self) -> bool:
        """Whether there is a price."""
        return self.units is not None

    def __str__(self) -> str:
        if self.units is None:
            return f"cost not known: {self.why}"
        scale = "" if self.factor == 1.0 else f" x {self.factor:g} of the gateway"
        return (
            f"{self.units:g} units, ${self.usd:.2f} by the list{scale} ({self.source}, {self.date})"
        )


def cost(
    request: RequestValues, *, factor: float | None = 1.0, catalog: Catalog | None = None
) -> Cost:
    """What a request's video costs by the list.

    Args:
        request: The request.
        factor: What the gateway charges in relation to the list; ``None`` when nobody knows.
        catalog: The catalogue with the prices; the bundled one when left out.

    Raises:
        InvalidRequest: The factor is below zero.
    """
    if factor is not None and not factor >= 0:
        raise InvalidRequest(f"a price factor of {factor!r}", hint="1.0 is the list price.")
    prices = (catalog or Catalog.bundled()).prices
    row: dict[str, Any] = prices.get("models", {}).get(request.model, {})
    kind = _kind(request)
    rate = row.get(kind, {}).get(request.mode)
    if rate is None:
        return _unknown(f"the list has no price for {_spelled(request, kind)}", row, factor)
    if not isinstance(request.duration, int):
        return _unknown(f"{request.duration!r} is not a duration", row, factor)
    if factor is None:
        listed = round(rate * request.duration, 6)
        return _unknown(
            f"the gateway's prices are not known (Kling's own list says {listed:g} units)",
            row,
            factor,
        )
    units = round(rate * request.duration * factor, 6)
    usd = round(units * prices["usd_per_unit"], 6)
    return Cost(units, usd, "", row["source"], row["date"], factor)


def check_price(
    request: RequestValues,
    max_units: float,
    *,
    factor: float | None = 1.0,
    catalog: Catalog | None = None,
) -> Cost:
    """Refuse a request that is dearer than a limit, or whose price nobody knows.

    Args:
        request: The request.
        max_units: The most units it may cost.
        factor: What the gateway charges in relation to the list; ``None`` when nobody knows.
        catalog: The catalogue with the prices; the bundled one when left out.

    Raises:
        InvalidRequest: It is dearer, or its price is not known.
    """
    price = cost(request, factor=factor, catalog=catalog)
    if price.units is None:
        remedy = (
            "Say what the gateway charges: Gateway(url, unit_price_factor=1.0) for the list price."
            if factor is None
            else "Catalog.load() takes newer prices."
        )
        raise InvalidRequest(
            f"max_units={max_units:g} can't be kept: {price.why}",
            hint=f"{remedy} Or leave max_units out.",
        )
    if price.units > max_units:
        raise InvalidRequest(
            f"the video costs {price}, more than max_units={max_units:g}",
            hint="A shorter duration, mode='std' or no sound costs less.",
        )
    return price


def _kind(request: RequestValues) -> str:
    """The column of the price list: voices count once they are listed and speak (PAGE)."""
    if request.voice_ids and TOKEN.search(request.prompt_text):
        return "voice"
    return "sound" if request.sound_on else "silent"


def _spelled(request: RequestValues, kind: str) -> str:
    sound = {"voice": "with voices", "sound": "with sound", "silent": "without sound"}[kind]
    return f"{request.model} in mode {request.mode} {sound}"


def _unknown(why: str, row: dict[str, Any], factor: float | None) -> Cost:
    return Cost(None, None, why, row.get("source", ""), row.get("date", ""), factor)
