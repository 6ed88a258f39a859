"""Plain fields: bounds of the bundled document, and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...gateway.addresses import is_loopback
from ...gateway.job_id import ID_FORM, is_id

if TYPE_CHECKING:
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["address_fault", "check_fields"]


def check_fields(request: RequestValues, judge: Judge) -> None:
    """Mode, duration, cfg_scale, callback_url, external_task_id."""
    _check_choices(request, judge)
    if request.cfg_scale is not None and not _is_fraction(request.cfg_scale):
        judge.object_("cfg-range", "cfg_scale", f"{request.cfg_scale!r} is not from 0 to 1.")
    url = request.callback_url
    if url and (fault := address_fault(url, on_loopback=judge.on_loopback)):
        judge.object_("callback-address", "callback_url", f"{fault}.")
    own_id = request.external_task_id
    if own_id and not is_id(own_id):
        judge.object_(
            "external-id",
            "external_task_id",
            f"{own_id[:80]!r} can't stand in an address. Use {ID_FORM}.",
        )


def _check_choices(request: RequestValues, judge: Judge) -> None:
    if not isinstance(request.model, str) or not request.model.strip():
        judge.object_(
            "model-empty", "model", "it is empty. Kling would take an old default, now retired."
        )
    modes = judge.limit("modes")
    if request.mode not in modes:
        near = {"standard": "std", "professional": "pro"}.get(str(request.mode).lower())
        meant = f" Did you mean {near!r}?" if near else ""
        judge.object_(
            "mode-unknown",
            "mode",
            f"{request.mode!r} is not a mode. The modes are {', '.join(modes)}.{meant}",
        )
    durations = judge.limit("durations")
    if isinstance(request.duration, bool) or request.duration not in durations:
        judge.object_(
            "duration-unknown",
            "duration",
            f"{request.duration!r} is not a whole number of seconds from {durations[0]} to "
            f"{durations[-1]}.",
        )


def _is_fraction(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def address_fault(url: str, *, on_loopback: bool = False) -> str | None:
    """Why the gateway can't call an address, or ``None``.

    Args:
        url: The address.
        on_loopback: Whether the gateway runs on this machine.
    """
    shown = url.partition("?")[0][:80]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port  # reading the port finds an invalid one
    except ValueError as error:
        return f"{shown!r} is not an address: {error}"
    if parts.scheme.lower() not in ("http", "https") or not host or port == 0:
        return f"{shown!r} is not an http(s) address"
    if any(c.isspace() or not c.isprintable() for c in url):
        return f"{shown!r} has a space or a control character in it"
    if is_loopback(host) and not on_loopback:
        return f"{shown!r} is an address of this machine: Kling can't reach it"
    return None
