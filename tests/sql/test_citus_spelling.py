"""The rules that spell a function as Citus runs it. tests/citus/ runs all of them."""

from __future__ import annotations

import re

import pytest

from app.host.citus.conversion import functions
from app.host.citus.spelling import LANGUAGE, READS, on_citus
from app.host.migrate import SQL, sql_files

FILES = sql_files(SQL, "functions")


def function(body: str, returns: str = "table (body text)", language: str = "sql") -> str:
    return (
        "-- Return nothing.\ncreate or replace function zerosum.one(ledger bigint)"
        f" returns {returns}\nlanguage {language} stable as $$\n{body}\n$$;\n"
    )


@pytest.mark.parametrize(
    ("returns", "body", "made"),
    [
        (
            "table (body text)",
            "    select w.id from ledger.wallets w",
            "return query select w.id from ledger.wallets w;",
        ),
        (
            "bigint",
            "    select max(w.id) from ledger.wallets w;",
            "return (select max(w.id) from ledger.wallets w);",
        ),
        (
            "void",
            "    delete from ledger.tiles;\n    select zerosum.two(1)",
            "delete from ledger.tiles;\nperform zerosum.two(1);\n",
        ),
    ],
)
def test_a_query_that_reads_tables_is_put_into_plpgsql(returns: str, body: str, made: str) -> None:
    text = on_citus(function(body, returns))
    assert f"begin\n{made}\nend $$" in text
    assert "language plpgsql stable" in text


def test_what_reads_no_table_stays() -> None:
    text = function("    select to_json(1)", "json")
    assert on_citus(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t.ledger_id + 0 = l and", "t.ledger_id + 0 = l and t.ledger_id = l and"),
        ("ledger_id + 0 = $1", "ledger_id + 0 = $1 and ledger_id = $1"),
        (
            "p.ledger_id + 0 = w.ledger_id",
            "p.ledger_id + 0 = w.ledger_id and p.ledger_id = w.ledger_id",
        ),
        ("order by t.ledger_id + 0 desc", "order by t.ledger_id + 0 desc"),
        (
            "(t.ledger_id + 0, t.id) > ($1, 0)",
            "t.ledger_id = $1 and (t.ledger_id + 0, t.id) > ($1, 0)",
        ),
    ],
)
def test_the_ledger_is_named_by_its_column_too(before: str, after: str) -> None:
    assert after in on_citus(function(before, language="plpgsql"))


def test_a_row_says_of_which_table_it_is_and_a_variable_needs_not() -> None:
    text = on_citus(
        function(
            "declare\n    p ledger.endpoints;\nbegin\n    select * into p from ledger.endpoints p;\n"
            "    perform zerosum.wallet_json(w, 1), zerosum.endpoint_json(p) from ledger.wallets w;\n"
            "end",
            language="plpgsql",
        )
    )
    assert "zerosum.wallet_json(row(w.*)::ledger.wallets, 1)" in text
    assert "zerosum.endpoint_json(p)" in text


def test_each_function_is_spelled_by_the_rules_or_has_a_file_of_its_own() -> None:
    spelled = dict(functions(SQL, FILES))
    assert spelled.keys() >= {name for name, _ in FILES}
    for name, text in spelled.items():
        assert "plan_cache_mode" not in text, name
        both = re.findall(r"ledger_id \+ 0 = \S+ and \S*ledger_id = ", text)
        assert len(both) == text.count("ledger_id + 0 ="), name
        body = text.split("$$")[1]
        if LANGUAGE.search(text.split("$$")[0]):
            assert not READS.search(body) or name == "verify_triggers.sql", name
