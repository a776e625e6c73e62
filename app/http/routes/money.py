"""The routes of transactions, holds, wallets and assets."""

from __future__ import annotations

from app.http import answers, bodies
from app.http.handlers import assets, batches, holds, reversals, transactions, wallets
from app.http.routes.route import (
    BY_CODE,
    BY_WALLET,
    DRY_RUN,
    NEWEST_FIRST,
    SEARCH,
    Route,
    get,
    money,
    post,
)

TRANSACTIONS = [
    money("/v1/transfers", transactions.create_transfer, bodies.Transfer),
    money("/v1/credits", transactions.create_credit, bodies.Credit),
    money("/v1/debits", transactions.create_debit, bodies.Debit),
    money("/v1/transactions", transactions.create_transaction, bodies.TransactionRequest),
    Route(
        method="POST",
        path="/v1/transactions/batch",
        handler=batches.create_batch,
        answers={200: answers.BatchResults},
        scope="write",
        body=bodies.BatchRequest,
        reads=bodies.BatchEnvelope,
        body_limit=batches.BODY_LIMIT,
        query=DRY_RUN,
        keyed=True,
        longest_key=batches.LONGEST_KEY,
    ),
    get(
        "/v1/transactions",
        transactions.list_transactions,
        answers.TransactionList,
        query=SEARCH,
        filters=True,
    ),
    get("/v1/transactions/{id:number}", transactions.read_transaction, answers.ReadTransaction),
    get(
        "/v1/transactions/{id:number}/event",
        transactions.read_transaction_event,
        answers.Event,
        from_event=True,
    ),
    money(
        "/v1/transactions/{id:number}/reverse",
        reversals.reverse_transaction,
        bodies.Reversal,
        answers.ReversalTransaction,
    ),
]

HOLDS = [
    money("/v1/holds", holds.create_hold, bodies.HoldRequest, answers.HoldTransaction),
    money(
        "/v1/holds/{id:number}/capture",
        holds.capture_hold,
        bodies.Capture,
        answers.CaptureTransaction,
    ),
    money("/v1/holds/{id:number}/void", holds.void_hold, bodies.Void, answers.CaptureTransaction),
    get("/v1/holds", holds.list_holds, answers.HoldList, query=NEWEST_FIRST),
    get("/v1/holds/{id:number}", holds.read_hold, answers.Hold),
]

WALLETS = [
    post(
        "/v1/wallets",
        wallets.create_wallet,
        {201: answers.Wallet, 200: answers.Wallet},
        "write",
        bodies.WalletRequest,
    ),
    get("/v1/wallets", wallets.list_wallets, answers.WalletList, query=BY_WALLET, filters=True),
    get("/v1/wallets/{id}", wallets.read_wallet, answers.Wallet),
    Route(
        method="PATCH",
        path="/v1/wallets/{id}",
        handler=wallets.change_wallet,
        answers={200: answers.Wallet},
        scope="write",
        body=bodies.WalletChange,
    ),
    post(
        "/v1/wallets/{id}/freeze",
        wallets.freeze_wallet,
        {200: answers.Wallet},
        "write",
        bodies.FreezeRequest,
    ),
    post("/v1/wallets/{id}/unfreeze", wallets.unfreeze_wallet, {200: answers.Wallet}, "write"),
    post("/v1/wallets/{id}/close", wallets.close_wallet, {200: answers.Wallet}, "write"),
    get("/v1/wallets/{id}/entries", wallets.list_entries, answers.EntryList, query=NEWEST_FIRST),
]

ASSETS = [
    post(
        "/v1/assets",
        assets.create_asset,
        {201: answers.Asset, 200: answers.Asset},
        "admin",
        bodies.AssetRequest,
    ),
    get("/v1/assets", assets.list_assets, answers.AssetList, query=BY_CODE),
]
