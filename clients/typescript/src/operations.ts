// Every operation of the API.
// Generated from the API's OpenAPI document: make clients. Do not edit.

import { Base } from "./base.js";
import type {
  AcknowledgeRequest,
  Asset,
  AssetList,
  AssetRequest,
  BatchRequest,
  BatchResults,
  Capture,
  CaptureTransaction,
  Consistency,
  Consumer,
  ConsumerList,
  ConsumerRequest,
  Credit,
  Debit,
  Delivery,
  DeliveryList,
  DismissRequest,
  Dismissed,
  Entry,
  EntryList,
  Event,
  EventList,
  FreezeRequest,
  Hold,
  HoldList,
  HoldRequest,
  HoldTransaction,
  Inclusion,
  Key,
  KeyList,
  KeyRequest,
  LeasedPage,
  NewKey,
  NewWebhook,
  PageRequest,
  Proof,
  ReadTransaction,
  ReadTransactionList,
  Replay,
  ReplayCount,
  ReplayList,
  ReplayRequest,
  Resent,
  Reversal,
  ReversalTransaction,
  RewindRequest,
  RotateRequest,
  Sink,
  SinkList,
  SinkRequest,
  Tested,
  Transaction,
  TransactionRequest,
  Transfer,
  Void,
  Wallet,
  WalletChange,
  WalletList,
  WalletRequest,
  Webhook,
  WebhookChange,
  WebhookList,
  WebhookRequest,
} from "./types.js";

/** The API's operations. Each throws a Problem with the code of what was refused. */
export class Operations extends Base {

  /** Transfer value between two wallets. */
  async createTransfer(body: Transfer, query: { dry_run?: boolean } = {}, key?: string): Promise<Transaction> {
    return await this.call("POST", "/v1/transfers", { query, body, keyed: true, key }) as Transaction;
  }

  /** Credit a wallet.
   *
   * Moves value into it from `@world`, the outside, or from a `source`.
   */
  async createCredit(body: Credit, query: { dry_run?: boolean } = {}, key?: string): Promise<Transaction> {
    return await this.call("POST", "/v1/credits", { query, body, keyed: true, key }) as Transaction;
  }

  /** Debit a wallet.
   *
   * Moves value out of it to `@world`, the outside, or to a `destination`.
   */
  async createDebit(body: Debit, query: { dry_run?: boolean } = {}, key?: string): Promise<Transaction> {
    return await this.call("POST", "/v1/debits", { query, body, keyed: true, key }) as Transaction;
  }

  /** Post a transaction of several postings.
   *
   * All of them post or none does.
   */
  async createTransaction(body: TransactionRequest, query: { dry_run?: boolean } = {}, key?: string): Promise<Transaction> {
    return await this.call("POST", "/v1/transactions", { query, body, keyed: true, key }) as Transaction;
  }

  /** List or search transactions, newest first.
   *
   * A search looks at up to 10,000 transactions. Its page may have fewer items than `limit`, or none, and still a `next`, with which it goes on.
   */
  async listTransactions(query: { limit?: number; after?: number; wallet?: string; kind?: "transfer" | "credit" | "debit" | "transaction" | "hold" | "capture" | "void" | "reversal"; reference?: string; idempotency_key?: string; since?: string; until?: string; metadata?: Record<string, string> } = {}): Promise<ReadTransactionList> {
    return await this.call("GET", "/v1/transactions", { query }) as ReadTransactionList;
  }

  /** Yield what listTransactions() lists, page after page. */
  async *eachTransactions(query: { limit?: number; wallet?: string; kind?: "transfer" | "credit" | "debit" | "transaction" | "hold" | "capture" | "void" | "reversal"; reference?: string; idempotency_key?: string; since?: string; until?: string; metadata?: Record<string, string> } = {}): AsyncGenerator<ReadTransaction> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listTransactions(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Post up to 1,000 transactions in one request.
   *
   * 200 with one result each, in their order: 201 and the transaction, or the problem. Later transactions see what earlier ones did. In mode `atomic` all post or none does, and the answer is the problem of the transaction at `index`. A transaction without a key of its own has the batch's key and its index, `key/0`.
   */
  async createBatch(body: BatchRequest, query: { dry_run?: boolean } = {}, key?: string): Promise<BatchResults> {
    return await this.call("POST", "/v1/transactions/batch", { query, body, keyed: true, key }) as BatchResults;
  }

  /** Read a transaction.
   *
   * What its request was answered, and which transactions have reversed it.
   */
  async readTransaction(id: number): Promise<ReadTransaction> {
    return await this.call("GET", `/v1/transactions/${encodeURIComponent(id)}`) as ReadTransaction;
  }

  /** Read the event of a transaction.
   *
   * As webhooks carry it. 404 until it is stamped, a moment after the transaction.
   */
  async readTransactionEvent(id: number): Promise<Event> {
    return await this.call("GET", `/v1/transactions/${encodeURIComponent(id)}/event`) as Event;
  }

  /** Reverse a transaction.
   *
   * Moves back what it moved: all that is left, an amount, or parts of postings. `force` needs an admin key.
   */
  async reverseTransaction(id: number, body: Reversal = {}, query: { dry_run?: boolean } = {}, key?: string): Promise<ReversalTransaction> {
    return await this.call("POST", `/v1/transactions/${encodeURIComponent(id)}/reverse`, { query, body, keyed: true, key }) as ReversalTransaction;
  }

  /** Place a hold.
   *
   * It reserves value of the source until it is captured, voided or expires. `id` is the hold's id.
   */
  async createHold(body: HoldRequest = {}, query: { dry_run?: boolean } = {}, key?: string): Promise<HoldTransaction> {
    return await this.call("POST", "/v1/holds", { query, body, keyed: true, key }) as HoldTransaction;
  }

  /** List holds, newest first. */
  async listHolds(query: { limit?: number; after?: number } = {}): Promise<HoldList> {
    return await this.call("GET", "/v1/holds", { query }) as HoldList;
  }

  /** Yield what listHolds() lists, page after page. */
  async *eachHolds(query: { limit?: number } = {}): AsyncGenerator<Hold> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listHolds(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Capture a hold.
   *
   * Moves what is held: all that is left, an amount, or parts of postings. `final` releases the rest.
   */
  async captureHold(id: number, body: Capture = {}, query: { dry_run?: boolean } = {}, key?: string): Promise<CaptureTransaction> {
    return await this.call("POST", `/v1/holds/${encodeURIComponent(id)}/capture`, { query, body, keyed: true, key }) as CaptureTransaction;
  }

  /** Void a hold.
   *
   * Releases all that is still held.
   */
  async voidHold(id: number, body: Void = {}, query: { dry_run?: boolean } = {}, key?: string): Promise<CaptureTransaction> {
    return await this.call("POST", `/v1/holds/${encodeURIComponent(id)}/void`, { query, body, keyed: true, key }) as CaptureTransaction;
  }

  /** Read a hold.
   *
   * As it is now: the database's clock decides whether it has expired.
   */
  async readHold(id: number): Promise<Hold> {
    return await this.call("GET", `/v1/holds/${encodeURIComponent(id)}`) as Hold;
  }

  /** Create a wallet.
   *
   * 201 with the wallet; 200 if the very same request has created it before.
   */
  async createWallet(body: WalletRequest): Promise<Wallet> {
    return await this.call("POST", "/v1/wallets", { body }) as Wallet;
  }

  /** List wallets by id.
   *
   * `prefix` is that of the id; `asset` and `metadata.KEY=VALUE` select too, among up to 10,000 wallets a page. Such a page may have fewer items than `limit`, or none, and still a `next`.
   */
  async listWallets(query: { limit?: number; after?: string; prefix?: string; asset?: string; metadata?: Record<string, string> } = {}): Promise<WalletList> {
    return await this.call("GET", "/v1/wallets", { query }) as WalletList;
  }

  /** Yield what listWallets() lists, page after page. */
  async *eachWallets(query: { limit?: number; prefix?: string; asset?: string; metadata?: Record<string, string> } = {}): AsyncGenerator<Wallet> {
    let asked: typeof query & { after?: string } = query;
    for (;;) {
      const page = await this.listWallets(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: page.next };
    }
  }

  /** Read a wallet. */
  async readWallet(id: string): Promise<Wallet> {
    return await this.call("GET", `/v1/wallets/${encodeURIComponent(id)}`) as Wallet;
  }

  /** Change a wallet's limits or metadata.
   *
   * A member that is not given stays. Limits that exclude the balance are refused.
   */
  async changeWallet(id: string, body: WalletChange = {}): Promise<Wallet> {
    return await this.call("PATCH", `/v1/wallets/${encodeURIComponent(id)}`, { body }) as Wallet;
  }

  /** Freeze a wallet.
   *
   * Until it is unfrozen it gives nothing; it receives only with `credits`.
   */
  async freezeWallet(id: string, body: FreezeRequest = {}): Promise<Wallet> {
    return await this.call("POST", `/v1/wallets/${encodeURIComponent(id)}/freeze`, { body }) as Wallet;
  }

  /** Unfreeze a wallet. */
  async unfreezeWallet(id: string): Promise<Wallet> {
    return await this.call("POST", `/v1/wallets/${encodeURIComponent(id)}/unfreeze`) as Wallet;
  }

  /** Close a wallet for good.
   *
   * Only a wallet that is empty can be closed.
   */
  async closeWallet(id: string): Promise<Wallet> {
    return await this.call("POST", `/v1/wallets/${encodeURIComponent(id)}/close`) as Wallet;
  }

  /** List a wallet's entries, newest first. */
  async listEntries(id: string, query: { limit?: number; after?: number } = {}): Promise<EntryList> {
    return await this.call("GET", `/v1/wallets/${encodeURIComponent(id)}/entries`, { query }) as EntryList;
  }

  /** Yield what listEntries() lists, page after page. */
  async *eachEntries(id: string, query: { limit?: number } = {}): AsyncGenerator<Entry> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listEntries(id, asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Create an asset.
   *
   * 201 with the asset; 200 if the ledger has it already, with the same scale.
   */
  async createAsset(body: AssetRequest): Promise<Asset> {
    return await this.call("POST", "/v1/assets", { body }) as Asset;
  }

  /** List assets by code.
   *
   * Those of ISO 4217 are in every ledger from its start.
   */
  async listAssets(query: { limit?: number; after?: string } = {}): Promise<AssetList> {
    return await this.call("GET", "/v1/assets", { query }) as AssetList;
  }

  /** Yield what listAssets() lists, page after page. */
  async *eachAssets(query: { limit?: number } = {}): AsyncGenerator<Asset> {
    let asked: typeof query & { after?: string } = query;
    for (;;) {
      const page = await this.listAssets(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: page.next };
    }
  }

  /** List events in the order of the feed.
   *
   * Those with a seq above `after`, each the bytes that webhooks carry. `types` selects some, such as `transaction.*,hold.expired`; so do `wallet`, such as `alice,user_*`, and `kind`, such as `credit,reversal`. `next` is null at the end of the feed. `read_to` is the seq up to which the feed was read: give it as `after` to go on. With `wait` an empty page at the end of the feed is answered only after so many seconds, and an event that comes meanwhile at once. `after` 0 begins with the oldest event that is kept.
   */
  async listEvents(query: { limit?: number; after?: number; types?: string; wallet?: string; kind?: string; wait?: number } = {}): Promise<EventList> {
    return await this.call("GET", "/v1/events", { query }) as EventList;
  }

  /** Yield what listEvents() lists, page after page. */
  async *eachEvents(query: { limit?: number; types?: string; wallet?: string; kind?: string; wait?: number } = {}): AsyncGenerator<Event> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listEvents(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Read the trial balance and the state of the log.
   *
   * The wallets of each asset sum to zero.
   */
  async readProof(): Promise<Proof> {
    return await this.call("GET", "/v1/proof") as Proof;
  }

  /** Read a checkpoint of the log.
   *
   * Size and root as they are now, as a C2SP signed note.
   */
  async readCheckpoint(): Promise<string> {
    return await this.call("GET", "/v1/proof/checkpoint", { reads: "text" }) as string;
  }

  /** Read a proof that an event is in the log.
   *
   * A C2SP tlog-proof: the event, the hashes beside its path, and a checkpoint.
   */
  async readEventProof(seq: number): Promise<string> {
    return await this.call("GET", `/v1/proof/events/${encodeURIComponent(seq)}`, { reads: "text" }) as string;
  }

  /** Read an inclusion proof.
   *
   * The hashes that lead from the event `seq` to the root of the log of `size` events, or of the log now.
   */
  async readInclusion(query: { seq: number; size?: number }): Promise<Inclusion> {
    return await this.call("GET", "/v1/proof/inclusion", { query }) as Inclusion;
  }

  /** Read a consistency proof.
   *
   * The hashes that show that the log of `size` events, or the log now, extends the log of `old_size` events.
   */
  async readConsistency(query: { old_size: number; size?: number }): Promise<Consistency> {
    return await this.call("GET", "/v1/proof/consistency", { query }) as Consistency;
  }

  /** Read a tile of the log's hashes.
   *
   * `level/number`, with `.p/width` for a tile that is not full, as C2SP tlog-tiles spells it.
   */
  async readTile(level: number, tile: string): Promise<Uint8Array> {
    return await this.call("GET", `/v1/proof/tile/${encodeURIComponent(level)}/${tile}`, { reads: "bytes" }) as Uint8Array;
  }

  /** Read the events of a tile.
   *
   * Each after its length in two bytes, as C2SP tlog-tiles spells it.
   */
  async readEntries(tile: string): Promise<Uint8Array> {
    return await this.call("GET", `/v1/proof/tile/entries/${tile}`, { reads: "bytes" }) as Uint8Array;
  }

  /** Create a webhook endpoint.
   *
   * 201 with the secret that signs what is sent there, which is shown this once. An asymmetric one stays here, and its public key can always be read.
   */
  async createWebhook(body: WebhookRequest): Promise<NewWebhook> {
    return await this.call("POST", "/v1/webhooks", { body }) as NewWebhook;
  }

  /** List webhook endpoints by id.
   *
   * Without their secrets.
   */
  async listWebhooks(query: { limit?: number; after?: number } = {}): Promise<WebhookList> {
    return await this.call("GET", "/v1/webhooks", { query }) as WebhookList;
  }

  /** Yield what listWebhooks() lists, page after page. */
  async *eachWebhooks(query: { limit?: number } = {}): AsyncGenerator<Webhook> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listWebhooks(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Read a webhook endpoint.
   *
   * Its URL, types and status, without its secret.
   */
  async readWebhook(id: number): Promise<Webhook> {
    return await this.call("GET", `/v1/webhooks/${encodeURIComponent(id)}`) as Webhook;
  }

  /** Change a webhook endpoint.
   *
   * A member that is not given stays as it is. What is not sent yet goes to the new URL, and the new types, wallets and kinds select it.
   */
  async changeWebhook(id: number, body: WebhookChange = {}): Promise<Webhook> {
    return await this.call("PATCH", `/v1/webhooks/${encodeURIComponent(id)}`, { body }) as Webhook;
  }

  /** Delete a webhook endpoint.
   *
   * 204. Deliveries that are pending are given up.
   */
  async deleteWebhook(id: number): Promise<void> {
    await this.call("DELETE", `/v1/webhooks/${encodeURIComponent(id)}`, { reads: "nothing" });
  }

  /** Enable a webhook endpoint.
   *
   * It gets what comes, and what has come while it was disabled.
   */
  async enableWebhook(id: number): Promise<Webhook> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/enable`) as Webhook;
  }

  /** Disable a webhook endpoint.
   *
   * It gets nothing more until it is enabled; what comes meanwhile is kept for it.
   */
  async disableWebhook(id: number): Promise<Webhook> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/disable`) as Webhook;
  }

  /** Rotate the secret of a webhook endpoint.
   *
   * The new secret, drawn or given, is shown this once. What is sent is signed with it and with the one before, which ends after `overlap_s`.
   */
  async rotateSecret(id: number, body: RotateRequest = {}): Promise<NewWebhook> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/rotate`, { body }) as NewWebhook;
  }

  /** Send a test event to a webhook endpoint.
   *
   * 202 with the id of an event `endpoint.test`, which goes to this endpoint alone, whatever its types, and is tried once. The list of deliveries has the outcome.
   */
  async testWebhook(id: number): Promise<Tested> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/test`) as Tested;
  }

  /** List deliveries to an endpoint, newest event first.
   *
   * Each with every attempt. `status` selects pending, delivered, dead or dismissed ones, among up to 10,000 a page. Such a page may have fewer items than `limit`, or none, and still a `next`.
   */
  async listDeliveries(id: number, query: { limit?: number; after?: number; status?: "pending" | "delivered" | "dead" | "dismissed" } = {}): Promise<DeliveryList> {
    return await this.call("GET", `/v1/webhooks/${encodeURIComponent(id)}/deliveries`, { query }) as DeliveryList;
  }

  /** Yield what listDeliveries() lists, page after page. */
  async *eachDeliveries(id: number, query: { limit?: number; status?: "pending" | "delivered" | "dead" | "dismissed" } = {}): AsyncGenerator<Delivery> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listDeliveries(id, asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Send an event to an endpoint again, now.
   *
   * 202.
   */
  async resendDelivery(id: number, seq: number): Promise<Resent> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/deliveries/${encodeURIComponent(seq)}/resend`) as Resent;
  }

  /** Send a range of events to an endpoint again.
   *
   * 202. The endpoint gets what it selects of the range, at its own pace. `status` takes only events whose delivery has it, such as `dead`; `source` looks at the deliveries of another endpoint.
   */
  async createReplay(id: number, body: ReplayRequest = {}): Promise<Replay> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/replays`, { body }) as Replay;
  }

  /** List replays to an endpoint, the newest first.
   *
   * Each with how far it is.
   */
  async listReplays(id: number, query: { limit?: number; after?: number } = {}): Promise<ReplayList> {
    return await this.call("GET", `/v1/webhooks/${encodeURIComponent(id)}/replays`, { query }) as ReplayList;
  }

  /** Yield what listReplays() lists, page after page. */
  async *eachReplays(id: number, query: { limit?: number } = {}): AsyncGenerator<Replay> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listReplays(id, asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Count the events that a replay would send.
   *
   * Of at most 100,000 events; `complete` tells whether that was the whole range.
   */
  async countReplay(id: number, body: ReplayRequest = {}): Promise<ReplayCount> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/replays/count`, { body }) as ReplayCount;
  }

  /** Cancel a replay.
   *
   * It gives no more events to the endpoint. What it has given is sent.
   */
  async cancelReplay(id: number, number: number): Promise<Replay> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/replays/${encodeURIComponent(number)}/cancel`) as Replay;
  }

  /** Dismiss dead deliveries.
   *
   * Those with seqs above `after_seq` up to `upto_seq`, at most 10,000 at a time; `more` tells whether to ask again.
   */
  async dismissDeliveries(id: number, body: DismissRequest = {}): Promise<Dismissed> {
    return await this.call("POST", `/v1/webhooks/${encodeURIComponent(id)}/dismiss`, { body }) as Dismissed;
  }

  /** Create a sink.
   *
   * 201. A sink that has the name already gets this URL and keeps its cursor. The URL is never shown again.
   */
  async createSink(body: SinkRequest): Promise<Sink> {
    return await this.call("POST", "/v1/sinks", { body }) as Sink;
  }

  /** List sinks by id. */
  async listSinks(query: { limit?: number; after?: number } = {}): Promise<SinkList> {
    return await this.call("GET", "/v1/sinks", { query }) as SinkList;
  }

  /** Yield what listSinks() lists, page after page. */
  async *eachSinks(query: { limit?: number } = {}): AsyncGenerator<Sink> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listSinks(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Read a sink.
   *
   * Its state: `ok`, `retrying` with the reason, or `paused`; and how far it is behind.
   */
  async readSink(id: number): Promise<Sink> {
    return await this.call("GET", `/v1/sinks/${encodeURIComponent(id)}`) as Sink;
  }

  /** Remove a sink.
   *
   * 204. Its cursor is forgotten.
   */
  async removeSink(id: number): Promise<void> {
    await this.call("DELETE", `/v1/sinks/${encodeURIComponent(id)}`, { reads: "nothing" });
  }

  /** Pause a sink.
   *
   * It gets nothing more until it is resumed.
   */
  async pauseSink(id: number): Promise<Sink> {
    return await this.call("POST", `/v1/sinks/${encodeURIComponent(id)}/pause`) as Sink;
  }

  /** Resume a sink.
   *
   * It goes on from where it was paused.
   */
  async resumeSink(id: number): Promise<Sink> {
    return await this.call("POST", `/v1/sinks/${encodeURIComponent(id)}/resume`) as Sink;
  }

  /** Move a sink to an event.
   *
   * It gets the events from `seq` on: again, or without those between.
   */
  async rewindSink(id: number, body: RewindRequest): Promise<Sink> {
    return await this.call("POST", `/v1/sinks/${encodeURIComponent(id)}/rewind`, { body }) as Sink;
  }

  /** Create or change a consumer.
   *
   * 201 if it is new: it starts where `start` says, `now`, `beginning`, or the seq of the first event wanted. 200 if it exists: it gets these types, wallets and kinds, and keeps its cursor.
   */
  async putConsumer(name: string, body: ConsumerRequest = {}): Promise<Consumer> {
    return await this.call("PUT", `/v1/consumers/${encodeURIComponent(name)}`, { body }) as Consumer;
  }

  /** Read a consumer.
   *
   * What it wants, up to which event it has acknowledged, and how far it is behind.
   */
  async readConsumer(name: string): Promise<Consumer> {
    return await this.call("GET", `/v1/consumers/${encodeURIComponent(name)}`) as Consumer;
  }

  /** Delete a consumer.
   *
   * 204. Its cursor is forgotten.
   */
  async deleteConsumer(name: string): Promise<void> {
    await this.call("DELETE", `/v1/consumers/${encodeURIComponent(name)}`, { reads: "nothing" });
  }

  /** List consumers by name. */
  async listConsumers(query: { limit?: number; after?: string } = {}): Promise<ConsumerList> {
    return await this.call("GET", "/v1/consumers", { query }) as ConsumerList;
  }

  /** Yield what listConsumers() lists, page after page. */
  async *eachConsumers(query: { limit?: number } = {}): AsyncGenerator<Consumer> {
    let asked: typeof query & { after?: string } = query;
    for (;;) {
      const page = await this.listConsumers(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: page.next };
    }
  }

  /** Lease the next page of a consumer.
   *
   * The events after the last one that was acknowledged, for this reader alone until it acknowledges them or `lease_s` is over; then they are read again. With `wait` an empty page is answered only after so many seconds, an event that comes meanwhile at once, and a page that another reader has once that reader gives it back. Give `lease` to read more under the same lease, or for more time.
   */
  async leasePage(name: string, body: PageRequest = {}): Promise<LeasedPage> {
    return await this.call("POST", `/v1/consumers/${encodeURIComponent(name)}/lease`, { body }) as LeasedPage;
  }

  /** Acknowledge a consumer's events.
   *
   * All up to `seq`, which is in the page that `lease` names. With the last event of the page the lease ends. `seq` null gives the page back.
   */
  async acknowledge(name: string, body: AcknowledgeRequest): Promise<Consumer> {
    return await this.call("POST", `/v1/consumers/${encodeURIComponent(name)}/acknowledge`, { body }) as Consumer;
  }

  /** Move a consumer to an event.
   *
   * It reads the events from `seq` on: again, or without those between.
   */
  async rewindConsumer(name: string, body: RewindRequest): Promise<Consumer> {
    return await this.call("POST", `/v1/consumers/${encodeURIComponent(name)}/rewind`, { body }) as Consumer;
  }

  /** Create an API key.
   *
   * 201 with the key itself, which is shown this once.
   */
  async createKey(body: KeyRequest): Promise<NewKey> {
    return await this.call("POST", "/v1/keys", { body }) as NewKey;
  }

  /** List API keys by id.
   *
   * Without the keys themselves.
   */
  async listKeys(query: { limit?: number; after?: number } = {}): Promise<KeyList> {
    return await this.call("GET", "/v1/keys", { query }) as KeyList;
  }

  /** Yield what listKeys() lists, page after page. */
  async *eachKeys(query: { limit?: number } = {}): AsyncGenerator<Key> {
    let asked: typeof query & { after?: number } = query;
    for (;;) {
      const page = await this.listKeys(asked);
      yield* page.data;
      if (page.next === null) return;
      asked = { ...query, after: Number(page.next) };
    }
  }

  /** Revoke an API key.
   *
   * 204. The key is refused within a second.
   */
  async revokeKey(id: number): Promise<void> {
    await this.call("DELETE", `/v1/keys/${encodeURIComponent(id)}`, { reads: "nothing" });
  }
}
