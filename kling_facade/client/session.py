"""What `Kling` and `AsyncKling` are made of, and what their jobs, batches and resumes share.

The names of a `Session` are public inside this package and not outside of it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..builders.pictures.base64_text import digests_of
from ..errors import InvalidRequest, KlingError
from ..gateway.credentials import Credentials, Hidden
from ..gateway.gateway import Gateway
from ..gateway.job_id import Ids, checked_id
from ..gateway.job_token import looks_like_token, read_token
from ..gateway.task import Task
from ..jobs.destination import Exist, Video, destination_path, kept, stored_before
from ..jobs.effects import CREATE, Call, Do, Flow, Policy, Recall
from ..jobs.part_file import sweep
from ..jobs.poller import Poller
from ..jobs.runtime import Runtime
from ..jobs.submit import Digests, submit
from ..jobs.wait import ask
from ..limits import Limits, PollPlan, RetryBudget
from .connections import Place

if TYPE_CHECKING:
    from kling_client import Client

    from ..catalog import Catalog
    from ..jobs.journal import Book, Journal
    from ..requests.image_to_video import ImageToVideo

__all__ = ["KlingAdvice", "Session", "note_on_interruption"]

_LARGEST_PAGE = 500


class KlingAdvice(UserWarning):
    """Something about a request that is allowed and may not do what you expect."""


class Session:
    """One client's settings, journal and connections, and the flows made from them.

    Args:
        credentials: The key; or what is wrong with it, which is raised.
        gateway: Whom we talk to.
        journal: A journal, a path that becomes one, or ``None``.
        catalog: The same for the catalogue; ``None`` for the bundled one.
        limits: How long and how much.
        poll: When to ask for a job's state.
        runtime: Clocks, sleep and randomness.
        options: ``proxy``, ``verify`` and ``trust_env``, for httpx.
    """

    def __init__(
        self,
        credentials: Credentials | KlingError,
        gateway: Gateway,
        *,
        journal: Journal | str | os.PathLike[str] | None,
        catalog: Catalog | str | os.PathLike[str] | None,
        limits: Limits | None,
        poll: PollPlan | None,
        runtime: Runtime | None,
        options: dict[str, Any],
    ) -> None:
        if isinstance(credentials, KlingError):
            raise credentials
        self.credentials: Credentials = credentials
        self.gateway: Gateway = gateway
        self.runtime: Runtime = runtime or Runtime()
        self.journal: Journal | None = _journal(journal)
        self._owns_journal = self.journal is not journal
        self.catalog: Catalog | None = _catalog(catalog)
        self.policy: Policy = Policy(
            limits=limits or Limits(),
            plan=poll or PollPlan(),
            uniform=self.runtime.uniform,
            budget=RetryBudget(),
        )
        self.ahead: float = 0.0
        """Seconds that a batch's sleeps were ahead of a clock that is made up."""
        self._options = Hidden(options)
        self._tls: Any = None

    def new_place(self) -> Callable[[], Place]:
        """How a place for connections is made. It must not refer to this session."""
        together, pace = self.policy.plan.together, self.runtime.pace
        return lambda: Place(Poller(together, pace))

    def _link(self) -> Any:
        from ..wire.link import Link

        return Link(
            self.gateway,
            self.credentials,
            self.policy.limits,
            self._user_agent(),
            self.runtime.epoch,
        )

    def _user_agent(self) -> str:
        from .._version import __version__

        return f"kling-facade/{__version__}"

    def settings(self) -> dict[str, Any]:
        """What httpx is given. The TLS context is made once, for all connections of this client."""
        if self._tls is None:
            from ..wire.network import tls_context

            given = self._options.value()
            self._tls = tls_context(given["verify"], trust_env=given["trust_env"])
        return {**self._options.value(), "verify": self._tls}

    def _generated(self) -> Client:
        from kling_client import Client

        return Client(base_url=self.gateway.base_url)

    # --- the journal

    def book(self) -> Book | None:
        """What one operation writes to the journal."""
        return self.journal.book(self.gateway.netloc) if self.journal is not None else None

    def journal_to_resume(self, other: Journal | str | os.PathLike[str] | None) -> Journal:
        """The journal given, or the client's own.

        Raises:
            InvalidRequest: There is neither.
        """
        journal = _journal(other) or self.journal
        if journal is None:
            raise InvalidRequest(
                "there is no journal to resume from", hint="Kling(journal='jobs.sqlite')"
            )
        return journal

    def close_journal(self) -> None:
        """Closes a journal that was given as a path; one that was given open is its owner's."""
        if self._owns_journal and self.journal is not None:
            self.journal.close()

    # --- checks and flows

    def ids(self, task_id: str | None, external_task_id: str | None) -> Ids:
        """The ids of a job that a caller names by one of them, or by a token."""
        if (task_id is None) == (external_task_id is None):
            raise InvalidRequest("give a task id, a token or an external_task_id, one of them")
        if task_id is None:
            return Ids(checked_id(external_task_id))
        if looks_like_token(task_id):
            return read_token(task_id, self.gateway)
        return Ids(None, checked_id(task_id))

    def checked(self, request: ImageToVideo) -> ImageToVideo:
        """The request, if nothing forbids it.

        Raises:
            InvalidRequest: With every problem at once. Nothing was sent.
        """
        for problem in request.check(self.catalog, on_loopback=self.gateway.on_loopback):
            warnings.warn(f"{problem}", KlingAdvice, stacklevel=5)  # the caller of submit()
        return request

    def check_price(self, request: ImageToVideo, max_units: float | None) -> None:
        """Refuses a request that costs more than that, or whose price is unknown."""
        if max_units is not None:
            from ..rules.cost import check_price

            factor = self.gateway.unit_price_factor
            check_price(request, max_units, factor=factor, catalog=self.catalog)

    def submission(
        self,
        request: ImageToVideo,
        facts: dict[str, Any] | None = None,
        policy: Policy | None = None,
    ) -> tuple[Flow[Task], Ids]:
        """The flow that gets a job accepted, and the ids it will have."""
        self.checked(request)
        own = request.external_task_id
        ids = Ids(self.runtime.new_id() if own is None else checked_id(own))
        create, digests = self.creation(request, ids)
        find = Call("get_image_to_video", {"id": ids.external_task_id})
        flow = submit(
            create,
            find,
            ids,
            policy or self.policy,
            facts or {},
            digests if self.journal else None,
        )
        return flow, ids

    def creation(self, request: ImageToVideo, ids: Ids) -> tuple[Call, Digests]:
        """The POST of a request, and the digests that tell it from others."""
        body = request.to_body(preset_config=self.gateway.preset_config)
        body.external_task_id = str(ids.external_task_id)
        return Call(CREATE, {"body": body}), lambda: digests_of(body.to_dict())

    def existing_video(self, request: ImageToVideo, to: Any, exist: Exist) -> Flow[Video | None]:
        """The video that is at the destination already; else a check that one can be put there."""
        destination = destination_path(to)
        own = request.external_task_id
        if own is not None and self.journal is not None:
            ids = Ids(checked_id(own))
            entry = yield Recall(own)
            if entry is not None and entry.task_id is not None:
                yield Do(partial(sweep, destination, entry.task_id))
            if entry is not None and entry.sha256 is not None:
                _, digests = self.creation(request, ids)
                if entry.digest in (yield Do(digests)):
                    video = yield from stored_before(entry, destination, ids)
                    if video is not None:
                        return video
        there: Video | None = yield Do(partial(kept, destination, exist))
        return there

    def page(self, number: int, size: int) -> Flow[list[Task]]:
        """One page of the account's jobs.

        Raises:
            InvalidRequest: A page of that size can't be asked for.
        """
        if not 1 <= size <= _LARGEST_PAGE:
            raise InvalidRequest(f"page_size is {size}; a page has 1 to {_LARGEST_PAGE} jobs (VD1)")
        return self._page(number, size)

    def _page(self, number: int, size: int) -> Flow[list[Task]]:
        arguments = {"page_num": number, "page_size": size}
        envelope = yield from ask(Call("list_image_to_video", arguments), self.policy)
        return [Task.read(data) for data in envelope.data or ()]


def note_on_interruption(ids: Ids) -> str:
    """What the note of an interrupted submit says."""
    return (
        "A job may have been accepted. Look before submitting again: "
        f"kling.job(external_task_id={ids.external_task_id!r}).refresh()"
    )


def _journal(journal: Journal | str | os.PathLike[str] | None) -> Journal | None:
    if journal is None:
        return None
    from ..jobs.journal import Journal

    return journal if isinstance(journal, Journal) else Journal(journal)


def _catalog(catalog: Catalog | str | os.PathLike[str] | None) -> Catalog | None:
    if catalog is None:
        return None  # the bundled one, read when the first request is checked
    from ..catalog import Catalog

    return catalog if isinstance(catalog, Catalog) else Catalog.load(catalog)
