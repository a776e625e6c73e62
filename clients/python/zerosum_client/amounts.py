"""Amounts between people and the API: people write 12.50, the API takes 1250 of the asset's smallest
unit. Decimal throughout: a float is never an amount."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

# Amounts have up to 38 digits, and assets up to 38 decimal places; Decimal rounds at 28 by itself.
EXACT = Context(prec=100)


def to_units(amount: Decimal | str | int, scale: int) -> int:
    """Return an amount such as Decimal("12.50") in the smallest unit of an asset with so many decimal
    places. Raises ValueError for a float, for what is no number, and for more decimal places than
    the asset has: nothing is rounded."""
    if isinstance(amount, float | bool):
        raise ValueError("a float is not exact; give a Decimal or a string")
    try:
        exact = Decimal(amount).scaleb(scale, EXACT)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no amount") from None
    if not exact.is_finite() or exact != exact.to_integral_value(context=EXACT):
        raise ValueError(f"{amount} has more than {scale} decimal places")
    return int(exact)


def from_units(units: int | str, scale: int) -> Decimal:
    """Return a number of smallest units as an amount, with the asset's decimal places."""
    return Decimal(units).scaleb(-scale, EXACT).quantize(Decimal(1).scaleb(-scale), context=EXACT)
