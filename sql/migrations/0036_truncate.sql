-- Each trigger that names TRUNCATE beside other events becomes two. On Citus a trigger that names
-- TRUNCATE is silently absent from the shards, and the rule with it that entries, transactions and
-- events are only appended.
do $$
declare
    one record;
begin
    for one in
        select * from (values
            ('entries', 'entries_append', 'update or delete'),
            ('event_bundles', 'event_bundles_append', 'update'),
            ('events', 'events_append', 'update'),
            ('hold_postings', 'hold_postings_keep', 'delete'),
            ('outbox', 'outbox_fixed', 'update'),
            ('purged_bundles', 'purged_bundles_append', 'update or delete'),
            ('reversed_postings', 'reversed_postings_keep', 'delete'),
            ('tiles', 'tiles_append', 'update or delete'),
            ('transactions', 'transactions_append', 'update or delete'),
            ('wallets', 'wallets_keep', 'delete')
        ) x (relation, name, events)
    loop
        execute format('drop trigger %I on ledger.%I', one.name, one.relation);
        execute format(
            'create trigger %I before %s on ledger.%I for each statement'
            ' execute function ledger.refuse()', one.name, one.events, one.relation);
        execute format('alter table ledger.%I enable always trigger %I', one.relation, one.name);
        execute format(
            'create trigger %I before truncate on ledger.%I for each statement'
            ' execute function ledger.refuse()', one.relation || '_truncate', one.relation);
        execute format('alter table ledger.%I enable always trigger %I', one.relation,
            one.relation || '_truncate');
    end loop;
end $$;
