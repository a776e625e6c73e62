"""What a start prints: the address, the API key, and lines to paste."""

from __future__ import annotations

from app.settings import Settings


def greeting(settings: Settings, api_key: str, link: str | None = None) -> str:
    """Return what a start prints. api_key: as a shell spells it. link: what signs in to the console
    once; None: the console asks for the key."""
    base = f"http://{settings.host}:{settings.port}"
    lines = [
        ("wallets", '{"id":"alice","asset":"USD"}'),
        ("wallets", '{"id":"bob","asset":"USD"}'),
        ("credits", '{"wallet":"alice","amount":1000}'),
        ("transfers", '{"source":"alice","destination":"bob","amount":250}'),
    ]
    curls = "\n".join(
        f"curl -sw '\\n' {base}/v1/{path} "
        '-H "Authorization: Bearer $KEY"'
        f" -H 'Content-Type: application/json' -d '{body}'"
        for path, body in lines
    )
    console = ""
    if link is not None:
        console = f"Console: {base}/console/enter?link={link} signs in once, within ten minutes\n"
    elif settings.console:
        console = f"Console: {base}/console\n"
    return f"""Zerosum listens on {base}
{console}Two wallets, a credit and a transfer, to paste into another terminal:

KEY={api_key}
{curls}
"""
