from __future__ import annotations

import pytest

from tests.relay.conftest import run_relay

__all__ = ["run_relay"]


@pytest.fixture
def listening() -> bool:
    return True
