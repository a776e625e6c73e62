"""What every page of the console has at hand: who looks, the API, the form, the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.console import spelling
from app.console.api import Answer, ConsoleApi, Refused
from app.console.rates import Rates
from app.console.sessions import Session
from app.errors import problem_body
from app.http.auth import SCOPES
from app.http.routes.route import PLACE
from app.version import VERSION

FORM_LIMIT = 64 * 1024  # bytes
HERE = Path(__file__).parent
# No script and no style but ours, and no other site may show the page in a frame or take a form.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= {
    "moment": spelling.moment,
    "pretty": spelling.pretty,
    "span": spelling.seconds,
    "segment": partial(quote, safe=""),
}


NOTHING: dict[str, Any] = {"data": [], "next": None}  # An empty page of a list.


class BadForm(Exception):
    """A form that this console did not make, or that is too large."""


@dataclass(slots=True)
class View:
    """A request of somebody who has signed in. form: the fields of a form that was sent, the last
    one of each name. scales: of the ledger's assets, by code."""

    request: Request
    session: Session
    api: ConsoleApi
    rates: Rates
    form: Mapping[str, str] = field(default_factory=dict)
    scales: dict[str, int] = field(default_factory=dict)

    async def call(self, operation: str, **given: Any) -> Answer:
        """Call the API as who has signed in. given: as ConsoleApi.call() takes it. Raises
        Refused."""
        receive = self.request.receive
        return await self.api.call(self.session, operation, receive=receive, **given)

    async def read(self, operation: str, **given: Any) -> Any:
        """Return the body of the API's answer. Raises Refused."""
        return (await self.call(operation, **given)).body

    @property
    def dry(self) -> bool:
        """Whether a form that moves money asks first what it would do."""
        return self.text("step") != "post"

    async def move(
        self, operation: str, body: Any, path: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Move money, or show what it would do, as the form says; return the transaction. Raises
        Refused."""
        query = {"dry_run": "true"} if self.dry else None
        key = self.text("idempotency_key")
        made: dict[str, Any] = await self.read(
            operation, path=path, query=query, body=body, key=key
        )
        return made

    def curl(self, operation: str, path: Mapping[str, Any] | None = None, **given: Any) -> str:
        """Return a line for a terminal that calls an operation of the API. given: query, body, key
        as call() takes them."""
        route = self.api.endpoints[operation].route
        return spelling.curl(route.method, place(route.path, path or {}), **given)

    async def load_scales(self) -> None:
        assets = await self.read("list_assets", query={"limit": 1000})
        self.scales = {asset["code"]: asset["scale"] for asset in assets["data"]}

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def text(self, name: str) -> str:
        """Return a field of the form without the spaces around it; empty where there is none."""
        return self.form.get(name, "").strip()

    def amount(self, asset: str) -> str:
        """Return the form's amount in the asset's smallest unit. Raises BadInput."""
        return spelling.read_amount(self.text("amount"), self.scales.get(asset, 0))

    def names(self, name: str) -> list[str]:
        """Return a field of the form that lists names, with commas or spaces between them; all,
        `*`, where there is none."""
        return self.text(name).replace(",", " ").split() or ["*"]

    def page_query(self, limit: int = 50) -> dict[str, Any]:
        """Return the API's query for the page of a list that the URL names."""
        return {"limit": limit, "after": self.query("after") or None}

    def search_query(self, *names: str) -> dict[str, Any]:
        """Return the API's query for a search: the page, the parameters with these names, and the
        member of metadata with its value that were asked for."""
        query = self.page_query() | {name: self.query(name) or None for name in names}
        if self.query("key"):
            query[f"metadata.{self.query('key')}"] = self.query("value")
        return query

    async def search(
        self, operation: str, query: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Return the page of a list, and why it is empty if the API refuses the query."""
        try:
            return await self.read(operation, query=query), None
        except Refused as refused:
            return NOTHING, told(refused)

    @property
    def action(self) -> str:
        """What a form asks for: the last segment of its path."""
        return self.request.url.path.rpartition("/")[2]

    def may(self, scope: str) -> bool:
        """Return whether the API key has this scope or a higher one."""
        return SCOPES.index(self.session.caller.scope) >= SCOPES.index(scope)

    def page(self, template: str, status: int = 200, **more: Any) -> Response:
        """Return a page."""
        html = TEMPLATES.get_template(template).render(
            view=self,
            caller=self.session.caller,
            csrf=self.session.csrf,
            may=self.may,
            amount=partial(spelling.by_scale, self.scales),
            plain_amount=lambda value, asset: (
                "" if value is None else spelling.plain_amount(value, self.scales.get(asset, 0))
            ),
            curl=self.curl,
            path=self.request.url.path,
            next_page=self.next_page,
            version=VERSION,
            **{"problem": None, "typed": {}, **more},
        )
        return HTMLResponse(html, status, HEADERS)

    def next_page(self, after: str | None) -> str | None:
        """Return the URL of the next page of this list."""
        if after is None:
            return None
        given = {**self.request.query_params, "after": after}
        return f"{self.request.url.path}?{urlencode(given)}"


def place(path: str, values: Mapping[str, Any]) -> str:
    """Return a route's path with its parameters filled in."""
    return PLACE.sub(lambda found: quote(str(values[found[1]]), safe=""), path)


def see(path: str, **query: str) -> Response:
    """Return a redirect to a page of the console, which is read with GET."""
    target = f"/console{path}" + (f"?{urlencode(query)}" if query else "")
    return RedirectResponse(target, 303, HEADERS)


def plain_page(template: str, status: int = 200, **more: Any) -> Response:
    """Return a page for somebody who has not signed in."""
    html = TEMPLATES.get_template(template).render(version=VERSION, **more)
    return HTMLResponse(html, status, HEADERS)


def check_site(request: Request) -> None:
    """Raise BadForm for a form that a page of another site sends (Fetch Metadata). Browsers that do
    not say are held off by the cookie's SameSite and by the form's own token."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise BadForm("The form came from another site. Nothing was done.")


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, application/x-www-form-urlencoded. Raises BadForm."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > FORM_LIMIT:
            raise BadForm("What was typed is too long.")
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=500))
    except ValueError:
        raise BadForm("This is no form of the console.") from None


def problem(code: str) -> dict[str, Any]:
    """Return what a page shows of a code of the API."""
    body: dict[str, Any] = json.loads(problem_body(code, {}))
    return body


def told(error: Refused | spelling.BadInput) -> dict[str, Any]:
    """Return what a page shows of a refusal: a title and what to do."""
    if isinstance(error, spelling.BadInput):
        return {"title": "That can't be read", "detail": str(error), "code": None}
    return error.problem


def status_of(error: Refused | spelling.BadInput) -> int:
    """Return the status of a page that shows a refusal: the API's own."""
    return error.status if isinstance(error, Refused) else 422
