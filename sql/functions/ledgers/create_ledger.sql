-- Create a ledger with its feed and the assets that every ledger begins with. A ledger that
-- exists stays as it is. Returns its number (ledger_id). The assets are those of ISO 4217 (List
-- One of 2026), of the X.. codes only XAF, XCD, XCG, XOF and XPF, which are currencies.
-- Locks: none beyond those of its inserts.
-- Codes: none.
create or replace function zerosum.create_ledger(name text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    l bigint;
    s record;
begin
    perform pg_advisory_xact_lock(hashtext('zerosum.create_ledger'));
    select g.ledger_id into l from ledger.ledgers g where g.name = $1;
    if l is not null then
        return l;
    end if;
    l := nextval('ledger.ledger_id');
    insert into ledger.ledgers (ledger_id, name) values (l, $1);
    insert into ledger.feeds (ledger_id) values (l);
    insert into ledger.assets (ledger_id, code, scale)
    select l, code, 2 from unnest(string_to_array(
        'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN '
        'BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL '
        'GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK '
        'LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO '
        'NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE '
        'SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES '
        'WST XCD XCG YER ZAR ZMW ZWG', ' ')) code
    union all
    select l, code, 0 from unnest(string_to_array(
        'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF', ' ')) code
    union all
    select l, code, 3 from unnest(string_to_array('BHD IQD JOD KWD LYD OMR TND', ' ')) code;
    -- Sinks from the settings get every ledger's feed.
    for s in
        select distinct on (o.name) o.name, o.url, o.types from ledger.sinks o
        where o.configured and o.paused_by is distinct from 'settings'
        order by o.name, o.ledger_id
    loop
        insert into ledger.sinks (ledger_id, id, name, url, types, sent_seq, configured)
        values (l, nextval('ledger.endpoint_id'), s.name, s.url, s.types, 0, true);
    end loop;
    return l;
end $$;
