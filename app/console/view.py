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

    async def load_scales(self) -> None:
        assets = await self.read("list_assets", query={"limit": 1000})
        self.scales = {asset["code"]: asset["scale"] for asset in assets["data"]}

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def text(self, name: str) -> str:
        """Return a field of the form without the spaces around it; empty where there is none."""
        return self.form.get(name, "").strip()

    def names(self, name: str) -> list[str]:
        """Return a field of the form that lists names, with commas or spaces between them; all,
        `*`, where there is none."""
        return self.text(name).replace(",", " ").split() or ["*"]

    def page_query(self, limit: int = 50) -> dict[str, Any]:
        """Return the API's query for the page of a list that the URL names."""
        return {"limit": limit, "after": self.query("after") or None}

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
            curl=spelling.curl,
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
