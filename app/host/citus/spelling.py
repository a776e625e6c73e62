"""How Citus wants a function of sql/functions/ to be spelled. The files have one spelling, plain
PostgreSQL's; each rule here makes the smallest difference that Citus needs, and says why.

The rules read the files as they are written here: one function each, its body between $$, its
keywords small. tests/sql/test_citus_spelling.py holds the files to that.
"""

from __future__ import annotations

import re

BODY = re.compile(r"\$\$(.*)\$\$", re.DOTALL)
LANGUAGE = re.compile(r"\blanguage sql\b")
RETURNS = re.compile(r"\breturns\s+(table|setof|void|)")
PLAN_CACHE = re.compile(r"\s+set plan_cache_mode = \w+")
ANY_LEDGER = re.compile(r"((?:\b\w+\.)?)\bledger_id \+ 0 = (\$?\w+(?:\.\w+)?)")
FROM_ROW = re.compile(r"(\(((?:\w+\.)?)ledger_id \+ 0, (?:\w+\.)?\w+\) >=? \((\$?\w+), )")
ALIAS = re.compile(r"\bledger\.(\w+) (?:as )?(\w+)\b")
VARIABLE = re.compile(r"\b(\w+)\s+(?:constant\s+)?ledger\.\w+\s*(?:;|:=|,|\)|\n)")
WHOLE_ROW = re.compile(r"\b(zerosum\.\w+)\((\w+)(?=[,)])")
READS = re.compile(r"\bledger\.\w|\bfrom zerosum\.|\bzerosum\.(answer|feed)")


def on_citus(text: str) -> str:
    """Return a function's text as Citus can run it."""
    for rule in (own_ledger, typed_rows, without_plan_cache, in_plpgsql):
        text = rule(text)
    return text


def own_ledger(text: str) -> str:
    """Name the ledger by its column alone too: a sum of it, which spells the index that only lists
    use, sends a query to every shard."""
    text = ANY_LEDGER.sub(r"\1ledger_id + 0 = \2 and \1ledger_id = \2", text)
    return FROM_ROW.sub(r"\2ledger_id = \3 and \1", text)


def typed_rows(text: str) -> str:
    """Say of which table a row is that a function gets: on a node it is of a shard, whose type is
    another one."""
    tables = {alias: table for table, alias in ALIAS.findall(text)}
    for name in VARIABLE.findall(text):
        tables.pop(name, None)

    def typed(call: re.Match[str]) -> str:
        table = tables.get(call[2])
        return call[0] if table is None else f"{call[1]}(row({call[2]}.*)::ledger.{table}"

    return WHOLE_ROW.sub(typed, text)


def without_plan_cache(text: str) -> str:
    """Leave the setting out: a generic plan has no ledger yet, by which Citus finds the shard."""
    return PLAN_CACHE.sub("", text)


def in_plpgsql(text: str) -> str:
    """Put queries of the language SQL that read tables into PL/pgSQL: Citus can't plan the
    parameters of the former, and Postgres may inline them where Citus can't either."""
    body = BODY.search(text)
    if not LANGUAGE.search(text) or body is None or not READS.search(body[1]):
        return text
    returns = RETURNS.search(text, text.index("create or replace"))
    kind = returns[1] if returns else ""
    queries = [one.strip() for one in body[1].strip().rstrip(";").split(";\n")]
    if kind == "void":
        made = "".join(f"{without_result(one)};\n" for one in queries)
    else:
        (query,) = queries
        made = f"return query {query};" if kind in {"table", "setof"} else f"return ({query});"
    whole = f"$$\n#variable_conflict use_column\nbegin\n{made}\nend $$"
    text = text[: body.start()] + whole + text[body.end() :]
    return LANGUAGE.sub("language plpgsql", text, count=1)


def without_result(query: str) -> str:
    return f"perform{query.removeprefix('select')}" if query.startswith("select") else query
