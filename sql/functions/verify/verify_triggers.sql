-- Return one row for each trigger of the schema ledger that is missing, unknown, or not as it
-- was created: its definition, whether it is ENABLE ALWAYS, its function's body and settings. A
-- migration that changes a trigger changes its digest here; the tests print it.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_triggers()
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off as $$
with expected (name, digest) as (values
    ('entries.entries_append', '5390e4e77093117103741e4f5ed060f5'),
    ('entries.entries_balance', '2130151c794041d897e6294a9e3b13df'),
    ('event_bundles.event_bundles_append', 'b5c6c594f87f16a75171fe772c94afb3'),
    ('event_bundles.event_bundles_purged', '074d196c0797fd5cc4cd10d083f7e006'),
    ('events.events_append', 'c585b4651fdc6a1c02f5e245108819dd'),
    ('events.events_bundled', '951c6f8e507cdf9d4fad5a44eed461ad'),
    ('hold_postings.hold_postings_fixed', '78c73266f98a34cca4300f0cc49ae685'),
    ('hold_postings.hold_postings_forward', '4c8034ad705c83130f756db21efff9c7'),
    ('hold_postings.hold_postings_keep', '7e55b0eca4f191e3f899da39714aa90c'),
    ('outbox.outbox_fixed', 'd9a7482f29f579d2ddaf831384b20468'),
    ('outbox.outbox_notify', '514efee3c01e45475d8c6dd1f3acc0fb'),
    ('purged_bundles.purged_bundles_append', '376d0bd8996e56b20a5661effd50e93c'),
    ('reversed_postings.reversed_postings_forward', 'e53ef1964f476a413a60018e273a482f'),
    ('reversed_postings.reversed_postings_keep', '14b2510e490fcd822884257956c3ff96'),
    ('tiles.tiles_append', 'e2c1f577d55e09f73b05e22955200c25'),
    ('transactions.transactions_append', 'f75f1df8fb45d9c8bb67bd18253b67f2'),
    ('wallets.wallets_account', '4ca350f649d5b36e624f93434be37c9e'),
    ('wallets.wallets_empty', '6d6395d81d75004779ab33ed3cae8e12'),
    ('wallets.wallets_fixed', '3dd5ef61e6cb6dbd48fc5e0a0ce55225'),
    ('wallets.wallets_keep', '7eafd3251ef2feec02a6e2c8f02d280d'),
    ('wallets.wallets_world', '4aea55a509db28d178353a2223c91af2')
), found as (
    select c.relname || '.' || t.tgname as name,
        md5(concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled,
        p.prosrc, p.proconfig, p.prosecdef)) as digest
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where c.relnamespace = 'ledger'::regnamespace and not t.tgisinternal
)
select 'trigger', coalesce(x.name, f.name),
    case when f.name is null then 'missing' when x.name is null then 'not one of ours'
        else 'altered or disabled' end
        || coalesce(' (' || f.digest || ')', '')
from expected x full join found f on f.name = x.name
where f.digest is distinct from x.digest
$$;
