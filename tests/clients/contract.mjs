// The TypeScript client against a running server. Prints one line of JSON for the test to look at.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";

const [, , client, url, key] = process.argv;
const { BadSignature, NoAnswer, Problem, Zerosum, fromUnits, toUnits, verify } = await import(client);

const zerosum = new Zerosum({ url, key });
const LARGE = 12345678901234567890123456789012345678n; // 38 digits

// Money, holds, reversals, lists.
for (const id of ["alice", "shop"]) {
  const made = await zerosum.createWallet({ id, asset: "USD", metadata: { amount: 5, deep: [1n, "x"] } });
  assert.equal(made.status, "open");
  assert.equal(made.metadata.amount, 5);
}
await zerosum.createCredit({ wallet: "alice", amount: LARGE });
let alice = await zerosum.readWallet("alice");
assert.equal(alice.available, LARGE);
assert.equal(alice.min_balance, 0n);
assert.equal(alice.max_balance, null);
const moved = await zerosum.createTransfer({ source: "alice", destination: "shop", amount: 250n });
assert.equal(moved.entries[0].amount, -250n);
assert.match(moved.idempotency_key, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
assert.ok(Math.abs(Date.now() - parseInt(moved.idempotency_key.replace("-", "").slice(0, 12), 16)) < 60_000);
const held = await zerosum.createHold({ source: "alice", destination: "shop", amount: 100 });
const captured = await zerosum.captureHold(held.id, { amount: "60", final: true });
assert.equal(captured.hold.status, "captured");
assert.equal(captured.hold.captured, 60n);
assert.equal((await zerosum.reverseTransaction(moved.id, { amount: 50n })).reverses, moved.id);
const ids = [];
for await (const wallet of zerosum.eachWallets({ limit: 1, prefix: "" })) ids.push(wallet.id);
assert.deepEqual(ids, ["@world:USD", "alice", "shop"]);
const found = [];
for await (const wallet of zerosum.eachWallets({ metadata: { amount: "5" } })) found.push(wallet.id);
assert.deepEqual(found, ["alice", "shop"]);
assert.equal((await zerosum.readProof()).assets[0].sum, 0n);
assert.equal((await zerosum.createDebit({ wallet: "alice", amount: 1 }, { dry_run: true })).kind, "debit");

// Refusals.
await assert.rejects(zerosum.createTransfer({ source: "shop", destination: "alice", amount: LARGE }), (error) => {
  assert.ok(error instanceof Problem);
  assert.equal(error.code, "insufficient_funds");
  assert.equal(error.facts.available, 260n);
  return true;
});
await assert.rejects(zerosum.freezeWallet("alice/unfreeze"), { code: "not_found" });
await assert.rejects(new Zerosum({ url, key: "zs_wrongwrongwrongwrong" }).readProof(), { code: "unauthorized" });

// A network that loses answers: money moves once.
for (const script of [["lose", "lose"], [503, 500], [429, 409]]) {
  const keys = [];
  const steps = [...script];
  const lossy = new Zerosum({ url, key, fetch: async (target, request) => {
    keys.push(request.headers["Idempotency-Key"]);
    const step = steps.shift();
    const codes = { 503: "outcome_unknown", 500: "internal_error", 429: "rate_limited", 409: "request_in_progress" };
    if (typeof step === "number") return Response.json({ code: codes[step] }, { status: step });
    const answer = await fetch(target, request);
    if (step === "lose") throw new TypeError("lost");
    return answer;
  } });
  const before = (await zerosum.readWallet("shop")).posted;
  await lossy.createTransfer({ source: "alice", destination: "shop", amount: 7 });
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.equal((await zerosum.readWallet("shop")).posted, before + 7n);
}
const silent = new Zerosum({ url, key, retries: 1, fetch: async () => { throw new TypeError("lost"); } });
await assert.rejects(silent.createCredit({ wallet: "alice", amount: 1 }, {}, "mine"), (error) => {
  assert.ok(error instanceof NoAnswer);
  assert.equal(error.idempotencyKey, "mine");
  return true;
});
let tries = 0;
const once_ = new Zerosum({ url, key, fetch: async () => { tries += 1; throw new TypeError("lost"); } });
await assert.rejects(once_.createKey({ scope: "read" }), NoAnswer);
assert.equal(tries, 1);

// Webhooks, with large amounts.
const received = [];
const hook = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    received.push({ path: request.url, headers: request.headers, body: Buffer.concat(parts) });
    response.writeHead(204).end();
  });
});
hook.listen(0, "127.0.0.1");
await once(hook, "listening");
const base = `http://127.0.0.1:${hook.address().port}`;
const symmetric = await zerosum.createWebhook({ url: `${base}/s`, types: ["transaction.*"] });
const asymmetric = await zerosum.createWebhook({ url: `${base}/e`, types: ["transaction.*"], signing: "asymmetric" });
await zerosum.createWallet({ id: "big", asset: "USD" });
await zerosum.createTransfer({ source: "alice", destination: "big", amount: LARGE - 1000n });
const got = async (path) => {
  for (let n = 0; n < 400; n += 1) {
    const one = received.find((each) => each.path === path);
    if (one) return one;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("no webhook came");
};
for (const [path, secret] of [["/s", symmetric.secret], ["/e", asymmetric.public_keys[0]]]) {
  const one = await got(path);
  const event = await verify(one.body, one.headers, secret);
  assert.equal(event.data.postings[0].amount, LARGE - 1000n);
  assert.equal((await verify(one.body.toString(), new Headers(one.headers), ["whsec_AAAA", secret])).id, event.id);
  for (const [body, headers] of [
    [Buffer.concat([one.body, Buffer.from(" ")]), one.headers],
    [one.body, { ...one.headers, "webhook-id": "x" }],
    [one.body, { ...one.headers, "webhook-timestamp": "1" }],
    [one.body, { ...one.headers, "webhook-signature": "v1,junk v1a,AAAA" }],
    [one.body, {}],
  ]) {
    await assert.rejects(verify(body, headers, secret), BadSignature);
  }
}
hook.close();
hook.closeAllConnections();

// The feed, and amounts as people write them.
const seqs = [];
for await (const event of zerosum.followEvents({ types: "transaction.*" })) {
  seqs.push(event.seq);
  if (seqs.length === 3) break;
}
assert.equal(toUnits("12.5", 2), 1250n);
assert.equal(toUnits("-3", 0), -3n);
assert.equal(fromUnits(-5n, 2), "-0.05");
assert.equal(fromUnits(1250n, 0), "1250");
for (const bad of ["1.005", "x", "", "1e3"]) assert.throws(() => toUnits(bad, 2), RangeError);

console.log(JSON.stringify({ seqs, ids }));
