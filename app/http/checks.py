"""What every operation demands of a request before its handler runs: its header fields, its key, its query.

Whatever can be refused is refused here or in the handler before anything is sent to Postgres: a refusal after that
would be told of money that has moved, or hide a key that was made.
"""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from app.http.asgi import Handler
from app.http.headers import read_fields
from app.http.parsing import number
from app.http.query import QUERY, read_query
from app.http.routes import Operation


class NumberConvertor(Convertor[int]):
    """`{id:number}` in a path, as parsing.number() has it."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        return number(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", NumberConvertor())


def checked(operation: Operation) -> Handler:
    """The operation's handler, behind the checks. Those that need no key, for machines, take any query."""
    handler, scope = operation.handler, operation.scope
    if scope is None:
        return handler
    empty = read_query(b"", operation.query) if not operation.required else None

    async def handle(request: Request) -> Response:
        read_fields(request.scope)
        await request.app.state.keys.admit(request, scope)
        raw = request.scope["query_string"]
        request.scope[QUERY] = (
            empty
            if empty is not None and not raw
            else read_query(raw, operation.query, operation.required, operation.filters)
        )
        return await handler(request)

    return handle
