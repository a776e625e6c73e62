// The bodies of requests and answers, in the API's field names.
// Generated from the API's OpenAPI document: make clients. Do not edit.

/** AcknowledgeRequest */
export interface AcknowledgeRequest {
  /** The lease of the page. */
  lease: string;
  /** The last event that is done; null gives the page back. */
  seq: number | null;
}

/** Asset */
export interface Asset {
  /** The asset's code: 1 to 32 characters of A-Z a-z 0-9 _ . - */
  code: string;
  /** How many decimal places the asset has: USD 2, JPY 0. */
  scale: number;
}

/** AssetList */
export interface AssetList {
  /** The items of this page. */
  data: Asset[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** The sum of all wallets of an asset, which is zero, and how many wallets and entries make it. */
export interface AssetProof {
  /** The code of an asset of this ledger, such as USD. */
  asset: string;
  /** The sum over all wallets, @world included: always zero. */
  sum: bigint;
  /** What holds reserve. */
  held: bigint;
  /** How many wallets hold the asset. */
  wallets: number;
  /** How many entries make the sum. */
  entries: number;
}

/** AssetRequest */
export interface AssetRequest {
  /** The asset's code: 1 to 32 characters of A-Z a-z 0-9 _ . - */
  code: string;
  /** How many decimal places the asset has: USD 2, JPY 0. */
  scale: number;
}

/** Attempt */
export interface Attempt {
  /** When the attempt began. */
  at: string;
  /** How long the attempt took, in milliseconds. */
  duration_ms: number;
  /** The HTTP status that the endpoint answered; null if it did not. */
  status: number | null;
  /** Why the last attempt failed; null if it did not. */
  error: string | null;
  /** The address that was dialled; null if none was. */
  address: string | null;
  /** The first 4,096 bytes of the answer's body; null if there was none, or none is kept. */
  answer: string | null;
}

/** BatchItem */
export interface BatchItem {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** What moves from which wallet to which. */
  postings: PostingRequest[];
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key?: string | null;
}

/** BatchRequest */
export interface BatchRequest {
  /** The transactions of the batch, 1 to 1,000. */
  transactions: BatchItem[];
  /** independent: each has its own result. atomic: all post or none. */
  mode?: "atomic" | "independent";
}

/** One transaction's result: what it alone would have been answered. */
export interface BatchResult {
  /** The HTTP status that this transaction alone would have been answered. */
  status: number;
  /** Whether an earlier request with this key had posted it. */
  replayed?: boolean | null;
  /** The transaction, if it was posted. */
  transaction?: Transaction | null;
  /** The problem of a transaction that was refused. */
  error?: Problem | null;
}

/** BatchResults */
export interface BatchResults {
  /** One result for each transaction of the batch, in their order. */
  results: BatchResult[];
}

/** Without amount or postings, all that is left. `final` releases what is not captured. */
export interface Capture {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** How much to capture; all that is left unless given. */
  amount?: bigint | number | string | null;
  /** Another wallet that receives the value, of the same asset. */
  destination?: string | null;
  /** What moves from which wallet to which. */
  postings?: CapturePart[] | null;
  /** Whether to release what is left of the hold. */
  final?: boolean;
}

/** CapturePart */
export interface CapturePart {
  /** The number of the posting, from 1, in the order they were given. */
  posting: number;
  /** How much of the posting; all that is left of it unless given. */
  amount?: bigint | number | string | null;
  /** Another wallet that receives the value, of the same asset. */
  destination?: string | null;
}

/** A capture or a void, with the hold as it leaves it. */
export interface CaptureTransaction {
  /** The id that Zerosum gave it. */
  id: number;
  /** What moves from which wallet to which. */
  postings: Posting[];
  /** What the transaction did to each wallet: two entries a posting. */
  entries: TransactionEntry[];
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at: string;
  /** When the database recorded it. */
  recorded_at: string;
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key: string | null;
  /** Which kind of request made it. */
  kind: "capture" | "void";
  /** The hold as this transaction leaves it. */
  hold: HoldState;
}

/** What must hold when the request is decided, or it is refused: a version, a minimum, or both. */
export interface Condition {
  /** The wallet's id. */
  wallet: string;
  /** The wallet must be at this version. */
  version?: number;
  /** At least this must be available in the wallet afterwards. */
  min_available_after?: bigint | number | string;
}

/** The hashes of a consistency proof, as in RFC 6962, section 2.1.2. */
export interface Consistency {
  /** The number of events in the older log. */
  old_size: number;
  /** How many events the log has. */
  size: number;
  /** SHA-256 hashes in base64, in the order of RFC 6962. */
  hashes: string[];
}

/** Consumer */
export interface Consumer {
  /** The sink's or consumer's name. */
  name: string;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types: string[];
  /** The wallets whose events are wanted: *, a wallet's id, or a prefix such as user_* */
  wallets: string[];
  /** The kinds of transactions whose events are wanted: *, or such as credit, reversal. */
  kinds: string[];
  /** The seq up to which everything is acknowledged, or not wanted. */
  acknowledged_seq: number;
  /** Stamped events that the consumer has not passed yet. */
  behind: number;
  /** When the lease of a page ends; null if none is leased. */
  leased_until: string | null;
  /** When it was created. */
  created_at: string;
}

/** ConsumerList */
export interface ConsumerList {
  /** The items of this page. */
  data: Consumer[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** ConsumerRequest */
export interface ConsumerRequest {
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types?: string[];
  /** The wallets whose events are wanted: *, a wallet's id, or a prefix such as user_* */
  wallets?: string[];
  /** The kinds of transactions whose events are wanted: *, or such as credit, reversal. */
  kinds?: ("*" | "transfer" | "credit" | "debit" | "transaction" | "hold" | "capture" | "void" | "reversal")[];
  /** Where a new consumer starts: now, beginning, or the seq of the first event wanted. */
  start?: string;
}

/** Credit */
export interface Credit {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** The wallet's id. */
  wallet: string;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount: bigint | number | string;
  /** The wallet that gives the value; @world, the outside, unless given. */
  source?: string;
}

/** Debit */
export interface Debit {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** The wallet's id. */
  wallet: string;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount: bigint | number | string;
  /** The wallet that receives the value; @world, the outside, unless given. */
  destination?: string;
}

/** Delivery */
export interface Delivery {
  /** The event's number in its ledger's feed, from 1, without gaps. */
  seq: number;
  /** The event's id, which the webhook carries as webhook-id. */
  event_id: string;
  /** The event's type, such as transaction.posted. */
  type: string;
  /** How it stands. */
  status: "dead" | "delivered" | "dismissed" | "pending";
  /** Every attempt to deliver the event to this endpoint, oldest first. */
  attempts: Attempt[];
  /** When the next attempt is due; null once the delivery has ended. */
  due_at: string | null;
}

/** DeliveryList */
export interface DeliveryList {
  /** The items of this page. */
  data: Delivery[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** DismissRequest */
export interface DismissRequest {
  /** The range begins behind this seq. */
  after_seq?: number;
  /** The last seq of the range. */
  upto_seq?: number;
}

/** Dismissed */
export interface Dismissed {
  /** How many deliveries were dismissed. */
  dismissed: number;
  /** Whether there are more. */
  more: boolean;
}

/** Entry */
export interface Entry {
  /** The wallet's version after this: each entry and each change adds one. */
  version: number;
  /** The transaction that it belongs to. */
  transaction: number;
  /** The number of the posting, from 1, in the order they were given. */
  posting: number;
  /** The code of an asset of this ledger, such as USD. */
  asset: string;
  /** Negative for value that leaves the wallet. */
  amount: bigint;
  /** The wallet's posted balance after this entry. */
  balance: bigint;
  /** When the database recorded it. */
  recorded_at: string;
}

/** EntryList */
export interface EntryList {
  /** The items of this page. */
  data: Entry[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** Event */
export interface Event {
  /** The event's id, which never changes. */
  id: string;
  /** The event's type, such as transaction.posted. */
  type: string;
  /** The event's number in its ledger's feed, from 1, without gaps. */
  seq: number;
  /** The ledger's name. */
  ledger: string;
  /** When what the event tells was recorded. */
  timestamp: string;
  /** The transaction, hold, wallet or endpoint that the event is about. */
  data: Record<string, unknown>;
}

/** A page of the feed. */
export interface EventList {
  /** The items of this page. */
  data: Event[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
  /** The seq up to which the feed was read: the `after` of the next request. */
  read_to: number;
}

/** ForcedWallet */
export interface ForcedWallet {
  /** The wallet's id. */
  wallet: string;
  /** How far below its min_balance a forced reversal has taken the wallet. */
  floor_debt: bigint;
}

/** FreezeRequest */
export interface FreezeRequest {
  /** Whether the frozen wallet may still receive value. */
  credits?: boolean;
}

/** Health */
export interface Health {
  /** How it stands. */
  status: "ok" | "unavailable";
  /** ok, or why the database can't be used. */
  database?: string | null;
  /** behind: an event has waited for more than a minute to enter the feed. */
  relay?: "behind" | "ok" | null;
  /** How the ledger's sinks do; only with an API key. */
  sinks?: SinkHealth[];
  /** How the standbys do; only with an API key. */
  replicas?: ReplicaHealth[];
}

/** A hold as it is now, with its last 100 captures and its void. */
export interface Hold {
  /** The id that Zerosum gave it. */
  id: number;
  /** How it stands. */
  status: "captured" | "expired" | "pending" | "voided";
  /** What the hold reserves in all; null if it has several assets. */
  amount: bigint | null;
  /** What was captured so far. */
  captured: bigint | null;
  /** What is left to capture. */
  remaining: bigint | null;
  /** When the hold expires; null for a hold that does not. */
  expires_at: string | null;
  /** What moves from which wallet to which. */
  postings: HoldPosting[];
  /** The last 100 captures of the hold, and its void. */
  transactions: number[];
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at: string;
  /** When the database recorded it. */
  recorded_at: string;
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key: string | null;
}

/** HoldList */
export interface HoldList {
  /** The items of this page. */
  data: Hold[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** HoldPosting */
export interface HoldPosting {
  /** The wallet that gives the value. */
  source: string;
  /** The wallet that receives the value. */
  destination: string;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount: bigint;
  /** The code of an asset of this ledger, such as USD. */
  asset: string;
  /** What was captured so far. */
  captured: bigint;
  /** What is left to capture. */
  remaining: bigint;
}

/** Either source, destination and amount, or postings. */
export interface HoldRequest {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** The wallet that gives the value. */
  source?: string | null;
  /** The wallet that a capture moves the value to, unless it names another. */
  destination?: string | null;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount?: bigint | number | string | null;
  /** What moves from which wallet to which. */
  postings?: PostingRequest[] | null;
  /** When the hold expires; null for a hold that does not. */
  expires_at?: string | null;
}

/** HoldState */
export interface HoldState {
  /** The id that Zerosum gave it. */
  id: number;
  /** How it stands. */
  status: "captured" | "expired" | "pending" | "voided";
  /** What the hold reserves in all; null if it has several assets. */
  amount: bigint | null;
  /** What was captured so far. */
  captured: bigint | null;
  /** What is left to capture. */
  remaining: bigint | null;
}

/** A hold as it is placed. If it has several assets, the amounts are null and its postings have them. */
export interface HoldTransaction {
  /** The id that Zerosum gave it. */
  id: number;
  /** What moves from which wallet to which. */
  postings: Posting[];
  /** What the transaction did to each wallet: two entries a posting. */
  entries: TransactionEntry[];
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at: string;
  /** When the database recorded it. */
  recorded_at: string;
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key: string | null;
  /** Which kind of request made it. */
  kind: "hold";
  /** How it stands. */
  status: "pending";
  /** Of a hold: what it reserves in all; null if it has several assets. */
  amount: bigint | null;
  /** What was captured so far. */
  captured: bigint | null;
  /** What is left to capture. */
  remaining: bigint | null;
  /** When the hold expires; null for a hold that does not. */
  expires_at: string | null;
}

/** The hashes of an inclusion proof, the sibling of the event's leaf first. */
export interface Inclusion {
  /** The event's number in its ledger's feed, from 1, without gaps. */
  seq: number;
  /** How many events the log has. */
  size: number;
  /** SHA-256 hashes in base64, in the order of RFC 6962. */
  hashes: string[];
}

/** Key */
export interface Key {
  /** The id that Zerosum gave it. */
  id: number;
  /** What the key may do: read, write (move value too) or admin (all). */
  scope: "admin" | "read" | "write";
  /** The first characters of the key, to recognize it by. */
  hint: string;
  /** When it was created. */
  created_at: string;
  /** When the key was revoked; null if it is valid. */
  revoked_at: string | null;
}

/** KeyList */
export interface KeyList {
  /** The items of this page. */
  data: Key[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** KeyRequest */
export interface KeyRequest {
  /** What the key may do: read, write (move value too) or admin (all). */
  scope: "admin" | "read" | "write";
}

/** Events that this reader has until it acknowledges them or the lease ends. */
export interface LeasedPage {
  /** The events, in the order of seq. */
  data: Event[];
  /** What names this reader, to acknowledge with; null if there is nothing to read. */
  lease: string | null;
  /** When the lease of a page ends; null if none is leased. */
  leased_until: string | null;
}

/** The transparency log of the ledger's events: name, key, size and root. */
export interface LogState {
  /** The log's name, which its checkpoints carry; null without a key to sign them. */
  origin: string | null;
  /** The public key of the log, as C2SP signed notes spell it; null without a key. */
  vkey: string | null;
  /** How many events the log has. */
  size: number;
  /** The root of the RFC 6962 tree over the ledger's events, in base64. */
  root: string;
}

/** NewKey */
export interface NewKey {
  /** The id that Zerosum gave it. */
  id: number;
  /** What the key may do: read, write (move value too) or admin (all). */
  scope: "admin" | "read" | "write";
  /** The first characters of the key, to recognize it by. */
  hint: string;
  /** When it was created. */
  created_at: string;
  /** When the key was revoked; null if it is valid. */
  revoked_at: string | null;
  /** The API key itself, shown this once. */
  key: string;
}

/** NewWebhook */
export interface NewWebhook {
  /** The id that Zerosum gave it. */
  id: number;
  /** Where the events go. */
  url: string;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types: string[];
  /** The wallets whose events are wanted: *, a wallet's id, or a prefix such as user_* */
  wallets: string[];
  /** The kinds of transactions whose events are wanted: *, or such as credit, reversal. */
  kinds: string[];
  /** The names of the header fields that are sent along; their values are never shown. */
  header_names: string[];
  /** How amounts are spelled in what is sent: integer, or string for numbers beyond 2^53. */
  amounts: "integer" | "string";
  /** Seconds in which the endpoint must have answered, 1 to 60. */
  timeout_s: number;
  /** How many deliveries may be on their way at a time, 1 to 64. */
  concurrency: number;
  /** At most so many deliveries, such as 10/second; those that wait lose no retry. */
  rate_limit: string | null;
  /** Whether a wallet's events are sent in order, each when the one before it has arrived. */
  ordered: boolean;
  /** symmetric: HMAC-SHA256 with a shared secret. asymmetric: ed25519, checked with a public key. */
  signing: "asymmetric" | "symmetric";
  /** The keys that check asymmetric signatures, whpk_ and base64, the newest first. */
  public_keys: string[];
  /** Until when secrets before the last one sign too; null if none does. */
  old_secrets_expire_at: string | null;
  /** A disabled endpoint gets nothing until it is enabled. */
  status: "disabled" | "enabled";
  /** Why the endpoint gets nothing; null while it is enabled. */
  disabled_reason: string | null;
  /** When a delivery failed after which none has arrived; null if the last one did. */
  failing_since: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When it was created. */
  created_at: string;
  /** The secret that signs what is sent to the endpoint, shown this once; null for a private key. */
  secret: string | null;
}

/** PageRequest */
export interface PageRequest {
  /** The lease of a page that this reader has already; a new one unless given. */
  lease?: string | null;
  /** How many events the page has at most. */
  limit?: number;
  /** Seconds to wait for the next event. */
  wait?: number;
  /** For how many seconds the page is this reader's alone. */
  lease_s?: number;
}

/** A part of one posting; without an amount, all that is left of it. */
export interface Part {
  /** The number of the posting, from 1, in the order they were given. */
  posting: number;
  /** How much of the posting; all that is left of it unless given. */
  amount?: bigint | number | string | null;
}

/** Posting */
export interface Posting {
  /** The wallet that gives the value. */
  source: string;
  /** The wallet that receives the value. */
  destination: string;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount: bigint;
  /** The code of an asset of this ledger, such as USD. */
  asset: string;
}

/** PostingRequest */
export interface PostingRequest {
  /** The wallet that gives the value. */
  source: string;
  /** The wallet that receives the value. */
  destination: string;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount: bigint | number | string;
}

/** A problem body of RFC 9457. Its code decides which further members it has, such as `wallet` and `available`. */
export interface Problem {
  /** A URN that names the code. */
  type: string;
  /** What is wrong, in a few words; the same for every case of the code. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** The stable name of the error; the reference says what to do about each. */
  code: string;
  /** One instruction that says what to do, in words. */
  detail: string;
  [fact: string]: unknown;
}

/** Proof */
export interface Proof {
  /** The ledger's name. */
  ledger: string;
  /** The sums of each asset that a wallet holds. */
  assets: AssetProof[];
  /** How many entries the ledger has. */
  entries: number;
  /** The ledger's transparency log, as it is now. */
  log: LogState;
  /** What the last `zerosum verify` found; null: it never ran here. */
  verified: Verification | null;
}

/** A transaction of any kind, with the members of that kind. */
export interface ReadTransaction {
  /** The id that Zerosum gave it. */
  id: number;
  /** What moves from which wallet to which. */
  postings: Posting[];
  /** What the transaction did to each wallet: two entries a posting. */
  entries: TransactionEntry[];
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at: string;
  /** When the database recorded it. */
  recorded_at: string;
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key: string | null;
  /** Which kind of request made it. */
  kind: "capture" | "credit" | "debit" | "hold" | "reversal" | "transaction" | "transfer" | "void";
  /** How it stands. */
  status?: "captured" | "expired" | "pending" | "voided" | null;
  /** Of a hold: what it reserves in all; null if it has several assets. */
  amount?: bigint | null;
  /** What was captured so far. */
  captured?: bigint | null;
  /** What is left to capture. */
  remaining?: bigint | null;
  /** When the hold expires; null for a hold that does not. */
  expires_at?: string | null;
  /** The hold as this transaction leaves it. */
  hold?: HoldState | null;
  /** The transaction that this one reverses. */
  reverses?: number | null;
  /** The wallets that the reversal took below their min_balance. */
  forced?: ForcedWallet[];
  /** The transactions that have reversed this one. */
  reversed_by?: number[];
}

/** ReadTransactionList */
export interface ReadTransactionList {
  /** The items of this page. */
  data: ReadTransaction[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** Replay */
export interface Replay {
  /** The number of the replay, from 1 for each endpoint. */
  number: number;
  /** The endpoint that gets the events. */
  endpoint: number;
  /** The endpoint whose deliveries `status` is about. */
  source: number;
  /** The range begins behind this seq. */
  after_seq: number;
  /** The last seq of the range. */
  upto_seq: number;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types: string[];
  /** Only events whose delivery has this status; null for any, those never sent too. */
  status: "dead" | "delivered" | "dismissed" | null;
  /** running, done or cancelled. */
  state: "cancelled" | "done" | "running";
  /** The seq up to which the range was read. */
  read_seq: number;
  /** How many events the endpoint was given so far. */
  replayed: number;
  /** When it was created. */
  created_at: string;
  /** When it ended; null while it runs. */
  finished_at: string | null;
}

/** ReplayCount */
export interface ReplayCount {
  /** How many events the replay would send. */
  events: number;
  /** Whether the whole range was counted. */
  complete: boolean;
}

/** ReplayList */
export interface ReplayList {
  /** The items of this page. */
  data: Replay[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** The range begins at `after_seq` or `since`, and ends at `upto_seq` or `until`. */
export interface ReplayRequest {
  /** The range begins behind this seq. */
  after_seq?: number | null;
  /** The range begins with what was recorded at this time or later. */
  since?: string | null;
  /** The last seq of the range. */
  upto_seq?: number | null;
  /** The range ends before what was recorded at this time. */
  until?: string | null;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types?: string[];
  /** Only events whose delivery has this status; any unless given. */
  status?: "dead" | "delivered" | "dismissed" | null;
  /** The endpoint whose deliveries `status` is about; the endpoint itself unless given. */
  source?: number | null;
}

/** ReplicaHealth */
export interface ReplicaHealth {
  /** Its place in DATABASE_REPLICA_URL, from 1 on. */
  replica: number;
  /** ok, retrying after a failure, or paused. */
  state: "away" | "lagging" | "ok" | "promoted";
  /** Seconds that it is behind the primary; null while it is away. */
  lag_s: number | null;
}

/** Resent */
export interface Resent {
  /** How it stands. */
  status: "pending";
}

/** Without amount or postings, all that is left. `force`, for admin keys, may take a wallet below its floor. */
export interface Reversal {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** How much to move back; all that is left unless given. */
  amount?: bigint | number | string | null;
  /** What moves from which wallet to which. */
  postings?: Part[] | null;
  /** Whether the reversal may take a wallet below its min_balance; admin keys only. */
  force?: boolean;
}

/** A reversal, with the transaction that it reverses and the wallets that it took below their floor. */
export interface ReversalTransaction {
  /** The id that Zerosum gave it. */
  id: number;
  /** What moves from which wallet to which. */
  postings: Posting[];
  /** What the transaction did to each wallet: two entries a posting. */
  entries: TransactionEntry[];
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at: string;
  /** When the database recorded it. */
  recorded_at: string;
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key: string | null;
  /** Which kind of request made it. */
  kind: "reversal";
  /** The transaction that this one reverses. */
  reverses: number;
  /** The wallets that the reversal took below their min_balance. */
  forced: ForcedWallet[];
}

/** RewindRequest */
export interface RewindRequest {
  /** The event's number in its ledger's feed, from 1, without gaps. */
  seq: number;
}

/** RotateRequest */
export interface RotateRequest {
  /** A secret of your own, whsec_ and 24 to 64 bytes in base64; a new one unless given. */
  secret?: string | null;
  /** symmetric or asymmetric; as before unless given. */
  signing?: "asymmetric" | "symmetric" | null;
  /** Seconds for which the secret before goes on signing too; a day unless given. */
  overlap_s?: number;
}

/** Sink */
export interface Sink {
  /** The id that Zerosum gave it. */
  id: number;
  /** The sink's or consumer's name. */
  name: string;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types: string[];
  /** ok, retrying after a failure, or paused. */
  state: "ok" | "paused" | "retrying";
  /** The seq up to which the sink has everything. */
  sent_seq: number;
  /** Stamped events that the sink has not passed yet. */
  behind: number;
  /** Why the last attempt failed; null if it did not. */
  error: string | null;
  /** When the sink last failed; null if it works. */
  failed_at: string | null;
  /** When it was created. */
  created_at: string;
}

/** SinkHealth */
export interface SinkHealth {
  /** The ledger's name. */
  ledger: string;
  /** The sink's or consumer's name. */
  name: string;
  /** ok, retrying after a failure, or paused. */
  state: "ok" | "paused" | "retrying";
  /** Stamped events that the sink has not passed yet. */
  behind: number;
}

/** SinkList */
export interface SinkList {
  /** The items of this page. */
  data: Sink[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** SinkRequest */
export interface SinkRequest {
  /** Where the events go. */
  url: string;
}

/** Tested */
export interface Tested {
  /** How it stands. */
  status: "pending";
  /** The event's id, which the webhook carries as webhook-id. */
  event_id: string;
}

/** Transaction */
export interface Transaction {
  /** The id that Zerosum gave it. */
  id: number;
  /** What moves from which wallet to which. */
  postings: Posting[];
  /** What the transaction did to each wallet: two entries a posting. */
  entries: TransactionEntry[];
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at: string;
  /** When the database recorded it. */
  recorded_at: string;
  /** The Idempotency-Key of the request; null if it had none. */
  idempotency_key: string | null;
  /** Which kind of request made it. */
  kind: "credit" | "debit" | "transaction" | "transfer";
}

/** TransactionEntry */
export interface TransactionEntry {
  /** The wallet's id. */
  wallet: string;
  /** Negative for value that leaves the wallet. */
  amount: bigint;
  /** The wallet's posted balance after this entry. */
  balance: bigint;
  /** The wallet's version after this: each entry and each change adds one. */
  version: number;
}

/** TransactionRequest */
export interface TransactionRequest {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** What moves from which wallet to which. */
  postings: PostingRequest[];
}

/** Transfer */
export interface Transfer {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
  /** The wallet that gives the value. */
  source: string;
  /** The wallet that receives the value. */
  destination: string;
  /** A whole number of the asset's smallest unit: 250 is 2.50 USD. */
  amount: bigint | number | string;
}

/** When `zerosum verify` last derived the ledger again, up to which event, and how many faults it found. */
export interface Verification {
  /** When it ran. */
  at: string;
  /** Up to which event. */
  seq: number;
  /** How many faults were found. */
  faults: number;
}

/** Void */
export interface Void {
  /** The client's reference, such as an order number; at most 1,024 bytes. */
  reference?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
  /** When the client says that it happened; the time of recording unless given. */
  effective_at?: string | null;
  /** Conditions that must hold when the request is decided, or it is refused. */
  if?: Condition[] | null;
}

/** Wallet */
export interface Wallet {
  /** The wallet's id. */
  id: string;
  /** The code of an asset of this ledger, such as USD. */
  asset: string;
  /** The balance: what has moved in, less what has moved out. */
  posted: bigint;
  /** What holds reserve. */
  held: bigint;
  /** What the wallet can give: posted less held. */
  available: bigint;
  /** The available balance may not be below this; null for no floor. */
  min_balance: bigint | null;
  /** The posted balance may not be above this; null for no maximum. */
  max_balance: bigint | null;
  /** How far below its min_balance a forced reversal has taken the wallet. */
  floor_debt: bigint;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** The wallet's version after this: each entry and each change adds one. */
  version: number;
  /** A frozen wallet gives nothing; a closed one is closed for good. */
  status: "closed" | "frozen" | "open";
  /** Whether the wallet may receive value while it is frozen. */
  credits_while_frozen: boolean;
  /** When it was created. */
  created_at: string;
}

/** A member that is not given stays as it is. */
export interface WalletChange {
  /** The available balance may not be below this; null for no floor. */
  min_balance?: bigint | number | string | null;
  /** The posted balance may not be above this; null for no maximum. */
  max_balance?: bigint | number | string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
}

/** WalletList */
export interface WalletList {
  /** The items of this page. */
  data: Wallet[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** WalletRequest */
export interface WalletRequest {
  /** The code of an asset of this ledger, such as USD. */
  asset: string;
  /** The wallet's id; a random one unless given. */
  id?: string | null;
  /** The available balance may not be below this; null for no floor. */
  min_balance?: bigint | number | string | null;
  /** The posted balance may not be above this; null for no maximum. */
  max_balance?: bigint | number | string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
}

/** Webhook */
export interface Webhook {
  /** The id that Zerosum gave it. */
  id: number;
  /** Where the events go. */
  url: string;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types: string[];
  /** The wallets whose events are wanted: *, a wallet's id, or a prefix such as user_* */
  wallets: string[];
  /** The kinds of transactions whose events are wanted: *, or such as credit, reversal. */
  kinds: string[];
  /** The names of the header fields that are sent along; their values are never shown. */
  header_names: string[];
  /** How amounts are spelled in what is sent: integer, or string for numbers beyond 2^53. */
  amounts: "integer" | "string";
  /** Seconds in which the endpoint must have answered, 1 to 60. */
  timeout_s: number;
  /** How many deliveries may be on their way at a time, 1 to 64. */
  concurrency: number;
  /** At most so many deliveries, such as 10/second; those that wait lose no retry. */
  rate_limit: string | null;
  /** Whether a wallet's events are sent in order, each when the one before it has arrived. */
  ordered: boolean;
  /** symmetric: HMAC-SHA256 with a shared secret. asymmetric: ed25519, checked with a public key. */
  signing: "asymmetric" | "symmetric";
  /** The keys that check asymmetric signatures, whpk_ and base64, the newest first. */
  public_keys: string[];
  /** Until when secrets before the last one sign too; null if none does. */
  old_secrets_expire_at: string | null;
  /** A disabled endpoint gets nothing until it is enabled. */
  status: "disabled" | "enabled";
  /** Why the endpoint gets nothing; null while it is enabled. */
  disabled_reason: string | null;
  /** When a delivery failed after which none has arrived; null if the last one did. */
  failing_since: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata: Record<string, unknown>;
  /** When it was created. */
  created_at: string;
}

/** A member that is not given stays as it is. */
export interface WebhookChange {
  /** Where the events go. */
  url?: string;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types?: string[];
  /** The wallets whose events are wanted: *, a wallet's id, or a prefix such as user_* */
  wallets?: string[];
  /** The kinds of transactions whose events are wanted: *, or such as credit, reversal. */
  kinds?: ("*" | "transfer" | "credit" | "debit" | "transaction" | "hold" | "capture" | "void" | "reversal")[];
  /** Header fields to send along, such as authorization; stored and never shown. {} for none. */
  headers?: Record<string, unknown>;
  /** How amounts are spelled in what is sent: integer, or string for numbers beyond 2^53. */
  amounts?: "integer" | "string";
  /** Seconds in which the endpoint must have answered, 1 to 60. */
  timeout_s?: number;
  /** How many deliveries may be on their way at a time, 1 to 64. */
  concurrency?: number;
  /** At most so many deliveries, such as 10/second; those that wait lose no retry. */
  rate_limit?: string | null;
  /** Whether a wallet's events are sent in order, each when the one before it has arrived. */
  ordered?: boolean;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
}

/** WebhookList */
export interface WebhookList {
  /** The items of this page. */
  data: Webhook[];
  /** The `after` of the next page; null on the last page. */
  next: string | null;
}

/** WebhookRequest */
export interface WebhookRequest {
  /** Where the events go. */
  url: string;
  /** The event types wanted: *, a type, or a prefix such as transaction.* */
  types?: string[];
  /** The wallets whose events are wanted: *, a wallet's id, or a prefix such as user_* */
  wallets?: string[];
  /** The kinds of transactions whose events are wanted: *, or such as credit, reversal. */
  kinds?: ("*" | "transfer" | "credit" | "debit" | "transaction" | "hold" | "capture" | "void" | "reversal")[];
  /** Header fields to send along, such as authorization; stored and never shown. {} for none. */
  headers?: Record<string, unknown>;
  /** How amounts are spelled in what is sent: integer, or string for numbers beyond 2^53. */
  amounts?: "integer" | "string";
  /** Seconds in which the endpoint must have answered, 1 to 60. */
  timeout_s?: number;
  /** How many deliveries may be on their way at a time, 1 to 64. */
  concurrency?: number;
  /** At most so many deliveries, such as 10/second; those that wait lose no retry. */
  rate_limit?: string | null;
  /** Whether a wallet's events are sent in order, each when the one before it has arrived. */
  ordered?: boolean;
  /** symmetric: HMAC-SHA256 with a shared secret. asymmetric: ed25519, checked with a public key. */
  signing?: "asymmetric" | "symmetric";
  /** A secret of your own, whsec_ and 24 to 64 bytes in base64; a new one unless given. */
  secret?: string | null;
  /** Free text of the client, at most 1,024 bytes. */
  description?: string | null;
  /** A JSON object of the client: at most 16,384 bytes, nested at most 32 deep. */
  metadata?: Record<string, unknown>;
}
