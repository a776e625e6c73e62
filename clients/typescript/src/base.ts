// How a request is sent until it is answered: fetch, retries with the same key, full jitter.

import { parse, spell } from "./amounts.js";
import { NoAnswer, Problem } from "./problem.js";

const FIRST_MS = 100;
const LONGEST_MS = 5000;
// Refused before anything was written: any request may be sent again.
const NOTHING_WRITTEN = new Set(["database_unavailable", "queue_full", "wallet_busy", "rate_limited"]);
// With a key the same request is answered the same: sending it again settles the outcome.
const SETTLED_BY_ASKING = new Set(["outcome_unknown", "request_in_progress", "internal_error"]);
const REPEATABLE = new Set(["GET", "PUT", "PATCH", "DELETE"]);

export interface Options {
  /** Of the server, such as http://127.0.0.1:8000. */
  url: string;
  /** An API key. */
  key: string;
  /** How often a request is sent again that got no answer, or was refused for the moment. */
  retries?: number;
  timeoutMs?: number;
  fetch?: typeof fetch;
}

export interface Call {
  query?: object;
  body?: object;
  /** Whether the request may carry an Idempotency-Key; one is drawn unless `key` is given. */
  keyed?: boolean;
  key?: string | undefined;
  reads?: "json" | "text" | "bytes" | "nothing";
}

export class Base {
  readonly #url: string;
  readonly #key: string;
  readonly #retries: number;
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: Options) {
    this.#url = options.url.replace(/\/+$/, "");
    this.#key = options.key;
    this.#retries = options.retries ?? 5;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** Send a request until it is answered. Throws Problem, NoAnswer. */
  protected async call(method: string, path: string, call: Call = {}): Promise<unknown> {
    const key = call.keyed ? (call.key ?? risingKey()) : undefined;
    const repeatable = REPEATABLE.has(method) || key !== undefined;
    const request = this.#request(method, key, call.body);
    const url = this.#url + path + queryOf(call.query);
    for (let left = this.#retries, tries = 1; ; left -= 1, tries += 1) {
      let answer: Response;
      let content: ArrayBuffer;
      try {
        answer = await this.#fetch(url, { ...request, signal: AbortSignal.timeout(this.#timeoutMs) });
        content = await answer.arrayBuffer();
      } catch (error) {
        // fetch does not say whether the request was sent.
        if (left <= 0 || !repeatable) throw new NoAnswer(String(error), key, { cause: error });
        await pause(tries, 0);
        continue;
      }
      if (answer.ok) return read(content, call.reads ?? "json");
      const problem = problemOf(content, answer.status);
      const again = NOTHING_WRITTEN.has(problem.code)
        || (repeatable && (SETTLED_BY_ASKING.has(problem.code) || problem.status >= 502));
      if (!again || left <= 0) throw problem;
      await pause(tries, Number(answer.headers.get("retry-after") ?? 0) * 1000);
    }
  }

  #request(method: string, key: string | undefined, body: object | undefined): RequestInit {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${this.#key}`,
      "Zerosum-Amounts": "string",
    };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (body === undefined) return { method, headers, redirect: "error" };
    headers["Content-Type"] = "application/json";
    return { method, headers, body: spell(body), redirect: "error" };
  }
}

/** Wait between 0 and the smaller of the longest wait and twice the last one (full jitter), and as
 * long as the server asks, at most a minute. */
async function pause(tries: number, askedMs: number): Promise<void> {
  const drawn = Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  const waitMs = Math.max(drawn, Math.min(askedMs || 0, 60_000));
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}

function queryOf(query: object | undefined): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null) continue;
    if (name === "metadata") {
      for (const [member, text] of Object.entries(value as object)) {
        given.append(`metadata.${member}`, String(text));
      }
    } else {
      given.append(name, String(value));
    }
  }
  return given.size ? `?${given}` : "";
}

function read(content: ArrayBuffer, reads: NonNullable<Call["reads"]>): unknown {
  if (reads === "nothing") return undefined;
  if (reads === "bytes") return new Uint8Array(content);
  const text = new TextDecoder().decode(content);
  return reads === "text" ? text : parse(text);
}

function problemOf(content: ArrayBuffer, status: number): Problem {
  let body: unknown;
  try {
    body = parse(new TextDecoder().decode(content));
  } catch {
    body = {};
  }
  const known = body !== null && typeof body === "object" && !Array.isArray(body);
  return new Problem(known ? (body as Record<string, unknown>) : {}, status);
}

/** A UUIDv7 (RFC 9562): the database finds keys that rise with time in one place of their index,
 * and random ones all over it. */
export function risingKey(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
