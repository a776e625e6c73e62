// What a client throws.

import type { Code } from "./names.js";

/** The server refused the request: a problem body (RFC 9457). code: the stable name. detail: what to
 * do, in words. facts: the further members, such as `wallet` and `available`. */
export class Problem extends Error {
  readonly code: Code | "unknown";
  readonly title: string;
  readonly detail: string;
  readonly facts: Record<string, unknown>;

  constructor(body: Record<string, unknown>, readonly status: number) {
    const { type: _, title, status: __, code, detail, ...facts } = body;
    super(`${String(code ?? "unknown")}: ${String(detail ?? title ?? "")}`);
    this.name = "Problem";
    this.code = (code as Code | undefined) ?? "unknown";
    this.title = String(title ?? "");
    this.detail = String(detail ?? "");
    this.facts = facts;
  }
}

/** No answer came, after all tries. idempotencyKey: of a request that may have moved money; send the
 * same request with it again to learn the outcome. */
export class NoAnswer extends Error {
  constructor(why: string, readonly idempotencyKey: string | undefined, options?: ErrorOptions) {
    super(why, options);
    this.name = "NoAnswer";
  }
}
