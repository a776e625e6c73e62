"""How webhooks speak TLS: whom they trust, and the certificate that they show."""

from __future__ import annotations

import ssl
from pathlib import Path

from app.setting_values import BadSetting


def webhook_tls(ca_file: Path | None, client_cert_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those in ca_file (PEM).

    client_cert_file: a certificate with its chain, and its private key, in one PEM file; servers
    that ask for one get it. Raises BadSetting.
    """
    tls = ssl.create_default_context()
    if ca_file is not None:
        try:
            tls.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise BadSetting(
                f"ZEROSUM_WEBHOOK_CA_FILE can't be read as certificates ({error}); "
                "name a file of certificates in PEM."
            ) from None
    if client_cert_file is not None:
        try:
            # An empty password: a key that is encrypted must not make the start ask for one.
            tls.load_cert_chain(client_cert_file, password="")
        except (OSError, ssl.SSLError) as error:
            raise BadSetting(
                f"ZEROSUM_WEBHOOK_CLIENT_CERT_FILE can't be read as a certificate and its key ({error}); "
                "name a PEM file with both, the key not encrypted."
            ) from None
    return tls
