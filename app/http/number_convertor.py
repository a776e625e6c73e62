"""`{id:number}` in a path."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor

from app.http.parsing import number


class NumberConvertor(Convertor[int]):
    """Reads a number as parsing.number() does."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        return number(value)

    def to_string(self, value: int) -> str:
        return str(value)


def register_number() -> None:
    """Let routes that are made from now on have numbers in their paths."""
    register_url_convertor("number", NumberConvertor())
