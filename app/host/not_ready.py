"""What a start raises when it can't serve."""

from __future__ import annotations


class NotReady(Exception):
    """The database can't be served from; the message says why and what to do."""


class CantConnect(NotReady):
    """The database does not answer, or lets nobody in; that may pass."""
