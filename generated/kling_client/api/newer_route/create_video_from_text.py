from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_video_from_text_model import (
    CreateVideoFromTextModel,
)
from ...models.error_envelope import ErrorEnvelope
from ...models.route_task_envelope import RouteTaskEnvelope
from ...models.text_video_request import TextVideoRequest
from ...types import Response


def _get_kwargs(
    model: CreateVideoFromTextModel,
    *,
    body: TextVideoRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/text-to-video/{model}".format(
            model=quote(str(model), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | RouteTaskEnvelope | None:
    if response.status_code == 200:
        response_200 = RouteTaskEnvelope.from_dict(response.json())

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
) -> Response[ErrorEnvelope | RouteTaskEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    model: CreateVideoFromTextModel,
    *,
    client: AuthenticatedClient | Client,
    body: TextVideoRequest,
) -> Response[ErrorEnvelope | RouteTaskEnvelope]:
    """Create a job from words

     Starts a paid job. Answers at once with its id; the video comes later.

    Args:
        model (CreateVideoFromTextModel):
        body (TextVideoRequest): A job from words.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | RouteTaskEnvelope]
    """

    kwargs = _get_kwargs(
        model=model,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    model: CreateVideoFromTextModel,
    *,
    client: AuthenticatedClient | Client,
    body: TextVideoRequest,
) -> ErrorEnvelope | RouteTaskEnvelope | None:
    """Create a job from words

     Starts a paid job. Answers at once with its id; the video comes later.

    Args:
        model (CreateVideoFromTextModel):
        body (TextVideoRequest): A job from words.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | RouteTaskEnvelope
    """

    return sync_detailed(
        model=model,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    model: CreateVideoFromTextModel,
    *,
    client: AuthenticatedClient | Client,
    body: TextVideoRequest,
) -> Response[ErrorEnvelope | RouteTaskEnvelope]:
    """Create a job from words

     Starts a paid job. Answers at once with its id; the video comes later.

    Args:
        model (CreateVideoFromTextModel):
        body (TextVideoRequest): A job from words.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | RouteTaskEnvelope]
    """

    kwargs = _get_kwargs(
        model=model,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    model: CreateVideoFromTextModel,
    *,
    client: AuthenticatedClient | Client,
    body: TextVideoRequest,
) -> ErrorEnvelope | RouteTaskEnvelope | None:
    """Create a job from words

     Starts a paid job. Answers at once with its id; the video comes later.

    Args:
        model (CreateVideoFromTextModel):
        body (TextVideoRequest): A job from words.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | RouteTaskEnvelope
    """

    return (
        await asyncio_detailed(
            model=model,
            client=client,
            body=body,
        )
    ).parsed
