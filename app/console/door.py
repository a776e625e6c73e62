"""Signing in to the console and out of it."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response

from app.console.sessions import COOKIE, SESSION_S, Sessions
from app.console.view import BadForm, check_site, plain_page, read_form, see
from app.database.errors import DATABASE_ERRORS

WRONG_KEYS = RateLimitItemPerMinute(10)  # from each address


class Door:
    """Handlers of the pages that need no session."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.wrong = MovingWindowRateLimiter(MemoryStorage())

    async def sign_in(self, request: Request) -> Response:
        """Show the form, or take an API key and begin a session."""
        if request.method != "POST":
            return form(request)
        try:
            check_site(request)
            typed = await read_form(request)
        except BadForm as error:
            return form(request, str(error), 400)
        address = request.client.host if request.client else ""
        if not await self.wrong.test(WRONG_KEYS, address):
            return form(request, "Too many wrong keys. Wait a minute and try again.", 429)
        try:
            token = await self.sessions.sign_in(typed.get("key", "").strip())
        except DATABASE_ERRORS:
            return plain_page("away.html", 503)
        if token is None:
            await self.wrong.hit(WRONG_KEYS, address)
            return form(request, "This is no API key of a ledger here, or it was revoked.", 403)
        return with_cookie(request, see(inner_path(typed.get("next", ""))), token)

    async def enter(self, request: Request) -> Response:
        """Begin a session by a link that a start has printed."""
        if request.method == "HEAD":  # Whoever looks whether the link is alive does not use it up.
            return form(request)
        try:
            token = await self.sessions.exchange(request.query_params.get("link", ""))
        except DATABASE_ERRORS:
            return plain_page("away.html", 503)
        if token is None:
            told = "This link was used already, or is older than ten minutes. Sign in with a key."
            return form(request, told, 403)
        return with_cookie(request, see("/"), token)

    async def sign_out(self, request: Request) -> Response:
        token = request.cookies.get(COOKIE)
        try:
            check_site(request)
            session = await self.sessions.find(token) if token else None
            if session is not None:
                given = (await read_form(request)).get("csrf", "")
                if not session.is_form_ours(given):
                    raise BadForm("The page was too old. Open the console again.")
                await self.sessions.end(session.token)
        except BadForm as error:
            return form(request, str(error), 400)
        except DATABASE_ERRORS:
            return plain_page("away.html", 503)
        response = see("/sign-in")
        response.delete_cookie(COOKIE, path="/console")
        return response


def form(request: Request, told: str | None = None, status: int = 200) -> Response:
    return plain_page(
        "sign_in.html", status, told=told, next=inner_path(request.query_params.get("next", ""))
    )


def inner_path(given: str) -> str:
    """Return the page of the console to go on with: never another host's."""
    return given if given.startswith("/") and not given.startswith("//") else "/"


def with_cookie(request: Request, response: Response, token: str) -> Response:
    """Give the session's token to the browser, over https for https alone. A balancer says that it
    took the request over https; a client who lies about that locks out only itself."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_S,
        path="/console",
        secure="https" in {request.url.scheme, forwarded},
        httponly=True,
        samesite="strict",
    )
    return response
