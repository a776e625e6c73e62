"""The HTTP application, assembled from the table of routes and what the process has open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette import routing
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.asgi import App
from app.http.endpoint import Endpoint
from app.http.number_convertor import register_number
from app.http.openapi import read_docs, read_openapi
from app.http.problems import response_for
from app.http.routes import ROUTES
from app.http.services import Services

STATIC = Path(__file__).parent / "static"


def make_app(services: Services, more: Sequence[routing.BaseRoute] = ()) -> App:
    """Return the app. Whoever opened the services closes them after it has ended. more: routes
    beside the API's.

    Each route has one endpoint. Starlette's router leads to all of them. Money's endpoints are also
    found by their path alone, past the router, which takes as long as all else that the process
    does for a transfer.
    """
    register_number()
    endpoints = {(route.method, route.path): Endpoint(route, services) for route in ROUTES}
    paths: dict[str, dict[str, ASGIApp]] = {}
    for (method, path), endpoint in endpoints.items():
        paths.setdefault(path, {})[method] = endpoint
    starlette = Starlette(
        routes=[
            *(
                routing.Route(path, ByMethod(found), methods=list(found))
                for path, found in paths.items()
            ),
            routing.Route("/openapi.json", read_openapi),
            routing.Route("/docs", read_docs),
            routing.Mount("/docs", StaticFiles(directory=STATIC / "swagger-ui")),
            *more,
        ],
        # With Exception alone, Starlette would log each refusal of the router as a failure of the
        # server.
        exception_handlers={HTTPException: on_exception, Exception: on_exception},
    )
    # Behind a load balancer a redirect would name another scheme, and take the API key along in the
    # clear.
    starlette.router.redirect_slashes = False
    direct: dict[str, ASGIApp] = {
        route.path: endpoints[route.method, route.path] for route in ROUTES if route.keyed
    }
    return App(starlette, direct, services)


class ByMethod:
    """An ASGI app for one path: it calls the endpoint of the request's method, GET's for HEAD."""

    def __init__(self, endpoints: dict[str, ASGIApp]) -> None:
        self.endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self.endpoints[method](scope, receive, send)


def on_exception(request: Request, error: Exception) -> Response:
    """Answer what the router and the static files raise; endpoints answer for themselves."""
    return response_for(request.scope, error)
