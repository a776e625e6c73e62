from __future__ import annotations

from zerosum_client.pytest_plugin import zerosum_client, zerosum_server

__all__ = ["zerosum_client", "zerosum_server"]
