"""The body of a list."""

from __future__ import annotations

from starlette.responses import Response


def page(items: list[str], following: int | None) -> Response:
    """A list's body from items that are JSON already."""
    cursor = "null" if following is None else f'"{following}"'
    body = f'{{"data":[{",".join(items)}],"next":{cursor}}}'
    return Response(body, media_type="application/json")
