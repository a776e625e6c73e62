"""DATABASE_URL as hosts hand it out. Parameters that libpq knows and the driver does not are
translated, or named in an error."""

from __future__ import annotations

import logging
import ssl
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

# Parameters of other drivers or of libpq that ask for nothing that would be missing: they are left
# out.
WITHOUT_EFFECT = frozenset(
    [
        "connect_timeout",
        "pgbouncer",
        "gssencmode",
        "sslcompression",
        "sslsni",
        "connection_limit",
        "pool_timeout",
        "pool",
        "schema",
        "fallback_application_name",
        "keepalives",
        "tcp_user_timeout",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "client_encoding",
        "replication",
        "load_balance_hosts",
        "channel_binding",
        "require_auth",
        "prepareThreshold",
        "supa",
    ]
)
# Parameters that the driver takes itself.
KNOWN = frozenset(
    [
        "host",
        "port",
        "dbname",
        "database",
        "user",
        "password",
        "passfile",
        "service",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslcrl",
        "sslpassword",
        "sslnegotiation",
        "krbsrvname",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "gsslib",
        "application_name",
        "options",
    ]
)

log = logging.getLogger("zerosum")


class BadUrl(ValueError):
    """The text is a sentence that begins with the setting's name, which the caller adds."""


def driver_url(text: str) -> str:
    """Return the URL for our driver. Raises BadUrl for what is no URL or asks for something
    unknown."""
    if not text.startswith(("postgres://", "postgresql://")):
        raise BadUrl("must begin with postgres:// or postgresql://.")
    try:
        parts = urlsplit(text)
        given = (
            dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
            if parts.query
            else {}
        )
    except ValueError:
        raise BadUrl(
            "is no URL; percent-encode what is special in its user and password."
        ) from None
    unknown = sorted(given.keys() - KNOWN - WITHOUT_EFFECT)
    if unknown:
        raise BadUrl(
            f"has the parameter {unknown[0]}, which the driver does not know; take it out."
        )
    if given.get("channel_binding") == "require":
        log.warning(
            "channel_binding=require is not known to the driver; sslmode=verify-full proves who the server is"
        )
    if given.get("sslrootcert") == "system":
        found = ssl.get_default_verify_paths()
        if found.cafile is None:
            raise BadUrl("has sslrootcert=system, and no file of certificates is found; name one.")
        given["sslrootcert"], given["sslmode"] = found.cafile, "verify-full"
    kept = {name: value for name, value in given.items() if name not in WITHOUT_EFFECT}
    query = urlencode(kept, quote_via=quote, safe="/")
    return urlunsplit(parts._replace(query=query))
