from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_envelope import ErrorEnvelope
from ...models.route_tasks_envelope import RouteTasksEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    task_ids: str | Unset = UNSET,
    external_task_ids: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["task_ids"] = task_ids

    params["external_task_ids"] = external_task_ids

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/tasks",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | RouteTasksEnvelope | None:
    if response.status_code == 200:
        response_200 = RouteTasksEnvelope.from_dict(response.json())

        return response_200

    if 400 <= response.status_code <= 499:
        response_4xx = ErrorEnvelope.from_dict(response.json())

        return response_4xx

    if 500 <= response.status_code <= 599:
        response_5xx = ErrorEnvelope.from_dict(response.json())

        return response_5xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorEnvelope | RouteTasksEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    task_ids: str | Unset = UNSET,
    external_task_ids: str | Unset = UNSET,
) -> Response[ErrorEnvelope | RouteTasksEnvelope]:
    """Look jobs up by their ids

     Give one of the two parameters. An id that is not known is absent from the answer.

    Args:
        task_ids (str | Unset):
        external_task_ids (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | RouteTasksEnvelope]
    """

    kwargs = _get_kwargs(
        task_ids=task_ids,
        external_task_ids=external_task_ids,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    task_ids: str | Unset = UNSET,
    external_task_ids: str | Unset = UNSET,
) -> ErrorEnvelope | RouteTasksEnvelope | None:
    """Look jobs up by their ids

     Give one of the two parameters. An id that is not known is absent from the answer.

    Args:
        task_ids (str | Unset):
        external_task_ids (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | RouteTasksEnvelope
    """

    return sync_detailed(
        client=client,
        task_ids=task_ids,
        external_task_ids=external_task_ids,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    task_ids: str | Unset = UNSET,
    external_task_ids: str | Unset = UNSET,
) -> Response[ErrorEnvelope | RouteTasksEnvelope]:
    """Look jobs up by their ids

     Give one of the two parameters. An id that is not known is absent from the answer.

    Args:
        task_ids (str | Unset):
        external_task_ids (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | RouteTasksEnvelope]
    """

    kwargs = _get_kwargs(
        task_ids=task_ids,
        external_task_ids=external_task_ids,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    task_ids: str | Unset = UNSET,
    external_task_ids: str | Unset = UNSET,
) -> ErrorEnvelope | RouteTasksEnvelope | None:
    """Look jobs up by their ids

     Give one of the two parameters. An id that is not known is absent from the answer.

    Args:
        task_ids (str | Unset):
        external_task_ids (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | RouteTasksEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            task_ids=task_ids,
            external_task_ids=external_task_ids,
        )
    ).parsed
