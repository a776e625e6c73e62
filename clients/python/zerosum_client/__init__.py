"""A client of Zerosum, the wallet engine: Client and AsyncClient, webhooks, amounts."""

from zerosum_client import errors, types
from zerosum_client.amounts import from_units, to_units
from zerosum_client.client import AsyncClient, Client
from zerosum_client.problem import NoAnswer, Problem, ZerosumError
from zerosum_client.webhooks import BadSignature, verify

__all__ = [
    "AsyncClient",
    "BadSignature",
    "Client",
    "NoAnswer",
    "Problem",
    "ZerosumError",
    "errors",
    "from_units",
    "to_units",
    "types",
    "verify",
]
