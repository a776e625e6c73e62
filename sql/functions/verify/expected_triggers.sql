-- Return each trigger of the schema ledger, as table.trigger, with the digest of what it must be:
-- its definition, whether it is ENABLE ALWAYS, its function's body and settings. A migration that
-- changes a trigger changes its digest here; the tests print it.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.expected_triggers() returns table (name text, digest text)
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select x.name, x.digest from (values
        ('entries.entries_append', '3a4ae9cbf95b349f05af509196ad13f0'),
        ('entries.entries_balance', '2130151c794041d897e6294a9e3b13df'),
        ('entries.entries_truncate', '0d99c193c7aba4eb92cf9c9895019254'),
        ('event_bundles.event_bundles_append', 'adc38aaf6bc20aa1f86e1c28dc553bfe'),
        ('event_bundles.event_bundles_purged', '074d196c0797fd5cc4cd10d083f7e006'),
        ('event_bundles.event_bundles_truncate', 'dfcfb7bec5708fbb69add6aa08f6adae'),
        ('events.events_append', 'd959c7fa12b848a93a68638c35e9d028'),
        ('events.events_bundled', '951c6f8e507cdf9d4fad5a44eed461ad'),
        ('events.events_truncate', 'ce71311c7815015980ff960ab1de133e'),
        ('hold_postings.hold_postings_fixed', '78c73266f98a34cca4300f0cc49ae685'),
        ('hold_postings.hold_postings_forward', '4c8034ad705c83130f756db21efff9c7'),
        ('hold_postings.hold_postings_keep', '9b65383eb21ea7ce4ce13f5e87ebbcde'),
        ('hold_postings.hold_postings_truncate', '3fcd6f652bd54f12d32776b25a672a4a'),
        ('outbox.outbox_fixed', '397afa3a19f4683d6abf37425645fa77'),
        ('outbox.outbox_notify', '514efee3c01e45475d8c6dd1f3acc0fb'),
        ('outbox.outbox_truncate', '92139ff199d6f502f9fe132956b76467'),
        ('purged_bundles.purged_bundles_append', '119b8aba4b20d60a9cc0a901d6a1cfc0'),
        ('purged_bundles.purged_bundles_truncate', '2636e5c0277cc855544d10eb3ca82ff0'),
        ('restorations.restorations_append', 'b196bf18489540ceababde05dd2ffa2b'),
        ('restorations.restorations_truncate', '1ac9f8ef04b095fb0490d90415d710fd'),
        ('reversed_postings.reversed_postings_forward', 'e53ef1964f476a413a60018e273a482f'),
        ('reversed_postings.reversed_postings_keep', '424ee6e19f690a7e5de30b7b2704d8ff'),
        ('reversed_postings.reversed_postings_truncate', '2db394b68e3cc67f65aeba453ff55384'),
        ('tiles.tiles_append', 'a82bbf202be0664028005e0ca619cb24'),
        ('tiles.tiles_truncate', '640948ee779bc48fc2b8c2e4da7b1771'),
        ('transactions.transactions_append', '4b6124f8ab1b6448871c8c3ea886d48b'),
        ('transactions.transactions_truncate', '11bba321a570be5e65300dddf7cdcd7e'),
        ('wallets.wallets_account', '4ca350f649d5b36e624f93434be37c9e'),
        ('wallets.wallets_empty', '6d6395d81d75004779ab33ed3cae8e12'),
        ('wallets.wallets_fixed', '3dd5ef61e6cb6dbd48fc5e0a0ce55225'),
        ('wallets.wallets_keep', '78f4b5be489948fa079ced762cc14fcb'),
        ('wallets.wallets_truncate', '574a8d7738eed5cad62d26d3df257b91'),
        ('wallets.wallets_world', '4aea55a509db28d178353a2223c91af2')
    ) x (name, digest)
$$;
