"""Every function that a server, a relay, a command or an SQL client calls, in an order in which
each has something to do. The same calls are made on plain PostgreSQL and on Citus."""

from __future__ import annotations

import re

import asyncpg

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

SETTING_UP = """
select * from zerosum.create_ledger('main')
select * from zerosum.create_ledger('shop')
select * from zerosum.create_ledger('shop')
select * from zerosum.list_ledgers()
select * from zerosum.add_key(1, sha256('hash'), 'admin', 'zs_…ab')
select * from zerosum.add_key(2, sha256('hush'), 'write', 'zs_…cd')
select * from zerosum.find_keys(array[sha256('hash'), sha256('hush')])
select * from zerosum.has_keys(1)
select * from zerosum.list_keys(1, 0, 10)
select * from zerosum.create_session(sha256('token'), sha256('hash'), 60)
select * from zerosum.find_session(sha256('token'))
select * from zerosum.exchange_session(sha256('token'), sha256('other'), 60)
select * from zerosum.end_session(sha256('other'))
select * from zerosum.create_asset(1, 'POINTS', 0)
select * from zerosum.create_asset(1, 'POINTS', 0)
select * from zerosum.create_asset(1, 'POINTS', 2)
select * from zerosum.list_assets(1, null, 3)
select * from zerosum.create_wallet(1, 'alice', 'USD')
select * from zerosum.create_wallet(1, 'bob', 'USD', '0', '5000', '{"vip": true}')
select * from zerosum.create_wallet(1, 'bob', 'USD', '0', '5000', '{"vip": true}')
select * from zerosum.create_wallet(1, 'carol', 'USD')
select * from zerosum.create_wallet(1, 'points', 'POINTS')
select * from zerosum.create_wallet(1, '@fees', 'USD', null, null, '{}', true)
select * from zerosum.create_wallet(2, 'alice', 'EUR')
select * from zerosum.create_endpoint(1, 'https://example.com/a', '{*}', 'SECRET')
select * from zerosum.create_endpoint(1, 'https://example.com/b', '{transaction.*}', 'SECRET', '{"wallets": ["alice"]}')
select * from zerosum.create_sink(1, 's', 'kafka://h/t', '{*}', 'beginning')
select * from zerosum.create_sink(2, 'configured', 'kafka://h/t', '{*}', 'beginning', true)
select * from zerosum.put_consumer(1, 'c', '{*}', '{*}', '{*}', 'beginning')
""".replace("SECRET", SECRET)

MONEY = """
select * from zerosum.credit(1, 'alice', 10000, 'k1')
select * from zerosum.credit(1, 'alice', 10000, 'k1')
select * from zerosum.credit(2, 'alice', 700, 'k1')
select * from zerosum.transfer(1, 'alice', 'bob', 250, 'k2', metadata => '{"order": 7}', reference => 'o-7')
select * from zerosum.transfer(1, 'alice', 'bob', 251, 'k2')
select * from zerosum.transfer(1, 'alice', 'nobody', 251, 'k3')
select * from zerosum.transfer(1, 'bob', 'alice', 99999, 'k4')
select * from zerosum.transfer(1, 'alice', 'points', 1, 'k5')
select * from zerosum.debit(1, 'alice', 100, 'k6')
select * from zerosum.hold(1, 'alice', 'bob', 500, 'k7')
select * from zerosum.hold(1, 'alice', 'bob', 50, 'k8')
select * from zerosum.hold(1, 'alice', 'bob', 5, 'k9', expires_at => <soon>)
select * from zerosum.capture(1, <id of k7>, 200, 'k10')
select * from zerosum.capture(1, <id of k7>, 400, 'k11')
select * from zerosum.void(1, <id of k8>, 'k12')
select * from zerosum.reverse(1, <id of k2>, 50, 'k13')
select * from zerosum.reverse(1, <id of k2>, null, 'k14')
select pg_sleep(0.15)
select * from zerosum.expire_holds(1, 10, true)
select * from zerosum.read_wallet(1, 'alice')
select * from zerosum.read_wallet(1, 'nobody')
select * from zerosum.list_wallets(1, null, 10)
select * from zerosum.list_wallets(1, null, 10, 'b', '{vip}', '{true}')
select * from zerosum.list_entries(1, 'alice', null, 10)
select * from zerosum.read_transaction(1, <id of k2>)
select * from zerosum.list_transactions(1, null, 20)
select * from zerosum.list_holds(1, null, 10)
select * from zerosum.search_transactions(1, null, 10, wallet => 'bob')
select * from zerosum.search_transactions(1, null, 10, kind => 'hold')
select * from zerosum.search_transactions(1, null, 10, reference => 'o-7')
select * from zerosum.search_transactions(1, null, 10, key => 'k2')
select * from zerosum.search_transactions(1, null, 10, since => '2020-01-01Z', keys => '{order}', vals => '{7}')
select * from zerosum.change_wallet(1, 'carol', '{"max_balance": "70", "metadata": {"a": 1}}')
select * from zerosum.freeze_wallet(1, 'carol')
select * from zerosum.transfer(1, 'alice', 'carol', 1, 'k15')
select * from zerosum.unfreeze_wallet(1, 'carol')
select * from zerosum.close_wallet(1, 'carol')
select * from zerosum.close_wallet(1, 'alice')
select * from zerosum.trial_balance(1)
"""

RECORD = (
    "select zerosum.record_deliveries(1, <endpoint>, 3, '{1,2,3}', '{delivered,pending,dead}',"
    " '{200,500,410}', '{null,e,f}', '{1,2,3}', '{0,0,0}', 'r')"
)
FEED = """
select ledger_id, epoch, waiting, due, expired, whole, name, surplus from zerosum.take_leases('r', 30)
select * from zerosum.outbox_state()
select * from zerosum.stamp(1, 'r', <epoch>, 100)
select * from zerosum.lease_states()
select * from zerosum.list_events(1, 0, 3)
select read_to, at_end, seqs from zerosum.read_events(1, 0, 100)
select read_to, at_end, seqs from zerosum.read_events(1, 0, 100, '{hold.*}', '{bob}')
select * from zerosum.feed_ends('{1}')
select * from zerosum.transaction_event(1, <id of k2>)
select * from zerosum.next_events(1, <sink>, 3, 100000, 'r')
select * from zerosum.record_sink(1, <sink>, 0, 3, null, 'r')
select * from zerosum.sink_states()
select * from zerosum.list_sinks(1, 0, 10)
select * from zerosum.change_sink(1, <sink>, true)
select * from zerosum.change_sink(1, <sink>, false, 2)
select * from zerosum.keep_sinks(1, '{s}')
select seqs, fresh, read_to from zerosum.next_deliveries(1, <endpoint>, 5, 0, '{}', 'r')
<record>
select seqs, fresh, attempts from zerosum.next_deliveries(1, <endpoint>, 5, 3, '{}', 'r')
select seq, body::jsonb - 'attempts' from zerosum.list_deliveries(1, <endpoint>, null, 10)
select seq, body::jsonb - 'attempts' from zerosum.list_deliveries(1, <endpoint>, null, 10, 'dead')
select seq, body::jsonb - 'attempts' from zerosum.list_deliveries(1, <endpoint>, 3, 10, 'pending')
select * from zerosum.resend_delivery(1, <endpoint>, 3)
select * from zerosum.endpoint_states()
select * from zerosum.failed_heads(1, <endpoint>, 0)
select * from zerosum.list_endpoints(1, 0, 10)
select * from zerosum.count_replay(1, <endpoint>, '{"after_seq": 0, "types": ["*"]}')
select * from zerosum.create_replay(1, <endpoint>, '{"after_seq": 0, "upto_seq": 3, "types": ["*"]}')
select * from zerosum.list_replays(1, <endpoint>, null, 10)
select * from zerosum.cancel_replay(1, <endpoint>, 1)
select * from zerosum.purge_deliveries('r', 0, 10)
select * from zerosum.change_endpoint(1, <endpoint>, '{"description": "d"}')
select * from zerosum.test_endpoint(1, <endpoint>)
select * from zerosum.rotate_secret(1, <endpoint>, 'SECRET', null, 60)
select * from zerosum.stored_secrets() order by kind, ledger, id
select * from zerosum.disable_endpoint(1, <endpoint>, 'gone')
select * from zerosum.enable_endpoint(1, <endpoint>)
select * from zerosum.delete_endpoint(1, <other endpoint>)
select leased_s > 0, read_to, at_end, cardinality(bodies) from zerosum.lease_page(1, 'c', 'token', 30, 5)
select * from zerosum.acknowledge(1, 'c', 'token', 5)
select * from zerosum.list_consumers(1, '', 10)
select * from zerosum.consumer_states()
select * from zerosum.rewind_consumer(1, 'c', 2)
select * from zerosum.delete_consumer(1, 'c')
select * from zerosum.log_state(1)
select * from zerosum.log_inclusion(1, 3, 7)
select * from zerosum.log_consistency(1, 3, 7)
select * from zerosum.log_tile(1, 0, 0, 5)
select * from zerosum.entry_bundle(1, 0, 5)
select ledger_id, name, size from zerosum.due_checkpoints('r', 0)
select zerosum.add_checkpoint(1, 'r', <epoch>, 'o/main', 3, 'root', 'note')
select * from zerosum.stamp(1, 'r', <epoch>, 100)
""".replace("SECRET", SECRET).replace("<record>", RECORD)

WHOLE = """
select * from zerosum.verify(1)
select * from zerosum.verify(2)
select * from zerosum.verify_since(1, 3)
select * from zerosum.record_verification(1, 5, 0)
select * from zerosum.last_verification(1)
select * from zerosum.ledger_size(1)
select * from zerosum.export_lines(1, 'asset', '', 2)
select * from zerosum.export_lines(1, 'transaction', '', 100)
select * from zerosum.export_lines(1, 'hold', '', 100)
select * from zerosum.export_lines(1, 'reversed', '', 100)
select * from zerosum.export_lines(1, 'wallet', '', 100)
select * from zerosum.export_lines(1, 'purged', '', 100)
select * from zerosum.export_lines(1, 'event', '', 100)
select * from zerosum.export_lines(1, 'outbox', '', 100)
select * from zerosum.export_lines(1, 'restoration', '', 100)
select * from zerosum.restore_ledger(2, 9)
select * from zerosum.bundle_events(1, 'r', <epoch>, 0, 9)
select * from zerosum.purge_events(1, 'r', <epoch>, 0, 9)
select * from zerosum.start_import('moved')
select * from zerosum.remove_sink(1, <sink>)
select * from zerosum.revoke_key(1, 1)
select * from zerosum.release_lease(1, 'r')
select * from zerosum.release_leases('r')
select writable, outbox_age_s < 60 from zerosum.readiness()
select * from zerosum.release()
select * from zerosum.session_limits()
select * from zerosum.unsafe_settings()
select standby from zerosum.wal_position()
select count(*) from zerosum.identity()
select count(*) from zerosum.diagnosis()
select * from zerosum.stay_awake(0)
select count(*) from zerosum.draw_xid()
select * from zerosum.purged_seq(1)
select * from zerosum.reader_kind(1, <endpoint>)
select * from zerosum.skip_ids()
"""

CALLS = [line for part in (SETTING_UP, MONEY, FEED, WHOLE) for line in part.strip().splitlines()]
# What an argument stands for: on Citus a call goes to its ledger's node only if its arguments are
# known before.
ARGUMENTS = {
    "id of (k[0-9]+)": "select id from ledger.transactions where ledger_id = 1 and key = '{}'",
    "sink": "select id from ledger.sinks where ledger_id = 1 and name = 's'",
    "endpoint": "select min(id) from ledger.endpoints where ledger_id = 1",
    "other endpoint": "select max(id) from ledger.endpoints where ledger_id = 1",
    "epoch": "select epoch from ledger.feeds where ledger_id = 1",
    "soon": "select quote_literal(clock_timestamp() + interval '100 ms')",
}
PLACE = re.compile("<([a-z0-9 ]+)>")


async def made(conn: asyncpg.Connection, call: str) -> str:
    """Return the call with its arguments."""
    for place in PLACE.findall(call):
        for pattern, query in ARGUMENTS.items():
            if found := re.fullmatch(pattern, place):
                value = await conn.fetchval(query.format(*found.groups()))
                call = call.replace(f"<{place}>", "null" if value is None else str(value))
    return call
