"""The request's header fields that mean something to us, read once, before anything else."""

from __future__ import annotations

import re

from starlette.types import Scope

from app.errors import Refusal

ANSWER_HEADERS = "zerosum.headers"  # In the scope: header fields for the answer, whatever it is.
FIELDS = "zerosum.fields"  # In the scope: the known fields by their name in lower case.
KNOWN = frozenset(
    {
        b"authorization",
        b"content-type",
        b"idempotency-key",
        b"last-event-id",
        b"zerosum-amounts",
        b"zerosum-position",
    }
)
OURS = b"zerosum-"
LATEST = "latest"
POSITION = re.compile(r"latest|[0-9A-F]{1,8}/[0-9A-F]{1,8}")


def read_fields(scope: Scope) -> dict[bytes, str]:
    """Put the known fields into the scope, and return them.

    Raises Refusal for a repeated field, since two readers would choose differently; for an unknown
    field of ours, such as Zerosum-Dry-Run, since ignoring it could move money; and for an unknown
    value.
    """
    fields: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in KNOWN:
            if name in fields:
                raise Refusal("invalid_parameter", reason=f"Send {name.decode()} once.")
            fields[name] = value.decode("latin-1")
        elif name.startswith(OURS):
            raise Refusal(
                "invalid_parameter",
                reason=f"{name.decode('latin-1')} is not a header of this API; "
                "Zerosum-Amounts and Zerosum-Position are.",
            )
    if fields.get(b"zerosum-amounts", "string") not in {"string", "integer"}:
        raise Refusal("invalid_parameter", reason="Zerosum-Amounts must be string or integer.")
    if not POSITION.fullmatch(fields.get(b"zerosum-position", LATEST)):
        reason = "Zerosum-Position must be latest, or what an answer had, such as 16/B374D848."
        raise Refusal("invalid_parameter", reason=reason)
    scope[FIELDS] = fields
    return fields


def wants_strings(scope: Scope) -> bool:
    """Return whether the client asks for amounts as strings: `Zerosum-Amounts: string`."""
    return field(scope, b"zerosum-amounts") == "string"


def field(scope: Scope, name: bytes) -> str | None:
    """Return a known field; None: it is not there, or the fields were not read yet."""
    fields: dict[bytes, str] = scope.get(FIELDS, {})
    return fields.get(name)
