"""Every route has one endpoint, whichever way leads to it, and its row of the table says all that
it needs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from starlette.routing import Match

from app.http.application import ByMethod
from app.http.request import ApiRequest
from app.http.routes import ROUTES, Route
from tests.support.api import Api

SCOPES = {None, "read", "write", "admin"}


def scope_of(route: Route) -> dict[str, Any]:
    path = route.path
    for place in ("{id:number}", "{seq:number}", "{number:number}", "{level:number}", "{id}"):
        path = path.replace(place, "1")
    path = path.replace("{tile:path}", "000")
    return {
        "type": "http",
        "method": route.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
async def test_the_router_and_the_direct_way_lead_to_the_same_endpoint(
    api: Api, route: Route
) -> None:
    scope = scope_of(route)
    routed = next(
        one
        for one in api.app.routed.routes
        if one.matches(scope)[0] is Match.FULL and hasattr(one, "app")
    )
    by_method = routed.app
    assert isinstance(by_method, ByMethod)
    endpoint = by_method.endpoints[route.method]
    assert endpoint.route is route  # type: ignore[attr-defined]
    direct = api.app.find_direct(scope) if route.method == "POST" else None
    assert direct is (endpoint if route.keyed else None)


def test_a_row_says_what_its_handler_takes() -> None:
    for route in ROUTES:
        assert route.scope in SCOPES, route.path
        assert route.scope is not None or route.path == "/healthz"
        assert (route.method in {"GET", "DELETE"}) <= (route.body is None), route.path
        assert ("dry_run" in route.query) is route.keyed, route.path
        signature = inspect.signature(route.handler, eval_str=True)
        (taken,) = signature.parameters.values()
        (body,) = taken.annotation.__args__
        assert taken.annotation.__origin__ is ApiRequest
        assert body is (route.reads or route.body or type(None)), route.path
