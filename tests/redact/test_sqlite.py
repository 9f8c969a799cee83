"""Databases made by SQLite itself: rows stay, what is in them is redacted, and nothing that stands in one is run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.handlers.sqlite import HANDLER
from escalate.redact.rules import EngineInputs

SECRET = "Hunter2-Sup3rSecret"


@pytest.fixture(scope="module")
def knowing():
    return Engine(EngineInputs(key=b"k" * 32, known_values=(SECRET,)))


def made(folder, script="", rows=(), before=""):
    place = folder / "made.db"
    place.unlink(missing_ok=True)
    connection = sqlite3.connect(place)
    connection.executescript(before + script)
    for sql, values in rows:
        connection.execute(sql, values)
    connection.commit()
    connection.close()
    return place


def redact(engine, place, told=None):
    result = place.with_name("result.db")
    with result.open("w+b") as sink:
        ledger = HANDLER.redact(place, sink, engine, told or (lambda n: None))
    assert not list(place.parent.glob("*.part"))
    return result, ledger


def query(place, sql):
    connection = sqlite3.connect(place)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


ROWS = [
    ("INSERT INTO settings VALUES (?, ?, ?)", (1, "ConnectionStrings:Shop", f"Server=db;Password={SECRET};")),
    ("INSERT INTO settings VALUES (?, ?, ?)", (2, "db_password", "orchid")),
    ("INSERT INTO settings VALUES (?, ?, ?)", (3, "region", "westeurope")),
    ("INSERT INTO users VALUES (?, ?, ?)", ("jane.miller@contoso.com", "tulips4you", b"\x00\x01\x02\xff")),
]
SCHEMA = (
    "CREATE TABLE settings (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, value TEXT);"
    "CREATE TABLE users (mail TEXT PRIMARY KEY, password TEXT, avatar BLOB) WITHOUT ROWID;"
    "CREATE INDEX by_name ON settings (lower(name));"
    "CREATE VIEW everyone AS SELECT mail FROM users;"
)


def test_rows_and_types_stay_and_secrets_go(knowing, tmp_path):
    result, ledger = redact(knowing, made(tmp_path, SCHEMA, ROWS))
    settings_after = query(result, "SELECT * FROM settings")
    assert [row[:2] for row in settings_after] == [values[:2] for _, values in ROWS[:3]]
    assert settings_after[0][2].startswith("Server=db;Password=[R:")
    assert settings_after[1][2].startswith("[R:COLUMN:")
    assert settings_after[2][2] == "westeurope"
    ((mail, password, avatar),) = query(result, "SELECT * FROM users")
    assert mail.endswith("@redacted.invalid")
    assert password.startswith("[R:COLUMN:")
    assert len(avatar) == 4
    assert avatar != b"\x00\x01\x02\xff"
    assert query(result, "SELECT name FROM sqlite_schema WHERE type IN ('index', 'view') AND sql IS NOT NULL") == [
        ("by_name",),
        ("everyone",),
    ]
    assert ledger.counts["secret-column"] == 2
    assert ledger.counts["blob-blanked"] == 1
    for secret in (SECRET, "orchid", "tulips4you", "jane.miller"):
        assert secret.encode() not in result.read_bytes()


def test_a_deleted_row_is_not_in_a_free_page_of_the_result(knowing, tmp_path):
    place = made(
        tmp_path, "CREATE TABLE t (x TEXT);", [("INSERT INTO t VALUES (?)", (f"gone-forever-{SECRET} " * 400,))]
    )
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA secure_delete=OFF")
    connection.execute("DELETE FROM t")
    connection.commit()
    connection.close()
    assert b"gone-forever" in place.read_bytes()
    result, _ = redact(knowing, place)
    assert b"gone-forever" not in result.read_bytes()


def test_the_header_of_the_database_stays(knowing, tmp_path):
    before = "PRAGMA page_size=1024; PRAGMA user_version=7; PRAGMA application_id=99; PRAGMA encoding='UTF-16le';"
    place = made(tmp_path, "CREATE TABLE t (x TEXT);", [("INSERT INTO t VALUES (?)", (SECRET,))], before)
    result, _ = redact(knowing, place)
    for pragma, value in (("page_size", 1024), ("user_version", 7), ("application_id", 99), ("encoding", "UTF-16le")):
        assert query(result, f"PRAGMA {pragma}") == [(value,)]
    assert SECRET.encode("utf-16-le") not in result.read_bytes()


def test_a_log_that_was_written_ahead_and_is_not_there_is_not_needed(knowing, tmp_path):
    place = made(tmp_path, "PRAGMA journal_mode=WAL; CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('fine');")
    result, _ = redact(knowing, place)
    assert query(result, "SELECT * FROM t") == [("fine",)]


def test_a_secret_in_the_schema_goes(knowing, tmp_path):
    place = made(tmp_path, f"CREATE TABLE t (x TEXT DEFAULT '{SECRET}'); CREATE VIEW v AS SELECT '{SECRET}' AS y;")
    result, ledger = redact(knowing, place)
    assert SECRET.encode() not in result.read_bytes()
    assert ledger.counts["schema"] == 2


def test_equal_keys_stay_equal_so_that_joins_still_work(knowing, tmp_path):
    key, other = b"\x00\x10\x20\x30" * 4, b"\x01\x10\x20\x30" * 4
    rows = [("INSERT INTO a VALUES (?)", (each,)) for each in (key, other)] + [("INSERT INTO b VALUES (?)", (key,))]
    place = made(tmp_path, "CREATE TABLE a (k BLOB PRIMARY KEY); CREATE TABLE b (k BLOB);", rows)
    result, _ = redact(knowing, place)
    assert query(result, "SELECT count(*) FROM a JOIN b USING (k)") == [(1,)]
    assert key not in result.read_bytes()


def test_long_binary_cells_become_zeros_and_text_in_them_stays_text(knowing, tmp_path):
    rows = [("INSERT INTO t VALUES (?)", (data,)) for data in (bytes(range(256)) * 9, f"pwd={SECRET}".encode(), b"")]
    result, _ = redact(knowing, made(tmp_path, "CREATE TABLE t (x BLOB);", rows))
    (first,), (second,), (third,) = query(result, "SELECT x FROM t")
    assert first == bytes(256 * 9)
    assert second.startswith(b"pwd=[R:")
    assert third == b""


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("CREATE VIRTUAL TABLE t USING fts5(x);", "virtual tables"),
        ("CREATE TABLE t (x, y AS (x || 'a'));", "computed columns"),
        ("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES ('Jane@contoso.com'), ('jane@contoso.com');", "be equal"),
        ("CREATE TABLE t (x); CREATE INDEX i ON t (printf('%.*c', 100, x));", "cannot be rebuilt"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused(knowing, tmp_path, script, reason):
    with pytest.raises(CannotRedact, match=reason):
        redact(knowing, made(tmp_path, script))


HOSTILE = [
    "CREATE TABLE t AS SELECT load_extension('evil')",
    "CREATE TABLE t (x CHECK (load_extension('evil')))",
    "CREATE TABLE t (x); ATTACH 'leak.db' AS leak",
    "CREATE TEMP TABLE t (x)",
    "DROP TABLE kept",
    "INSERT INTO kept VALUES (2)",
]


@pytest.mark.parametrize("sql", HOSTILE)
def test_a_schema_that_is_a_program_is_not_run(knowing, tmp_path, sql):
    place = made(tmp_path, "CREATE TABLE kept (x); CREATE TABLE t (x); INSERT INTO kept VALUES (1);")
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 't'", (sql,))
    connection.commit()
    connection.close()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CannotRedact):
        redact(knowing, place)
    assert sorted(each for each in tmp_path.iterdir() if each.name != "result.db") == before


def test_rows_beside_each_other_do_not_read_like_a_secret(knowing, tmp_path):
    rows = [("INSERT INTO t (line, n) VALUES (?, ?)", (f"Server=db;Password=orchid{n};", n)) for n in range(3000)]
    result, ledger = redact(knowing, made(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, line TEXT, n);", rows))
    assert query(result, "SELECT count(*), sum(n) FROM t") == [(3000, 2999 * 1500)]
    assert sum(ledger.counts.values()) == 3000
    assert b"orchid" not in result.read_bytes()


def test_triggers_do_not_fire(knowing, tmp_path):
    place = made(
        tmp_path,
        "CREATE TABLE t (x); CREATE TABLE log (y);"
        "INSERT INTO t VALUES (1); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END;",
    )
    result, _ = redact(knowing, place)
    assert query(result, "SELECT count(*) FROM log") == [(0,)]
    assert query(result, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'") == [(1,)]


def test_same_input_gives_same_output(knowing, tmp_path):
    place = made(tmp_path, SCHEMA, ROWS)
    assert redact(knowing, place)[0].read_bytes() == redact(knowing, place)[0].read_bytes()


def test_the_result_comes_out_as_it_is(knowing, tmp_path):
    first, _ = redact(knowing, made(tmp_path, SCHEMA, ROWS[:3]))
    again = first.rename(tmp_path / "again.db")
    second, ledger = redact(knowing, again)
    assert ledger.counts == {}
    assert query(second, "SELECT * FROM settings") == query(again, "SELECT * FROM settings")


@settings(max_examples=30)
@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(), st.binary()), max_size=8)
)
def test_every_cell_keeps_its_type(knowing, tmp_path_factory, cells):
    rows = [("INSERT INTO t VALUES (?)", (each.encode("utf-8", "ignore").decode() if isinstance(each, str) else each,))
            for each in cells]  # fmt: skip
    place = made(tmp_path_factory.mktemp("cells"), "CREATE TABLE t (x);", rows)
    result, _ = redact(knowing, place)
    types = "SELECT typeof(x) FROM t ORDER BY rowid"
    assert query(result, types) == query(place, types)


@settings(max_examples=60)
@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_database_is_redacted_or_refused_and_nothing_else(knowing, tmp_path_factory, where, byte, cut):
    place = made(tmp_path_factory.mktemp("damaged"), SCHEMA, ROWS)
    data = place.read_bytes()
    at = int(where * len(data))
    place.write_bytes(data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :])
    try:
        result, _ = redact(knowing, place)
    except (CannotRedact, OSError, ValueError):
        return
    assert SECRET.encode() not in result.read_bytes()


def test_another_program_opens_the_result(knowing, tmp_path):
    result, _ = redact(knowing, made(tmp_path, SCHEMA, ROWS))
    code = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])"
    assert subprocess.check_output([sys.executable, "-c", code, str(result)], text=True).strip() == "ok"


def test_databases_have_a_handler():
    assert handler_of(Kind.SQLITE) is HANDLER
    assert Path(HANDLER.name).name == "sqlite"
