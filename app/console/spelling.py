"""How the console spells values for people, and reads what people type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
THIN = "\u202f"  # A narrow space that does not break: it groups digits in every language.


class BadInput(Exception):
    """What was typed can't be used; the message says what to type."""


def amount(value: int | str | None, scale: int) -> str:
    """Return a whole number of smallest units as people write it: 1234567 at scale 2 is
    12 345.67."""
    if value is None:
        return "none"
    number = int(value)
    digits = str(abs(number)).rjust(scale + 1, "0")
    whole, rest = (digits[:-scale], digits[-scale:]) if scale else (digits, "")
    grouped = THIN.join(re.findall(r"[0-9]{1,3}", whole[::-1]))[::-1]
    return ("\u2212" if number < 0 else "") + grouped + (f".{rest}" if rest else "")


def plain_amount(value: int | str, scale: int) -> str:
    """Return the amount as a form's field has it, without groups: read_amount() reads it."""
    return amount(value, scale).replace(THIN, "").replace("\u2212", "-")


def read_amount(text: str, scale: int) -> str:
    """Return what a person typed, in the asset's smallest unit. Raises BadInput."""
    cleaned = re.sub(r"[\s\u202f\u00a0_']", "", text).replace("\u2212", "-")
    found = NUMBER.fullmatch(cleaned)
    if found is None:
        raise BadInput(
            "Type an amount such as 12.50: digits, and a point before the decimal places."
        )
    sign, whole, rest = found[1], found[2], found[3] or ""
    if len(rest.rstrip("0")) > scale:
        places = "no decimal places" if scale == 0 else f"at most {scale} decimal places"
        raise BadInput(f"Type an amount with {places}: this asset has no smaller unit.")
    return sign + (whole + rest[:scale].ljust(scale, "0")).lstrip("0").rjust(1, "0")


def read_metadata(text: str) -> Any:
    """Return what a person typed as JSON. Raises BadInput."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(f'Type metadata as JSON, such as {{"order": 17}} ({error}).') from None
    if not isinstance(value, dict):
        raise BadInput('Type metadata as a JSON object, such as {"order": 17}.')
    return value


def pretty(value: Any) -> str:
    """Return JSON over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def moment(text: str | None) -> Markup:
    """Return a time as an element that the page's script spells in the viewer's zone; without a
    script it is UTC."""
    if text is None:
        return Markup("never")
    at = datetime.fromisoformat(text).astimezone(UTC)
    told = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat().replace("+00:00", "Z"), told, told
    )


def seconds(value: float) -> str:
    """Return a span as people say it, in the largest unit that fits."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if value >= size:
            return f"{value / size:.0f} {name}"
    return f"{value:.0f} s"


def curl(
    method: str,
    path: str,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    key: str | None = None,
) -> str:
    """Return a line for a terminal that does the same over the API. query: None is left out."""
    given = {name: value for name, value in (query or {}).items() if value is not None}
    if given:
        path += f"?{urlencode(given)}"
    parts = [f'curl -X {method} "$ZEROSUM_URL{path}"', '-H "Authorization: Bearer $KEY"']
    if key is not None:
        parts.append(f"-H {quoted(f'Idempotency-Key: {key}')}")
    if body is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d {quoted(json.dumps(body, ensure_ascii=False))}")
    return " \\\n  ".join(parts)


def quoted(text: str) -> str:
    """Return the text as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def by_scale(scales: Mapping[str, int], value: int | str | None, asset: str | None) -> Markup:
    """Return an amount with its asset. An unknown asset's amount is shown in smallest units."""
    spelled = amount(value, scales.get(asset or "", 0))
    negative = " negative" if spelled.startswith("\u2212") else ""
    return Markup('<span class="amount{}">{}</span> <span class="asset">{}</span>').format(
        negative, spelled, asset or ""
    )
