"""Every operation of the API, blocking.

Generated from the API's OpenAPI document: make clients. Do not edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from zerosum_client import types as t
from zerosum_client.core import UNSET, SyncBase, Unset


class SyncOperations(SyncBase):
    """The API's operations. Each raises a Problem: its class is the code's."""

    def create_transfer(
        self,
        *,
        source: str,
        destination: str,
        amount: int | str,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.Transaction:
        """Transfer value between two wallets."""
        found: t.Transaction = self.call(
            "POST",
            "/v1/transfers",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "source": source,
                "destination": destination,
                "amount": amount,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def create_credit(
        self,
        *,
        wallet: str,
        amount: int | str,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        source: str | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.Transaction:
        """Credit a wallet.

        Moves value into it from `@world`, the outside, or from a `source`.
        """
        found: t.Transaction = self.call(
            "POST",
            "/v1/credits",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "wallet": wallet,
                "amount": amount,
                "source": source,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def create_debit(
        self,
        *,
        wallet: str,
        amount: int | str,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        destination: str | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.Transaction:
        """Debit a wallet.

        Moves value out of it to `@world`, the outside, or to a `destination`.
        """
        found: t.Transaction = self.call(
            "POST",
            "/v1/debits",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "wallet": wallet,
                "amount": amount,
                "destination": destination,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def create_transaction(
        self,
        *,
        postings: list[t.PostingRequest],
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.Transaction:
        """Post a transaction of several postings.

        All of them post or none does.
        """
        found: t.Transaction = self.call(
            "POST",
            "/v1/transactions",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "postings": postings,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def list_transactions(
        self,
        *,
        limit: int | Unset = UNSET,
        after: int | Unset = UNSET,
        wallet: str | Unset = UNSET,
        kind: Literal[
            "transfer", "credit", "debit", "transaction", "hold", "capture", "void", "reversal"
        ]
        | Unset = UNSET,
        reference: str | Unset = UNSET,
        idempotency_key: str | Unset = UNSET,
        since: str | Unset = UNSET,
        until: str | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
    ) -> t.ReadTransactionList:
        """List or search transactions, newest first.

         A search looks at up to 10,000 transactions. Its page may have fewer items than
        `limit`, or none, and still a `next`, with which it goes on.
        """
        found: t.ReadTransactionList = self.call(
            "GET",
            "/v1/transactions",
            query={
                "limit": limit,
                "after": after,
                "wallet": wallet,
                "kind": kind,
                "reference": reference,
                "idempotency_key": idempotency_key,
                "since": since,
                "until": until,
                **self.filters(metadata),
            },
        )
        return found

    def each_transactions(
        self,
        *,
        limit: int | Unset = UNSET,
        wallet: str | Unset = UNSET,
        kind: Literal[
            "transfer", "credit", "debit", "transaction", "hold", "capture", "void", "reversal"
        ]
        | Unset = UNSET,
        reference: str | Unset = UNSET,
        idempotency_key: str | Unset = UNSET,
        since: str | Unset = UNSET,
        until: str | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
    ) -> Iterator[t.ReadTransaction]:
        """Yield what list_transactions() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_transactions(
                limit=limit,
                wallet=wallet,
                kind=kind,
                reference=reference,
                idempotency_key=idempotency_key,
                since=since,
                until=until,
                metadata=metadata,
                after=after,
            )
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def create_batch(
        self,
        *,
        transactions: list[t.BatchItem],
        mode: Literal["atomic", "independent"] | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.BatchResults:
        """Post up to 1,000 transactions in one request.

         200 with one result each, in their order: 201 and the transaction, or the problem.
        Later transactions see what earlier ones did. In mode `atomic` all post or none does,
        and the answer is the problem of the transaction at `index`. A transaction without a key
        of its own has the batch's key and its index, `key/0`.
        """
        found: t.BatchResults = self.call(
            "POST",
            "/v1/transactions/batch",
            query={"dry_run": dry_run},
            body={"transactions": transactions, "mode": mode},
            keyed=True,
            key=idempotency_key,
        )
        return found

    def read_transaction(self, id: int) -> t.ReadTransaction:
        """Read a transaction.

        What its request was answered, and which transactions have reversed it.
        """
        found: t.ReadTransaction = self.call("GET", f"/v1/transactions/{self.segment(id)}")
        return found

    def read_transaction_event(self, id: int) -> t.Event:
        """Read the event of a transaction.

        As webhooks carry it. 404 until it is stamped, a moment after the transaction.
        """
        found: t.Event = self.call("GET", f"/v1/transactions/{self.segment(id)}/event")
        return found

    def reverse_transaction(
        self,
        id: int,
        *,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        amount: int | str | None | Unset = UNSET,
        postings: list[t.Part] | None | Unset = UNSET,
        force: bool | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.ReversalTransaction:
        """Reverse a transaction.

         Moves back what it moved: all that is left, an amount, or parts of postings. `force`
        needs an admin key.
        """
        found: t.ReversalTransaction = self.call(
            "POST",
            f"/v1/transactions/{self.segment(id)}/reverse",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "amount": amount,
                "postings": postings,
                "force": force,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def create_hold(
        self,
        *,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        source: str | None | Unset = UNSET,
        destination: str | None | Unset = UNSET,
        amount: int | str | None | Unset = UNSET,
        postings: list[t.PostingRequest] | None | Unset = UNSET,
        expires_at: str | None | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.HoldTransaction:
        """Place a hold.

         It reserves value of the source until it is captured, voided or expires. `id` is the
        hold's id.
        """
        found: t.HoldTransaction = self.call(
            "POST",
            "/v1/holds",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "source": source,
                "destination": destination,
                "amount": amount,
                "postings": postings,
                "expires_at": expires_at,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def list_holds(self, *, limit: int | Unset = UNSET, after: int | Unset = UNSET) -> t.HoldList:
        """List holds, newest first."""
        found: t.HoldList = self.call("GET", "/v1/holds", query={"limit": limit, "after": after})
        return found

    def each_holds(self, *, limit: int | Unset = UNSET) -> Iterator[t.Hold]:
        """Yield what list_holds() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_holds(limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def capture_hold(
        self,
        id: int,
        *,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        amount: int | str | None | Unset = UNSET,
        destination: str | None | Unset = UNSET,
        postings: list[t.CapturePart] | None | Unset = UNSET,
        final: bool | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.CaptureTransaction:
        """Capture a hold.

         Moves what is held: all that is left, an amount, or parts of postings. `final` releases
        the rest.
        """
        found: t.CaptureTransaction = self.call(
            "POST",
            f"/v1/holds/{self.segment(id)}/capture",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
                "amount": amount,
                "destination": destination,
                "postings": postings,
                "final": final,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def void_hold(
        self,
        id: int,
        *,
        reference: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
        effective_at: str | None | Unset = UNSET,
        if_: list[t.Condition] | None | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> t.CaptureTransaction:
        """Void a hold.

        Releases all that is still held.
        """
        found: t.CaptureTransaction = self.call(
            "POST",
            f"/v1/holds/{self.segment(id)}/void",
            query={"dry_run": dry_run},
            body={
                "reference": reference,
                "description": description,
                "metadata": metadata,
                "effective_at": effective_at,
                "if": if_,
            },
            keyed=True,
            key=idempotency_key,
        )
        return found

    def read_hold(self, id: int) -> t.Hold:
        """Read a hold.

        As it is now: the database's clock decides whether it has expired.
        """
        found: t.Hold = self.call("GET", f"/v1/holds/{self.segment(id)}")
        return found

    def create_wallet(
        self,
        *,
        asset: str,
        id: str | None | Unset = UNSET,
        min_balance: int | str | None | Unset = UNSET,
        max_balance: int | str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
    ) -> t.Wallet:
        """Create a wallet.

        201 with the wallet; 200 if the very same request has created it before.
        """
        found: t.Wallet = self.call(
            "POST",
            "/v1/wallets",
            body={
                "asset": asset,
                "id": id,
                "min_balance": min_balance,
                "max_balance": max_balance,
                "metadata": metadata,
            },
        )
        return found

    def list_wallets(
        self,
        *,
        limit: int | Unset = UNSET,
        after: str | Unset = UNSET,
        prefix: str | Unset = UNSET,
        asset: str | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
    ) -> t.WalletList:
        """List wallets by id.

         `prefix` is that of the id; `asset` and `metadata.KEY=VALUE` select too, among up to
        10,000 wallets a page. Such a page may have fewer items than `limit`, or none, and still
        a `next`.
        """
        found: t.WalletList = self.call(
            "GET",
            "/v1/wallets",
            query={
                "limit": limit,
                "after": after,
                "prefix": prefix,
                "asset": asset,
                **self.filters(metadata),
            },
        )
        return found

    def each_wallets(
        self,
        *,
        limit: int | Unset = UNSET,
        prefix: str | Unset = UNSET,
        asset: str | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
    ) -> Iterator[t.Wallet]:
        """Yield what list_wallets() lists, page after page."""
        after: str | Unset = UNSET
        while True:
            page = self.list_wallets(
                limit=limit, prefix=prefix, asset=asset, metadata=metadata, after=after
            )
            yield from page["data"]
            if page["next"] is None:
                return
            after = page["next"]

    def read_wallet(self, id: str) -> t.Wallet:
        """Read a wallet."""
        found: t.Wallet = self.call("GET", f"/v1/wallets/{self.segment(id)}")
        return found

    def change_wallet(
        self,
        id: str,
        *,
        min_balance: int | str | None | Unset = UNSET,
        max_balance: int | str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
    ) -> t.Wallet:
        """Change a wallet's limits or metadata.

        A member that is not given stays. Limits that exclude the balance are refused.
        """
        found: t.Wallet = self.call(
            "PATCH",
            f"/v1/wallets/{self.segment(id)}",
            body={"min_balance": min_balance, "max_balance": max_balance, "metadata": metadata},
        )
        return found

    def freeze_wallet(self, id: str, *, credits: bool | Unset = UNSET) -> t.Wallet:
        """Freeze a wallet.

        Until it is unfrozen it gives nothing; it receives only with `credits`.
        """
        found: t.Wallet = self.call(
            "POST", f"/v1/wallets/{self.segment(id)}/freeze", body={"credits": credits}
        )
        return found

    def unfreeze_wallet(self, id: str) -> t.Wallet:
        """Unfreeze a wallet."""
        found: t.Wallet = self.call("POST", f"/v1/wallets/{self.segment(id)}/unfreeze")
        return found

    def close_wallet(self, id: str) -> t.Wallet:
        """Close a wallet for good.

        Only a wallet that is empty can be closed.
        """
        found: t.Wallet = self.call("POST", f"/v1/wallets/{self.segment(id)}/close")
        return found

    def list_entries(
        self, id: str, *, limit: int | Unset = UNSET, after: int | Unset = UNSET
    ) -> t.EntryList:
        """List a wallet's entries, newest first."""
        found: t.EntryList = self.call(
            "GET", f"/v1/wallets/{self.segment(id)}/entries", query={"limit": limit, "after": after}
        )
        return found

    def each_entries(self, id: str, *, limit: int | Unset = UNSET) -> Iterator[t.Entry]:
        """Yield what list_entries() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_entries(id, limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def create_asset(self, *, code: str, scale: int) -> t.Asset:
        """Create an asset.

        201 with the asset; 200 if the ledger has it already, with the same scale.
        """
        found: t.Asset = self.call("POST", "/v1/assets", body={"code": code, "scale": scale})
        return found

    def list_assets(self, *, limit: int | Unset = UNSET, after: str | Unset = UNSET) -> t.AssetList:
        """List assets by code.

        Those of ISO 4217 are in every ledger from its start.
        """
        found: t.AssetList = self.call("GET", "/v1/assets", query={"limit": limit, "after": after})
        return found

    def each_assets(self, *, limit: int | Unset = UNSET) -> Iterator[t.Asset]:
        """Yield what list_assets() lists, page after page."""
        after: str | Unset = UNSET
        while True:
            page = self.list_assets(limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = page["next"]

    def list_events(
        self,
        *,
        limit: int | Unset = UNSET,
        after: int | Unset = UNSET,
        types: str | Unset = UNSET,
        wallet: str | Unset = UNSET,
        kind: str | Unset = UNSET,
        wait: int | Unset = UNSET,
    ) -> t.EventList:
        """List events in the order of the feed.

         Those with a seq above `after`, each the bytes that webhooks carry. `types` selects
        some, such as `transaction.*,hold.expired`; so do `wallet`, such as `alice,user_*`, and
        `kind`, such as `credit,reversal`. `next` is null at the end of the feed. `read_to` is
        the seq up to which the feed was read: give it as `after` to go on. With `wait` an empty
        page at the end of the feed is answered only after so many seconds, and an event that
        comes meanwhile at once. `after` 0 begins with the oldest event that is kept.
        """
        found: t.EventList = self.call(
            "GET",
            "/v1/events",
            query={
                "limit": limit,
                "after": after,
                "types": types,
                "wallet": wallet,
                "kind": kind,
                "wait": wait,
            },
        )
        return found

    def each_events(
        self,
        *,
        limit: int | Unset = UNSET,
        types: str | Unset = UNSET,
        wallet: str | Unset = UNSET,
        kind: str | Unset = UNSET,
        wait: int | Unset = UNSET,
    ) -> Iterator[t.Event]:
        """Yield what list_events() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_events(
                limit=limit, types=types, wallet=wallet, kind=kind, wait=wait, after=after
            )
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def read_proof(
        self,
    ) -> t.Proof:
        """Read the trial balance and the state of the log.

        The wallets of each asset sum to zero.
        """
        found: t.Proof = self.call("GET", "/v1/proof")
        return found

    def read_checkpoint(
        self,
    ) -> str:
        """Read a checkpoint of the log.

        Size and root as they are now, as a C2SP signed note.
        """
        found: str = self.call("GET", "/v1/proof/checkpoint", reads="str")
        return found

    def read_event_proof(self, seq: int) -> str:
        """Read a proof that an event is in the log.

        A C2SP tlog-proof: the event, the hashes beside its path, and a checkpoint.
        """
        found: str = self.call("GET", f"/v1/proof/events/{self.segment(seq)}", reads="str")
        return found

    def read_inclusion(self, *, seq: int, size: int | Unset = UNSET) -> t.Inclusion:
        """Read an inclusion proof.

         The hashes that lead from the event `seq` to the root of the log of `size` events, or
        of the log now.
        """
        found: t.Inclusion = self.call(
            "GET", "/v1/proof/inclusion", query={"seq": seq, "size": size}
        )
        return found

    def read_consistency(self, *, old_size: int, size: int | Unset = UNSET) -> t.Consistency:
        """Read a consistency proof.

         The hashes that show that the log of `size` events, or the log now, extends the log of
        `old_size` events.
        """
        found: t.Consistency = self.call(
            "GET", "/v1/proof/consistency", query={"old_size": old_size, "size": size}
        )
        return found

    def read_tile(self, level: int, tile: str) -> bytes:
        """Read a tile of the log's hashes.

         `level/number`, with `.p/width` for a tile that is not full, as C2SP tlog-tiles spells
        it.
        """
        found: bytes = self.call(
            "GET", f"/v1/proof/tile/{self.segment(level)}/{tile}", reads="bytes"
        )
        return found

    def read_entries(self, tile: str) -> bytes:
        """Read the events of a tile.

        Each after its length in two bytes, as C2SP tlog-tiles spells it.
        """
        found: bytes = self.call("GET", f"/v1/proof/tile/entries/{tile}", reads="bytes")
        return found

    def create_webhook(
        self,
        *,
        url: str,
        types: list[str] | Unset = UNSET,
        wallets: list[str] | Unset = UNSET,
        kinds: list[
            Literal[
                "*",
                "transfer",
                "credit",
                "debit",
                "transaction",
                "hold",
                "capture",
                "void",
                "reversal",
            ]
        ]
        | Unset = UNSET,
        headers: dict[str, Any] | Unset = UNSET,
        amounts: Literal["integer", "string"] | Unset = UNSET,
        timeout_s: int | Unset = UNSET,
        concurrency: int | Unset = UNSET,
        rate_limit: str | None | Unset = UNSET,
        ordered: bool | Unset = UNSET,
        signing: Literal["asymmetric", "symmetric"] | Unset = UNSET,
        secret: str | None | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
    ) -> t.NewWebhook:
        """Create a webhook endpoint.

         201 with the secret that signs what is sent there, which is shown this once. An
        asymmetric one stays here, and its public key can always be read.
        """
        found: t.NewWebhook = self.call(
            "POST",
            "/v1/webhooks",
            body={
                "url": url,
                "types": types,
                "wallets": wallets,
                "kinds": kinds,
                "headers": headers,
                "amounts": amounts,
                "timeout_s": timeout_s,
                "concurrency": concurrency,
                "rate_limit": rate_limit,
                "ordered": ordered,
                "signing": signing,
                "secret": secret,
                "description": description,
                "metadata": metadata,
            },
        )
        return found

    def list_webhooks(
        self, *, limit: int | Unset = UNSET, after: int | Unset = UNSET
    ) -> t.WebhookList:
        """List webhook endpoints by id.

        Without their secrets.
        """
        found: t.WebhookList = self.call(
            "GET", "/v1/webhooks", query={"limit": limit, "after": after}
        )
        return found

    def each_webhooks(self, *, limit: int | Unset = UNSET) -> Iterator[t.Webhook]:
        """Yield what list_webhooks() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_webhooks(limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def read_webhook(self, id: int) -> t.Webhook:
        """Read a webhook endpoint.

        Its URL, types and status, without its secret.
        """
        found: t.Webhook = self.call("GET", f"/v1/webhooks/{self.segment(id)}")
        return found

    def change_webhook(
        self,
        id: int,
        *,
        url: str | Unset = UNSET,
        types: list[str] | Unset = UNSET,
        wallets: list[str] | Unset = UNSET,
        kinds: list[
            Literal[
                "*",
                "transfer",
                "credit",
                "debit",
                "transaction",
                "hold",
                "capture",
                "void",
                "reversal",
            ]
        ]
        | Unset = UNSET,
        headers: dict[str, Any] | Unset = UNSET,
        amounts: Literal["integer", "string"] | Unset = UNSET,
        timeout_s: int | Unset = UNSET,
        concurrency: int | Unset = UNSET,
        rate_limit: str | None | Unset = UNSET,
        ordered: bool | Unset = UNSET,
        description: str | None | Unset = UNSET,
        metadata: dict[str, Any] | Unset = UNSET,
    ) -> t.Webhook:
        """Change a webhook endpoint.

         A member that is not given stays as it is. What is not sent yet goes to the new URL,
        and the new types, wallets and kinds select it.
        """
        found: t.Webhook = self.call(
            "PATCH",
            f"/v1/webhooks/{self.segment(id)}",
            body={
                "url": url,
                "types": types,
                "wallets": wallets,
                "kinds": kinds,
                "headers": headers,
                "amounts": amounts,
                "timeout_s": timeout_s,
                "concurrency": concurrency,
                "rate_limit": rate_limit,
                "ordered": ordered,
                "description": description,
                "metadata": metadata,
            },
        )
        return found

    def delete_webhook(self, id: int) -> None:
        """Delete a webhook endpoint.

        204. Deliveries that are pending are given up.
        """
        self.call("DELETE", f"/v1/webhooks/{self.segment(id)}", reads="None")

    def enable_webhook(self, id: int) -> t.Webhook:
        """Enable a webhook endpoint.

        It gets what comes, and what has come while it was disabled.
        """
        found: t.Webhook = self.call("POST", f"/v1/webhooks/{self.segment(id)}/enable")
        return found

    def disable_webhook(self, id: int) -> t.Webhook:
        """Disable a webhook endpoint.

        It gets nothing more until it is enabled; what comes meanwhile is kept for it.
        """
        found: t.Webhook = self.call("POST", f"/v1/webhooks/{self.segment(id)}/disable")
        return found

    def rotate_secret(
        self,
        id: int,
        *,
        secret: str | None | Unset = UNSET,
        signing: Literal["asymmetric", "symmetric"] | None | Unset = UNSET,
        overlap_s: int | Unset = UNSET,
    ) -> t.NewWebhook:
        """Rotate the secret of a webhook endpoint.

         The new secret, drawn or given, is shown this once. What is sent is signed with it and
        with the one before, which ends after `overlap_s`.
        """
        found: t.NewWebhook = self.call(
            "POST",
            f"/v1/webhooks/{self.segment(id)}/rotate",
            body={"secret": secret, "signing": signing, "overlap_s": overlap_s},
        )
        return found

    def test_webhook(self, id: int) -> t.Tested:
        """Send a test event to a webhook endpoint.

         202 with the id of an event `endpoint.test`, which goes to this endpoint alone,
        whatever its types, and is tried once. The list of deliveries has the outcome.
        """
        found: t.Tested = self.call("POST", f"/v1/webhooks/{self.segment(id)}/test")
        return found

    def list_deliveries(
        self,
        id: int,
        *,
        limit: int | Unset = UNSET,
        after: int | Unset = UNSET,
        status: Literal["pending", "delivered", "dead", "dismissed"] | Unset = UNSET,
    ) -> t.DeliveryList:
        """List deliveries to an endpoint, newest event first.

         Each with every attempt. `status` selects pending, delivered, dead or dismissed ones,
        among up to 10,000 a page. Such a page may have fewer items than `limit`, or none, and
        still a `next`.
        """
        found: t.DeliveryList = self.call(
            "GET",
            f"/v1/webhooks/{self.segment(id)}/deliveries",
            query={"limit": limit, "after": after, "status": status},
        )
        return found

    def each_deliveries(
        self,
        id: int,
        *,
        limit: int | Unset = UNSET,
        status: Literal["pending", "delivered", "dead", "dismissed"] | Unset = UNSET,
    ) -> Iterator[t.Delivery]:
        """Yield what list_deliveries() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_deliveries(id, limit=limit, status=status, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def resend_delivery(self, id: int, seq: int) -> t.Resent:
        """Send an event to an endpoint again, now.

        202.
        """
        found: t.Resent = self.call(
            "POST", f"/v1/webhooks/{self.segment(id)}/deliveries/{self.segment(seq)}/resend"
        )
        return found

    def create_replay(
        self,
        id: int,
        *,
        after_seq: int | None | Unset = UNSET,
        since: str | None | Unset = UNSET,
        upto_seq: int | None | Unset = UNSET,
        until: str | None | Unset = UNSET,
        types: list[str] | Unset = UNSET,
        status: Literal["dead", "delivered", "dismissed"] | None | Unset = UNSET,
        source: int | None | Unset = UNSET,
    ) -> t.Replay:
        """Send a range of events to an endpoint again.

         202. The endpoint gets what it selects of the range, at its own pace. `status` takes
        only events whose delivery has it, such as `dead`; `source` looks at the deliveries of
        another endpoint.
        """
        found: t.Replay = self.call(
            "POST",
            f"/v1/webhooks/{self.segment(id)}/replays",
            body={
                "after_seq": after_seq,
                "since": since,
                "upto_seq": upto_seq,
                "until": until,
                "types": types,
                "status": status,
                "source": source,
            },
        )
        return found

    def list_replays(
        self, id: int, *, limit: int | Unset = UNSET, after: int | Unset = UNSET
    ) -> t.ReplayList:
        """List replays to an endpoint, the newest first.

        Each with how far it is.
        """
        found: t.ReplayList = self.call(
            "GET",
            f"/v1/webhooks/{self.segment(id)}/replays",
            query={"limit": limit, "after": after},
        )
        return found

    def each_replays(self, id: int, *, limit: int | Unset = UNSET) -> Iterator[t.Replay]:
        """Yield what list_replays() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_replays(id, limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def count_replay(
        self,
        id: int,
        *,
        after_seq: int | None | Unset = UNSET,
        since: str | None | Unset = UNSET,
        upto_seq: int | None | Unset = UNSET,
        until: str | None | Unset = UNSET,
        types: list[str] | Unset = UNSET,
        status: Literal["dead", "delivered", "dismissed"] | None | Unset = UNSET,
        source: int | None | Unset = UNSET,
    ) -> t.ReplayCount:
        """Count the events that a replay would send.

        Of at most 100,000 events; `complete` tells whether that was the whole range.
        """
        found: t.ReplayCount = self.call(
            "POST",
            f"/v1/webhooks/{self.segment(id)}/replays/count",
            body={
                "after_seq": after_seq,
                "since": since,
                "upto_seq": upto_seq,
                "until": until,
                "types": types,
                "status": status,
                "source": source,
            },
        )
        return found

    def cancel_replay(self, id: int, number: int) -> t.Replay:
        """Cancel a replay.

        It gives no more events to the endpoint. What it has given is sent.
        """
        found: t.Replay = self.call(
            "POST", f"/v1/webhooks/{self.segment(id)}/replays/{self.segment(number)}/cancel"
        )
        return found

    def dismiss_deliveries(
        self, id: int, *, after_seq: int | Unset = UNSET, upto_seq: int | Unset = UNSET
    ) -> t.Dismissed:
        """Dismiss dead deliveries.

         Those with seqs above `after_seq` up to `upto_seq`, at most 10,000 at a time; `more`
        tells whether to ask again.
        """
        found: t.Dismissed = self.call(
            "POST",
            f"/v1/webhooks/{self.segment(id)}/dismiss",
            body={"after_seq": after_seq, "upto_seq": upto_seq},
        )
        return found

    def create_sink(self, *, url: str) -> t.Sink:
        """Create a sink.

         201. A sink that has the name already gets this URL and keeps its cursor. The URL is
        never shown again.
        """
        found: t.Sink = self.call("POST", "/v1/sinks", body={"url": url})
        return found

    def list_sinks(self, *, limit: int | Unset = UNSET, after: int | Unset = UNSET) -> t.SinkList:
        """List sinks by id."""
        found: t.SinkList = self.call("GET", "/v1/sinks", query={"limit": limit, "after": after})
        return found

    def each_sinks(self, *, limit: int | Unset = UNSET) -> Iterator[t.Sink]:
        """Yield what list_sinks() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_sinks(limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def read_sink(self, id: int) -> t.Sink:
        """Read a sink.

        Its state: `ok`, `retrying` with the reason, or `paused`; and how far it is behind.
        """
        found: t.Sink = self.call("GET", f"/v1/sinks/{self.segment(id)}")
        return found

    def remove_sink(self, id: int) -> None:
        """Remove a sink.

        204. Its cursor is forgotten.
        """
        self.call("DELETE", f"/v1/sinks/{self.segment(id)}", reads="None")

    def pause_sink(self, id: int) -> t.Sink:
        """Pause a sink.

        It gets nothing more until it is resumed.
        """
        found: t.Sink = self.call("POST", f"/v1/sinks/{self.segment(id)}/pause")
        return found

    def resume_sink(self, id: int) -> t.Sink:
        """Resume a sink.

        It goes on from where it was paused.
        """
        found: t.Sink = self.call("POST", f"/v1/sinks/{self.segment(id)}/resume")
        return found

    def rewind_sink(self, id: int, *, seq: int) -> t.Sink:
        """Move a sink to an event.

        It gets the events from `seq` on: again, or without those between.
        """
        found: t.Sink = self.call("POST", f"/v1/sinks/{self.segment(id)}/rewind", body={"seq": seq})
        return found

    def put_consumer(
        self,
        name: str,
        *,
        types: list[str] | Unset = UNSET,
        wallets: list[str] | Unset = UNSET,
        kinds: list[
            Literal[
                "*",
                "transfer",
                "credit",
                "debit",
                "transaction",
                "hold",
                "capture",
                "void",
                "reversal",
            ]
        ]
        | Unset = UNSET,
        start: str | Unset = UNSET,
    ) -> t.Consumer:
        """Create or change a consumer.

         201 if it is new: it starts where `start` says, `now`, `beginning`, or the seq of the
        first event wanted. 200 if it exists: it gets these types, wallets and kinds, and keeps
        its cursor.
        """
        found: t.Consumer = self.call(
            "PUT",
            f"/v1/consumers/{self.segment(name)}",
            body={"types": types, "wallets": wallets, "kinds": kinds, "start": start},
        )
        return found

    def read_consumer(self, name: str) -> t.Consumer:
        """Read a consumer.

        What it wants, up to which event it has acknowledged, and how far it is behind.
        """
        found: t.Consumer = self.call("GET", f"/v1/consumers/{self.segment(name)}")
        return found

    def delete_consumer(self, name: str) -> None:
        """Delete a consumer.

        204. Its cursor is forgotten.
        """
        self.call("DELETE", f"/v1/consumers/{self.segment(name)}", reads="None")

    def list_consumers(
        self, *, limit: int | Unset = UNSET, after: str | Unset = UNSET
    ) -> t.ConsumerList:
        """List consumers by name."""
        found: t.ConsumerList = self.call(
            "GET", "/v1/consumers", query={"limit": limit, "after": after}
        )
        return found

    def each_consumers(self, *, limit: int | Unset = UNSET) -> Iterator[t.Consumer]:
        """Yield what list_consumers() lists, page after page."""
        after: str | Unset = UNSET
        while True:
            page = self.list_consumers(limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = page["next"]

    def lease_page(
        self,
        name: str,
        *,
        lease: str | None | Unset = UNSET,
        limit: int | Unset = UNSET,
        wait: int | Unset = UNSET,
        lease_s: int | Unset = UNSET,
    ) -> t.LeasedPage:
        """Lease the next page of a consumer.

         The events after the last one that was acknowledged, for this reader alone until it
        acknowledges them or `lease_s` is over; then they are read again. With `wait` an empty
        page is answered only after so many seconds, an event that comes meanwhile at once, and
        a page that another reader has once that reader gives it back. Give `lease` to read more
        under the same lease, or for more time.
        """
        found: t.LeasedPage = self.call(
            "POST",
            f"/v1/consumers/{self.segment(name)}/lease",
            body={"lease": lease, "limit": limit, "wait": wait, "lease_s": lease_s},
        )
        return found

    def acknowledge(self, name: str, *, lease: str, seq: int | None) -> t.Consumer:
        """Acknowledge a consumer's events.

         All up to `seq`, which is in the page that `lease` names. With the last event of the
        page the lease ends. `seq` null gives the page back.
        """
        found: t.Consumer = self.call(
            "POST",
            f"/v1/consumers/{self.segment(name)}/acknowledge",
            body={"lease": lease, "seq": seq},
        )
        return found

    def rewind_consumer(self, name: str, *, seq: int) -> t.Consumer:
        """Move a consumer to an event.

        It reads the events from `seq` on: again, or without those between.
        """
        found: t.Consumer = self.call(
            "POST", f"/v1/consumers/{self.segment(name)}/rewind", body={"seq": seq}
        )
        return found

    def create_key(self, *, scope: Literal["admin", "read", "write"]) -> t.NewKey:
        """Create an API key.

        201 with the key itself, which is shown this once.
        """
        found: t.NewKey = self.call("POST", "/v1/keys", body={"scope": scope})
        return found

    def list_keys(self, *, limit: int | Unset = UNSET, after: int | Unset = UNSET) -> t.KeyList:
        """List API keys by id.

        Without the keys themselves.
        """
        found: t.KeyList = self.call("GET", "/v1/keys", query={"limit": limit, "after": after})
        return found

    def each_keys(self, *, limit: int | Unset = UNSET) -> Iterator[t.Key]:
        """Yield what list_keys() lists, page after page."""
        after: int | Unset = UNSET
        while True:
            page = self.list_keys(limit=limit, after=after)
            yield from page["data"]
            if page["next"] is None:
                return
            after = int(page["next"])

    def revoke_key(self, id: int) -> None:
        """Revoke an API key.

        204. The key is refused within a second.
        """
        self.call("DELETE", f"/v1/keys/{self.segment(id)}", reads="None")
