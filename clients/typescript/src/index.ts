// A client of Zerosum, the wallet engine.

import { Operations } from "./operations.js";
import type { Event } from "./types.js";

export { fromUnits, toUnits } from "./amounts.js";
export type { Options } from "./base.js";
export type { Code } from "./names.js";
export { NoAnswer, Problem } from "./problem.js";
export type * from "./types.js";
export { BadSignature, verify } from "./webhooks.js";

/** A client of one ledger: the key's. */
export class Zerosum extends Operations {
  /** Yield events with seqs above `after`, in order, for ever: as they come. Whoever stops keeps the
   * seq of the last one that was worked on, and goes on after it. */
  async *followEvents(
    query: { after?: number; types?: string; wallet?: string; kind?: string } = {},
  ): AsyncGenerator<Event> {
    let after = query.after ?? 0;
    for (;;) {
      const page = await this.listEvents({ ...query, after, wait: 20 });
      yield* page.data;
      after = page.read_to;
    }
  }
}
