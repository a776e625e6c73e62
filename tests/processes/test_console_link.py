"""A start prints a link that signs in once, where only who sits at this machine can read it."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support.process import ServerProcess

LINK = re.compile(r"Console: (\S+)")


async def test_a_first_minute_ends_on_a_page(server: ServerProcess) -> None:
    await server.start()
    found = LINK.search(await server.printed("Console: "))
    assert found is not None
    async with httpx.AsyncClient(follow_redirects=True) as person:
        page = await person.get(found[1])
        assert (page.status_code, page.url.path) == (200, "/console/")
        assert "Is everything well?" in page.text
        assert "link=" not in page.text
    async with httpx.AsyncClient(follow_redirects=True) as stranger:
        assert (await stranger.get(found[1])).status_code == 403


@pytest.mark.slow
async def test_with_a_database_elsewhere_no_link_is_printed(started: ServerProcess) -> None:
    """Such a start's output is kept in a host's log."""
    told = await started.printed("Console: ")
    assert f"Console: {started.base}/console\n" in told
    assert "link=" not in told


@pytest.mark.slow
async def test_without_the_console_there_is_none(started: ServerProcess) -> None:
    await started.end()
    started.environ["ZEROSUM_CONSOLE"] = "off"
    await started.start()
    async with httpx.AsyncClient() as person:
        assert (await person.get(f"{started.base}/console/")).status_code == 404
    assert "Console" not in await started.end()
