"""One Citus cluster for all tests here, a database of its own for each."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import citus
from tests.support.command import run
from tests.support.rooms import quick_root


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.once)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.citus)


@pytest.fixture(scope="session")
async def cluster() -> AsyncIterator[citus.Cluster]:
    if citus.PREFIX is None:
        pytest.skip("CITUS_PREFIX does not say where PostgreSQL with Citus is: .ci/citus")
    room = Path(tempfile.mkdtemp(prefix="zerosum-citus-", dir=quick_root()))
    cluster = await citus.start(room)
    try:
        yield cluster
    finally:
        await asyncio.to_thread(cluster.stop)
        shutil.rmtree(room)


@pytest.fixture
async def plain_url(cluster: citus.Cluster) -> str:
    """A migrated database on the coordinator that is not distributed."""
    return await cluster.database()


@pytest.fixture
async def scaled_url(plain_url: str) -> str:
    """The same, distributed."""
    code, _, told = await run(plain_url, "scale", "start", "--shards", "4")
    assert code == 0, told
    return plain_url
