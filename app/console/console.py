"""The console's routes, and the steps of every request to a page: who has signed in, whether a form
is ours, and what is shown when something is refused."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.console import pages
from app.console.api import ConsoleApi, Refused
from app.console.door import Door
from app.console.rates import Rates
from app.console.sessions import COOKIE, Session, Sessions
from app.console.spelling import BadInput
from app.console.view import (
    HEADERS,
    HERE,
    BadForm,
    View,
    check_site,
    plain_page,
    read_form,
    see,
    status_of,
    told,
)
from app.database.errors import DATABASE_ERRORS
from app.http.number_convertor import register_number
from app.http.services import Services

Handler = Callable[[View], Awaitable[Response]]

log = logging.getLogger("zerosum")


def console_routes(services: Services, rates: Rates) -> list[BaseRoute]:
    """Return the routes below /console. Whoever opened the services runs the rates."""
    register_number()
    sessions = Sessions(services.pool)
    door = Door(sessions)
    api = ConsoleApi(services)
    return [
        Mount("/console/static", StaticFiles(directory=HERE / "static")),
        Route("/console/sign-in", door.sign_in, methods=["GET", "POST"]),
        Route("/console/sign-out", door.sign_out, methods=["POST"]),
        Route("/console/enter", door.enter),
        *(
            Route(f"/console{path}", Page(handler, sessions, api, rates), methods=[method])
            for method, path, handler in pages.PAGES
        ),
    ]


class Page:
    """An ASGI app that answers the requests to one page."""

    def __init__(self, handler: Handler, sessions: Sessions, api: ConsoleApi, rates: Rates) -> None:
        self.handler, self.sessions, self.api, self.rates = handler, sessions, api, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.answer(request)
        except DATABASE_ERRORS as error:
            log.warning("the console waits for the database: %s", error)
            response = plain_page("away.html", 503)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Raises what the database's driver raises."""
        token = request.cookies.get(COOKIE)
        session = await self.sessions.find(token) if token else None
        if session is None:
            if "hx-request" in request.headers:
                # A redirect would put the form into the part of the page that was asked for.
                return Response(None, 401, {**HEADERS, "HX-Redirect": "/console/sign-in"})
            back = request.url.path.removeprefix("/console") if request.method == "GET" else ""
            return see("/sign-in", **({"next": back} if back not in {"", "/"} else {}))
        view = View(request, session, self.api, self.rates)
        try:
            if request.method == "POST":
                view.form = await ours(request, session)
            await view.load_scales()
            return await self.handler(view)
        except BadForm as error:
            problem = {"title": "Form that was not sent", "detail": str(error), "code": None}
            return view.page("refused.html", 400, problem=problem)
        except (Refused, BadInput) as error:
            return view.page("refused.html", status_of(error), problem=told(error))


async def ours(request: Request, session: Session) -> dict[str, str]:
    """Return the fields of a form of this console. Raises BadForm for any other: a page of another
    site must not act for who has signed in here."""
    check_site(request)
    form = await read_form(request)
    if not session.is_form_ours(form.get("csrf", "")):
        raise BadForm("The page was too old, or not ours. Nothing was done; open it again.")
    return form
