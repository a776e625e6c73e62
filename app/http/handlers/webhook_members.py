"""The members of a webhook endpoint in a request: each is checked, and spelled as
zerosum.changed_endpoint() reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from app.egress import BadUrl, check_url
from app.errors import Refusal
from app.http import parsing
from app.http.parsing import check_filter
from app.setting_values import RATE, Network

# A field name is a token (RFC 9110, 5.6.2), and a value visible ASCII and inner spaces.
NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
VALUE = re.compile(r"[!-~]([ -~]{0,2046}[!-~])?")
MAX_HEADERS = 20
# What the message itself says, and what belongs to a connection and not to us.
RESERVED = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
RESERVED_PREFIXES = ("webhook-", "proxy-")


def checked_members(
    members: Mapping[str, Any], allow: tuple[Network, ...], proxied: bool
) -> dict[str, Any]:
    """Return the members that are given. allow: private networks that webhooks may reach. proxied:
    they go through a proxy. Raises Refusal."""
    given = {name: value for name, value in members.items() if value is not msgspec.UNSET}
    check_filter(*(given.get(name, "*") for name in ("types", "wallets", "kinds")))
    if "url" in given:
        check_destination(given["url"], allow, proxied)
    if given.get("rate_limit") is not None and not RATE.fullmatch(given["rate_limit"]):
        raise Refusal("invalid_rate_limit")
    if "headers" in given:
        given |= stored_headers(given["headers"])
    if "description" in given:
        given["description"] = parsing.short_text(given["description"], "invalid_description")
    if "metadata" in given:
        text = parsing.metadata_text(given["metadata"]) or "{}"
        given["metadata"] = msgspec.Raw(text.encode())
    return given


def check_destination(url: str, allow: tuple[Network, ...], proxied: bool) -> None:
    """Raises Refusal unless webhooks may go to this URL."""
    try:
        check_url(url, allow, proxied)
    except BadUrl as error:
        raise Refusal("invalid_url", reason=str(error)) from None


def stored_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields as they are stored: in lower case, their values where no answer shows them.
    Raises Refusal."""
    fields = {name.lower(): value for name, value in headers.items()}
    if len(fields) < len(headers):
        raise Refusal("invalid_headers", reason="Send each header field once.")
    if len(fields) > MAX_HEADERS:
        raise Refusal("invalid_headers", reason=f"Send at most {MAX_HEADERS} header fields.")
    for name, value in fields.items():
        if not NAME.fullmatch(name):
            raise Refusal("invalid_headers", reason=f"{name!r} is not the name of a header field.")
        if name in RESERVED or name.startswith(RESERVED_PREFIXES):
            raise Refusal("invalid_headers", reason=f"{name} is set by the webhook itself.")
        if not VALUE.fullmatch(value):
            reason = f"The value of {name} must be 1 to 2,048 printable ASCII characters."
            raise Refusal("invalid_headers", reason=reason)
    if not fields:
        return {"headers": None, "header_names": []}
    return {
        "headers": msgspec.json.encode(fields).decode(),
        "header_names": list(fields),
    }
