"""Signing in and out: sessions, links that work once, wrong keys, forms of other sites."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from app.api_keys import key_hash
from app.console.console import console_routes
from app.console.door import inner_path
from app.console.rates import Rates
from app.console.sessions import COOKIE, sign_in_link
from app.database.connections import Pool, open_pool
from app.http.application import make_app
from app.settings import read_settings
from tests.support.api import KEY, Api

BASE = "http://zerosum"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, 2)
    yield pool
    await pool.close()


@pytest.fixture
async def person(api: Api, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's cookies, without a browser."""
    services = api.app.services
    app = make_app(services, console_routes(services, Rates(pool)))
    transport = httpx.ASGITransport(app, client=("10.0.0.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def sign_in(person: httpx.AsyncClient, key: str = KEY, **more: str) -> httpx.Response:
    return await person.post("/console/sign-in", data={"key": key, **more})


async def token(person: httpx.AsyncClient) -> str:
    found = CSRF.search((await person.get("/console/wallets")).text)
    assert found is not None
    return found[1]


async def test_a_key_is_exchanged_for_a_session(person: httpx.AsyncClient) -> None:
    answer = await person.get("/console/wallets")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/sign-in?next=%2Fwallets",
    )
    answer = await sign_in(person, next="/wallets")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/wallets")
    cookie = answer.headers["set-cookie"]
    assert {"httponly", "samesite=strict", "path=/console"} <= set(cookie.lower().split("; "))
    assert "secure" not in cookie.lower()
    assert KEY not in cookie
    page = await person.get("/console/wallets")
    assert page.status_code == 200
    for name, value in (
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ):
        assert page.headers[name] == value
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert KEY not in page.text


@pytest.mark.parametrize("header", ["https", "https, http"])
async def test_over_https_the_cookie_is_for_https_alone(
    person: httpx.AsyncClient, header: str
) -> None:
    person.headers["X-Forwarded-Proto"] = header
    assert "secure" in (await sign_in(person)).headers["set-cookie"].lower()


async def test_wrong_keys_are_refused_and_limited(person: httpx.AsyncClient) -> None:
    for number in range(10):
        answer = await sign_in(person, f"zs_{'x' * 20}{number}")
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    answer = await sign_in(person, "zs_" + "y" * 20)
    assert answer.status_code == 429
    # From another address the right key still opens.
    other = httpx.ASGITransport(person._transport.app, client=("10.0.0.10", 1))  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=other, base_url=BASE) as elsewhere:
        assert (await sign_in(elsewhere)).status_code == 303


async def test_a_session_ends_with_its_key(api: Api, person: httpx.AsyncClient) -> None:
    made = await api.made("/v1/keys", {"scope": "write"})
    assert (await sign_in(person, made["key"])).status_code == 303
    assert (await person.get("/console/")).status_code == 200
    assert (await api.client.delete(f"/v1/keys/{made['id']}")).status_code == 204
    assert (await person.get("/console/")).status_code == 303
    assert (await sign_in(person, made["key"])).status_code == 403


async def test_a_part_of_a_page_is_never_the_sign_in_form(person: httpx.AsyncClient) -> None:
    answer = await person.get("/console/wallets?prefix=a", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/console/sign-in")
    await sign_in(person)
    answer = await person.get("/console/wallets?prefix=a", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<!doctype html>" in answer.text


async def test_signing_out_ends_the_session_everywhere(person: httpx.AsyncClient) -> None:
    await sign_in(person)
    kept = person.cookies[COOKIE]
    answer = await person.post("/console/sign-out", data={"csrf": await token(person)})
    assert answer.status_code == 303
    person.cookies.set(COOKIE, kept, domain="zerosum.local", path="/console")
    answer = await person.get("/console/", headers={"cookie": f"{COOKIE}={kept}"})
    assert answer.status_code == 303


async def test_a_session_expires(person: httpx.AsyncClient, db: asyncpg.Connection) -> None:
    await sign_in(person)
    await db.execute("update ledger.sessions set expires_at = now() - interval '1 second'")
    assert (await person.get("/console/")).status_code == 303
    await sign_in(person)
    assert await db.fetchval("select count(*) from ledger.sessions") == 1
    assert (
        await db.fetchval("select count(*) from ledger.sessions where token_hash = $1", b"x") == 0
    )


async def test_a_link_signs_in_once(
    person: httpx.AsyncClient, pool: Pool, db: asyncpg.Connection
) -> None:
    link = await sign_in_link(pool, key_hash(KEY))
    assert (await person.head(f"/console/enter?link={link}")).status_code == 200
    answer = await person.get(f"/console/enter?link={link}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert (await person.get("/console/")).status_code == 200
    person.cookies.clear()
    assert (await person.get(f"/console/enter?link={link}")).status_code == 403
    old = await sign_in_link(pool, key_hash(KEY))
    await db.execute("update ledger.sessions set expires_at = now() where once")
    assert (await person.get(f"/console/enter?link={old}")).status_code == 403
    # A link is no session, and a session no link.
    fresh = await sign_in_link(pool, key_hash(KEY))
    assert (
        await person.get("/console/", headers={"cookie": f"{COOKIE}={fresh}"})
    ).status_code == 303
    assert await sign_in_link(pool, key_hash("zs_" + "unknown" * 4)) is None


FORMS = [
    {},
    {"csrf": ""},
    {"csrf": "0" * 64},
    {"csrf": "ä"},
]


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_that_is_not_ours_does_nothing(
    api: Api, person: httpx.AsyncClient, form: dict[str, str]
) -> None:
    await api.wallets("alice")
    await sign_in(person)
    answer = await person.post("/console/wallets/alice/freeze", data=form)
    assert answer.status_code == 400
    assert (await api.read("/v1/wallets/alice"))["status"] == "open"


async def test_a_form_of_another_site_does_nothing(api: Api, person: httpx.AsyncClient) -> None:
    """Even one that has got hold of the token."""
    await api.wallets("alice")
    await sign_in(person)
    form = {"csrf": await token(person)}
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        answer = await person.post("/console/wallets/alice/freeze", data=form, headers=headers)
        assert answer.status_code == 400
        assert (
            await person.post("/console/sign-out", data=form, headers=headers)
        ).status_code == 400
    assert (await api.read("/v1/wallets/alice"))["status"] == "open"
    answer = await person.post("/console/wallets/alice/freeze", data=form)
    assert answer.status_code == 303
    assert (await api.read("/v1/wallets/alice"))["status"] == "frozen"
    huge = {"csrf": form["csrf"], "x": "y" * 70_000}
    assert (await person.post("/console/wallets/alice/unfreeze", data=huge)).status_code == 400


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("/wallets", "/wallets"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\\evil.example", "/\\evil.example"),
    ],
)
def test_after_signing_in_one_stays_here(given: str, wanted: str) -> None:
    """The page is put behind /console, so that a backslash names no host either."""
    assert inner_path(given) == wanted


async def test_a_reader_changes_nothing_and_sees_no_buttons(
    api: Api, person: httpx.AsyncClient
) -> None:
    await api.wallets("alice")
    made = await api.made("/v1/keys", {"scope": "read"})
    await sign_in(person, made["key"])
    page = (await person.get("/console/wallets/alice")).text
    assert "Freeze" not in page
    form = {"csrf": await token(person)}
    for path in ("/wallets/alice/freeze", "/wallets", "/move", "/webhooks", "/assets", "/keys"):
        given = {**form, "id": "x", "asset": "USD", "url": "https://x.example", "code": "X"}
        given |= {"kind": "credit", "wallet": "alice", "amount": "1"}
        answer = await person.post(
            f"/console{path}", data={**given, "scope": "admin", "scale": "2", "step": "post"}
        )
        assert answer.status_code == 403, (path, answer.status_code)
        assert "forbidden" in answer.text or "scope" in answer.text, path
    assert (await api.read("/v1/wallets/alice"))["status"] == "open"
    assert (await person.get("/console/keys")).status_code == 403


async def test_a_page_has_the_status_of_the_refusal_that_it_shows(
    api: Api, person: httpx.AsyncClient
) -> None:
    await api.wallets("alice")
    await sign_in(person)
    form = {"csrf": await token(person), "code": "USD", "scale": "3"}
    assert (await person.post("/console/assets", data=form)).status_code == 409
    form |= {"kind": "debit", "wallet": "alice", "amount": "1", "step": "post"}
    form["idempotency_key"] = "k"
    poor = await person.post("/console/move", data=form)
    assert poor.status_code == 422, poor.text
    assert "insufficient_funds" in poor.text, poor.text
    gone = await person.post("/console/move", data={**form, "wallet": "nobody"})
    assert gone.status_code == 404


async def test_a_form_that_is_sent_twice_posts_once(
    api: Api, person: httpx.AsyncClient, db: asyncpg.Connection
) -> None:
    """By a double click, a reload, or the way back: the form's key is the same."""
    await api.wallets("alice", "shop")
    await api.fund("alice", 1000)
    await sign_in(person)
    csrf = await token(person)
    for form in (
        {"kind": "transfer", "source": "alice", "destination": "shop", "amount": "1.50"},
        {"kind": "hold", "source": "alice", "destination": "shop", "amount": "1", "hours": "2"},
    ):
        sent = {**form, "csrf": csrf, "idempotency_key": f"key-{form['kind']}"}
        shown = await person.post("/console/move", data={**sent, "step": "preview"})
        expiry = re.search('name="expires_at" value="([^"]+)"', shown.text)
        if expiry is not None:
            sent["expires_at"] = expiry[1]
        answers = [
            await person.post("/console/move", data={**sent, "step": "post"}) for _ in range(3)
        ]
        assert {answer.status_code for answer in answers} == {303}, answers[-1].text
        assert len({answer.headers["location"] for answer in answers}) == 1
    assert await db.fetchval("select count(*) from ledger.transactions") == 3


async def test_the_console_can_be_off() -> None:
    assert read_settings({}).console
    assert not read_settings({"ZEROSUM_CONSOLE": "off"}).console


async def test_a_lost_database_is_said(person: httpx.AsyncClient, pool: Pool, api: Api) -> None:
    await sign_in(person)
    await api.app.services.pool.close()
    answer = await person.get("/console/")
    assert answer.status_code == 503
    assert "database does not answer" in answer.text
