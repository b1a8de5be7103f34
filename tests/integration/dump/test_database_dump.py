"""database_dump.sh against a real server: a whole dump in the folder, or nothing."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.certificates import make_certificates, server_options
from support.mariadb import Server, contents, running_server
from support.programs import ROOT, SCRIPTS, Workplace, stand_in
from support.shop import DATABASE, PASSWORD, rights
from support.waiting import wait_for

Grant = Callable[..., None]

LOCK = ".database_dump_lock"

DECOMPRESS: dict[str, list[str]] = {
    "none": ["cat"],
    "zstd": ["zstd", "-dc"],
    "gzip": ["gzip", "-dc"],
}
SUFFIX = {"none": "", "zstd": ".zst", "gzip": ".gz"}


def restored(server: Server, dump: Path, compression: str = "none") -> dict[str, object]:
    """What the dump brings back."""
    sql = subprocess.run([*DECOMPRESS[compression], str(dump)], stdout=subprocess.PIPE, check=True)
    server.load(sql.stdout, "restored")
    return contents(server, "restored")


def hold_table(server: Server) -> Callable[[], None]:
    """Keep every dump from ending until the returned function is called."""
    cursor = server.connect(DATABASE).cursor()
    cursor.execute("LOCK TABLES child WRITE")
    return lambda: cursor.execute("UNLOCK TABLES")


@pytest.fixture
def held(server: Server) -> Iterator[Callable[[], None]]:
    """A lock in the middle of the database; calling the fixture's value ends it early."""
    release = hold_table(server)
    yield release
    release()


def partial_dumps(dumps: Workplace) -> list[str]:
    return [name for name in os.listdir(dumps.dumps) if name.startswith(".database_dump.")]


@pytest.mark.parametrize("compression", DECOMPRESS)
def test_dump_brings_back_the_whole_database(
    dumps: Workplace, server: Server, compression: str
) -> None:
    """Rows of every type, views, triggers, routines, events, sequences."""
    result = dumps.dump(DUMP_COMPRESSION=compression)
    assert (result.returncode, result.stderr) == (0, "")
    assert list(dumps.files()) == [f"datadump.sql{SUFFIX[compression]}"]
    dump = dumps.dumps / f"datadump.sql{SUFFIX[compression]}"
    assert restored(server, dump, compression) == contents(server, DATABASE)
    assert dumps.messages() == ["database dump completed"]


def test_history_of_system_versioned_tables_is_dumped(dumps: Workplace, server: Server) -> None:
    """Rows that were changed or deleted."""
    dumps.dump()
    restored(server, dumps.dumps / "datadump.sql")
    history = "SELECT id, v, ROW_START, ROW_END FROM past FOR SYSTEM_TIME ALL ORDER BY ROW_START"
    assert server.query(history, "restored") == server.query(history, DATABASE)
    assert len(server.query(history, DATABASE)) == 2


def test_dump_is_private_and_dated_when_its_snapshot_began(
    dumps: Workplace, server: Server, held: Callable[[], None]
) -> None:
    """Mode 0600, mtime between the start of the run and the end of the wait; the log is 0644."""
    before = time.time()
    process = dumps.start_dump()
    wait_for("the dump is under way", lambda: waits_for_lock(server))
    under_way = time.time()
    held()
    assert process.wait(60) == 0
    status = (dumps.dumps / "datadump.sql").stat()
    assert before <= status.st_mtime <= under_way
    assert status.st_mode & 0o777 == 0o600
    assert [log.stat().st_mode & 0o777 for log in dumps.logs.iterdir()] == [0o644]


def waits_for_lock(server: Server) -> bool:
    states = server.query("SELECT STATE FROM information_schema.PROCESSLIST WHERE USER = 'backup'")
    return any("lock" in str(state).lower() for (state,) in states)


FAILURES = {
    "no server": ({"DB_PORT": "1"}, "(DB_HOST 127.0.0.1, DB_PORT 1)"),
    "unknown host": (
        {"DB_HOST": "no-such-host.invalid"},
        "(DB_HOST no-such-host.invalid, DB_PORT ",
    ),
    "wrong user": (
        {"DB_USER": "nobody"},
        "(DB_USER nobody, with the password in DB_PASSWORD_FILE /",
    ),
    "unknown database": ({"DB_NAME": "nowhere"}, "nowhere"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failed_dump_leaves_the_folder_untouched(dumps: Workplace, name: str) -> None:
    """One line has the client's own reason, and the settings that it is about; status 1."""
    changes, reason = FAILURES[name]
    (dumps.dumps / "datadump.sql").write_text("old")
    result = dumps.dump(**changes)
    assert result.returncode == 1
    assert dumps.files() == {"datadump.sql": b"old"}
    (message,) = dumps.messages()
    assert message.startswith("database dump failed: ")
    assert reason in message
    assert result.stdout.endswith(f",{message}\n")


def test_wrong_password_fails_the_dump(dumps: Workplace) -> None:
    """With the client's own reason, and without the password."""
    Path(dumps.settings["DB_PASSWORD_FILE"]).write_text("not the password")
    assert dumps.dump().returncode == 1
    (message,) = dumps.messages()
    assert "Access denied for user 'backup'" in message
    assert "not the password" not in message


def test_server_gone_half_way_fails_the_dump(dumps: Workplace, tmp_path: Path) -> None:
    """Killed while mariadb-dump reads from it."""
    with running_server(tmp_path / "doomed") as doomed:
        doomed.load(b"CREATE TABLE child (id INT)", DATABASE)
        doomed.query("CREATE USER backup@'%' IDENTIFIED BY 'x'")
        doomed.query("GRANT ALL ON *.* TO backup@'%'")
        Path(dumps.settings["DB_PASSWORD_FILE"]).write_text("x")
        (dumps.dumps / "datadump.sql").write_text("old")
        _release = hold_table(doomed)  # the lock lasts as long as its connection
        process = dumps.start_dump(DB_PORT=str(doomed.port))
        wait_for("the dump is under way", lambda: waits_for_lock(doomed))
        assert partial_dumps(dumps) != []
        doomed.process.kill()
        assert process.wait(60) == 1
    assert dumps.files() == {"datadump.sql": b"old"}
    (message,) = dumps.messages()
    assert re.search("Lost connection|gone away|unexpected eof", message)


def test_full_disk_fails_the_dump(dumps: Workplace, server: Server) -> None:
    """The old dump stays whole."""
    server.query(
        "CREATE OR REPLACE TABLE big AS SELECT REPEAT('x', 1000) t FROM seq_1_to_5000", DATABASE
    )
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", dumps.dumps], check=True)
    try:
        (dumps.dumps / "datadump.sql").write_text("old")
        assert dumps.dump().returncode == 1
        assert dumps.files() == {"datadump.sql": b"old"}
    finally:
        subprocess.run(["umount", dumps.dumps], check=True)
        server.query("DROP TABLE big", DATABASE)
    (message,) = dumps.messages()
    assert "No space left on device" in message


# Stand-ins for programs of the dump that end in a way the real ones can't be made to.
IMPOSTORS = {
    "dump cut short": ("mariadb-dump", "echo '-- a start'", "without its last line"),
    "last line is not the last": (
        "mariadb-dump",
        "printf -- '-- Dump completed on\\n-- but no\\n'",
        "without its last line",
    ),
    "dump failed at its end": (
        "mariadb-dump",
        "printf -- '\\n-- Dump completed on\\n'; echo broken >&2; exit 3",
        "broken",
    ),
    "compressor failed": (
        "zstd",
        "cat >/dev/null; echo no more memory >&2; exit 1",
        "no more memory",
    ),
    "complaint of 200 kB": (
        "mariadb-dump",
        "head -c 200000 /dev/zero | tr '\\0' x >&2; exit 1",
        "x" * 900,
    ),
    "killed without a word": ("mariadb-dump", "kill -9 $$", "killed by SIGKILL"),
}


@pytest.mark.parametrize("name", IMPOSTORS)
def test_every_sign_of_an_incomplete_dump_fails_it(
    dumps: Workplace, tmp_path: Path, name: str
) -> None:
    """Each status of the pipe, and mariadb-dump's own last line."""
    program, script, reason = IMPOSTORS[name]
    path = stand_in(tmp_path / "bin", program, f"[[ $* != *--help* ]] || exit 0\n{script}")
    assert dumps.dump(PATH=path, DUMP_COMPRESSION="zstd").returncode == 1
    assert dumps.files() == {}
    (message,) = dumps.messages()
    assert message.startswith("database dump failed: ")
    assert reason in message


def test_disk_error_that_the_system_tells_as_the_dump_grows_fails_it(
    dumps: Workplace, tmp_path: Path
) -> None:
    """At once, and it tells it once: the last sync of all would end well."""
    bin_ = tmp_path / "bin"
    error = '[[ $1 == --data ]] || exec "$real" "$@"; echo "sync: Input/output error" >&2; exit 1'
    stand_in(bin_, "mariadb-dump", "exec sleep 60")
    started = time.monotonic()
    assert dumps.dump(PATH=stand_in(bin_, "sync", error)).returncode == 1
    assert time.monotonic() - started < 30
    assert dumps.files() == {}
    assert dumps.messages() == ["database dump failed: sync: Input/output error"]


def test_disk_error_that_is_told_after_the_last_byte_fails_the_dump(
    dumps: Workplace, tmp_path: Path
) -> None:
    """To the sync that has begun as the dump grew: who ended it then would end well."""
    bin_, there, error = tmp_path / "bin", tmp_path / "there", "sync: Input/output error"
    late = f'touch {there}; sleep 2; echo "{error}" >&2; exit 1'
    stand_in(bin_, "sync", f'[[ $1 == --data ]] || exec "$real" "$@"; {late}')
    dump = f"until [[ -e {there} ]]; do sleep 0.05; done; printf -- '\\n-- Dump completed'"
    assert dumps.dump(PATH=stand_in(bin_, "mariadb-dump", dump)).returncode == 1
    assert dumps.files() == {}
    assert dumps.messages() == [f"database dump failed: {error}"]


def test_dump_is_on_disk_before_its_name_and_both_before_the_log(
    dumps: Workplace, tmp_path: Path
) -> None:
    """A power failure can't be had: what is watched is the order of the programs that see to it."""
    for program in ("sync", "ln"):
        log = 'logged=$(cat "$LOGS_DIR"/*.txt 2>/dev/null | wc -l)'
        say = f'echo "{program} $(readlink -m "${{@: -1}}") $logged" >>"{tmp_path}/calls"'
        say = f"[[ $1 == --data ]] || {say}"  # as the dump grows
        path = stand_in(tmp_path / "bin", program, f'{log}\n{say}\nexec "$real" "$@"')
    assert dumps.dump(PATH=path).returncode == 0
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    finished = str(dumps.dumps / "datadump.sql")
    assert calls[0][1].startswith(str(dumps.dumps / ".database_dump."))
    assert [(program, logged) for program, _, logged in calls] == [
        ("sync", "0"),
        ("ln", "0"),
        ("sync", "0"),
    ]
    assert [target for _, target, _ in calls[1:]] == [finished, str(dumps.dumps)]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.usefixtures("held")
def test_stopped_dump_ends_at_once_and_cleanly(dumps: Workplace, server: Server, name: str) -> None:
    """Also while the server keeps mariadb-dump waiting; none of its processes stays."""
    process = dumps.start_dump()
    wait_for("the dump is under way", lambda: waits_for_lock(server))
    process.send_signal(signal.Signals[name])
    assert process.wait(5) == 1
    assert dumps.files() == {}
    assert dumps.messages() == [f"database dump failed: stopped by {name}"]
    wait_for("its connection has ended", lambda: not waits_for_lock(server))


def test_stop_is_too_late_for_a_dump_that_has_its_name(dumps: Workplace, tmp_path: Path) -> None:
    """It would be in the folder, and the log would say that it failed."""
    named, go_on = tmp_path / "named", tmp_path / "go_on"
    wait = f'"$real" "$@"; touch {named}; until [[ -e {go_on} ]]; do sleep 0.05; done'
    process = dumps.start_dump(PATH=stand_in(tmp_path / "bin", "ln", wait))
    wait_for("the dump has its name", named.exists)
    process.terminate()
    go_on.touch()
    assert process.wait(10) == 0
    assert list(dumps.files()) == ["datadump.sql"]
    assert dumps.messages() == ["database dump completed"]


def test_stop_is_heard_while_a_server_keeps_silent(dumps: Workplace) -> None:
    """One that accepts and never greets; a second signal doesn't make a second line."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = dumps.start_dump(DB_PORT=str(silent.getsockname()[1]))
        silent.accept()
        process.terminate()
        process.terminate()
        assert process.wait(5) == 1
    assert dumps.messages() == ["database dump failed: stopped by SIGTERM"]


def test_what_a_killed_run_left_is_swept_by_the_next(
    dumps: Workplace, server: Server, tmp_path: Path, held: Callable[[], None]
) -> None:
    """All of its processes are dead: in a container they die together."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        ["bash", "scripts/database_dump.sh"],
        env=dumps.environment(TMPDIR=str(temporary)), stdout=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    wait_for("the dump is under way", lambda: waits_for_lock(server))
    (left,) = partial_dumps(dumps)
    # Its processes are a session of their own; in a container they die together as well.
    subprocess.run(["pkill", "--signal", "KILL", "--session", str(process.pid)], check=True)
    wait_for("its connection has ended", lambda: not waits_for_lock(server))
    assert partial_dumps(dumps) == [left]
    assert list(temporary.iterdir()) == []
    held()
    assert dumps.dump().returncode == 0
    assert list(dumps.files()) == ["datadump.sql"]


def test_killed_script_leaves_nothing_that_runs_longer_than_its_dump(
    dumps: Workplace, server: Server, held: Callable[[], None]
) -> None:
    """What watches over the dump ends with the script, not with the next of its looks."""
    process = subprocess.Popen(
        ["bash", "scripts/database_dump.sh"],
        env=dumps.environment(), stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for("the dump is under way", lambda: waits_for_lock(server))
        process.kill()
        process.wait()
        held()
        wait_for("the end of all that it started", lambda: not in_session(process.pid, "pgrep", ""))
        assert dumps.dump().returncode == 0
        assert list(dumps.files()) == ["datadump.sql"]
    finally:
        session = ["--session", str(process.pid)]
        subprocess.run(["pkill", "--signal", "KILL", *session], check=False)


def test_lock_that_anybody_could_hold_is_not_waited_for(dumps: Workplace) -> None:
    """Whoever may read a file can lock it; the one of a dump is its user's alone."""
    scripts = [SCRIPTS / "database_dump.sh", dumps.dumps]
    with ExitStack() as held:
        for path in scripts:
            lock = os.open(path, os.O_RDONLY)
            held.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
        assert dumps.dump().returncode == 0
    lock_file = dumps.dumps / LOCK
    assert lock_file.stat().st_mode & 0o777 == 0o600


def make_link(lock: Path, elsewhere: Path) -> None:
    elsewhere.write_text("elsewhere")
    lock.symlink_to(elsewhere)


def make_dangling_link(lock: Path, elsewhere: Path) -> None:
    lock.symlink_to(elsewhere)


def make_second_name(lock: Path, elsewhere: Path) -> None:
    elsewhere.touch()
    lock.hardlink_to(elsewhere)


def make_folder(lock: Path, _: Path) -> None:
    lock.mkdir()


def make_pipe(lock: Path, _: Path) -> None:
    os.mkfifo(lock)


def make_file_of_another(lock: Path, _: Path) -> None:
    lock.touch()
    os.chown(lock, 1000, 1000)


@pytest.mark.parametrize(
    "make",
    [make_link, make_dangling_link, make_second_name, make_folder, make_pipe, make_file_of_another],
)
def test_lock_that_somebody_else_made_fails_the_dump(
    dumps: Workplace, tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    """It is not followed and not waited for; the line says which file is to go."""
    (dumps.dumps / "datadump.sql").write_text("old")
    elsewhere = tmp_path / "elsewhere"
    make(dumps.dumps / LOCK, elsewhere)
    there = elsewhere.exists()
    assert dumps.dump().returncode == 1
    (message,) = dumps.messages()
    assert f"{LOCK} is " in message
    assert elsewhere.exists() == there
    assert (dumps.dumps / "datadump.sql").read_text() == "old"
    assert partial_dumps(dumps) == []


def test_link_in_place_of_the_dump_in_progress_is_not_written_to(
    dumps: Workplace, tmp_path: Path
) -> None:
    """Somebody may put one there between its making and its opening."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    swap = f'file=$("$real" "$@") && ln -sf {victim} "$file" && echo "$file"'
    assert dumps.dump(PATH=stand_in(tmp_path / "bin", "mktemp", swap)).returncode == 1
    assert dumps.messages()[-1].endswith(" is another file than a moment ago")
    assert victim.read_text() == "kept"
    assert partial_dumps(dumps) == []


def waits_for_turn(process: subprocess.Popen[str]) -> bool:
    """Whether the dump is at the lock that another one of the folder has."""
    command = ["pgrep", "--parent", str(process.pid), "--exact", "--full", "flock 8"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_two_dumps_at_once_take_turns(
    dumps: Workplace, server: Server, held: Callable[[], None]
) -> None:
    """Both end well, and the later one's dump, which began after the other's end, is what waits."""
    earlier = dumps.start_dump()
    wait_for("the dump is under way", lambda: waits_for_lock(server))
    later = dumps.start_dump()
    try:
        wait_for("its turn", lambda: waits_for_turn(later))
        assert len(partial_dumps(dumps)) == 1
        server.query("CREATE TABLE later (id INT)", DATABASE)
        held()
        said = [process.communicate(timeout=60)[1] for process in (earlier, later)]
        assert restored(server, dumps.dumps / "datadump.sql") == contents(server, DATABASE)
    finally:
        server.query("DROP TABLE IF EXISTS later", DATABASE)
    assert [earlier.returncode, later.returncode] == [0, 0]
    waits = f"another dump into {dumps.dumps} is under way: this one waits for its end\n"
    assert said == ["", waits]
    assert len(dumps.files()) == 2
    assert dumps.messages() == ["database dump completed"] * 2


def test_dump_that_waits_for_its_turn_hears_a_signal(
    dumps: Workplace, server: Server, held: Callable[[], None]
) -> None:
    """And takes nothing from the one that is under way."""
    under_way = dumps.start_dump()
    wait_for("the dump is under way", lambda: waits_for_lock(server))
    waiting = dumps.start_dump()
    wait_for("its turn", lambda: waits_for_turn(waiting))
    waiting.terminate()
    assert waiting.wait(5) == 1
    held()
    assert under_way.wait(60) == 0
    assert dumps.messages() == [
        "database dump failed: stopped by SIGTERM",
        "database dump completed",
    ]


def in_session(number: int, program: str, pattern: str, *options: str) -> bool:
    """Whether pgrep or pkill finds such a program there: not a zombie, that is."""
    command = [program, *options, "--session", str(number), "--runstates", "D,R,S", pattern]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


@contextmanager
def started(dumps: Workplace, path: str) -> Iterator[subprocess.Popen[bytes]]:
    """A dump in a session of its own, with the programs on that path."""
    process = subprocess.Popen(
        ["bash", str(SCRIPTS / "database_dump.sh")],
        env=dumps.environment(PATH=path), stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        in_session(process.pid, "pkill", "", "--signal", "KILL")
        process.wait()


def test_script_that_was_killed_has_no_turn(dumps: Workplace, tmp_path: Path) -> None:
    """Though a program that it started works on: it left the session, so that nobody ends it."""
    number = tmp_path / "number"
    works_on = f"setsid --wait sh -c 'echo $$ >{number}; exec sleep 600'"
    with started(dumps, stand_in(tmp_path / "bin", "mariadb-dump", works_on)) as process:
        wait_for("the dump is under way", lambda: number.exists() and number.read_text())
        try:
            process.kill()
            result = dumps.dump()
            assert (result.returncode, result.stderr) == (0, "")
        finally:
            os.kill(int(number.read_text()), signal.SIGKILL)  # it is there still
    assert list(dumps.files()) == ["datadump.sql"]
    assert dumps.messages() == ["database dump completed"]


def test_programs_of_a_script_that_was_killed_end(dumps: Workplace, tmp_path: Path) -> None:
    """Though nobody has taken note of its end: it is a zombie here."""
    with started(dumps, stand_in(tmp_path / "bin", "mariadb-dump", "exec sleep 600")) as process:
        wait_for("it is under way", lambda: in_session(process.pid, "pgrep", "^sleep$"))
        process.kill()
        wait_for("their end", lambda: not in_session(process.pid, "pgrep", ""))


def test_each_right_that_is_missing_fails_the_dump(
    dumps: Workplace, server: Server, grant: Grant
) -> None:
    """mariadb-dump itself would leave out what it can't see, and end well."""
    for missing in rights(server):
        grant(*(right for right in rights(server) if right != missing), f"INSERT ON {DATABASE}.*")
        assert dumps.dump().returncode == 1, missing
        assert dumps.files() == {}
        right, hint = missing.removesuffix(".*"), " (before MariaDB 11.3: SELECT on mysql.proc)"
        if "ROUTINE" in right or "proc" in right:
            right = f"SHOW CREATE ROUTINE ON {DATABASE}{hint}"
        assert dumps.messages()[-1].endswith(
            f"the whole database: it lacks {right.replace(' ON ', ' on ')}"
        )


def test_rights_on_tables_are_not_enough(dumps: Workplace, server: Server, grant: Grant) -> None:
    """A table without a grant would be missing from the dump."""
    tables = ("parent", "child", "past", "numbers", "a_view")
    on_tables = [f"SELECT, SHOW VIEW, TRIGGER ON {DATABASE}.{table}" for table in tables]
    grant(*on_tables, f"EVENT ON {DATABASE}.*", *rights(server)[4:])
    assert dumps.dump().returncode == 1
    assert "it lacks SELECT on shop, SHOW VIEW on shop, TRIGGER on shop" in dumps.messages()[0]


@pytest.mark.parametrize(
    "scope", ["*.*", "`sh%`.*", "`s_op`.*", "`%`.*"], ids=["global", "percent", "underscore", "all"]
)
def test_rights_by_pattern_count(
    dumps: Workplace, server: Server, grant: Grant, scope: str
) -> None:
    """As the server itself understands them."""
    grant(*(right.replace(f"{DATABASE}.*", scope) for right in rights(server)))
    result = dumps.dump()
    assert (result.returncode, dumps.messages()) == (0, ["database dump completed"])


@pytest.mark.parametrize("scope", [r"`s\_op`.*", "`shop_`.*", "`sho`.*", "`*`.*"])
def test_rights_on_other_databases_do_not_count(
    dumps: Workplace, server: Server, grant: Grant, scope: str
) -> None:
    """Names that only look like a pattern of this one."""
    needed = rights(server)
    grant(needed[0], *needed[4:], f"ALL ON {scope}")
    assert dumps.dump().returncode == 1
    assert "it lacks SHOW VIEW on shop, TRIGGER on shop, EVENT on shop" in dumps.messages()[0]


def test_only_the_most_specific_grant_counts(
    dumps: Workplace, server: Server, grant: Grant
) -> None:
    """As in the server: an account's own entry for the database hides one by pattern."""
    needed = rights(server)
    grant(needed[0], *needed[4:], "ALL ON `sh%`.*")
    assert dumps.dump().returncode == 1
    assert "it lacks SHOW VIEW on shop, TRIGGER on shop, EVENT on shop" in dumps.messages()[0]


def test_rights_by_role_count(dumps: Workplace, server: Server, grant: Grant) -> None:
    """A role that is on by default."""
    server.query("CREATE OR REPLACE ROLE dumper")
    for right in rights(server):
        server.query(f"GRANT {right} TO dumper")
    grant("dumper")
    server.query("SET DEFAULT ROLE dumper FOR backup@'%'")
    assert dumps.dump().returncode == 0, dumps.messages()


def test_roles_of_a_role_are_taken_for_one(dumps: Workplace, server: Server, grant: Grant) -> None:
    """The server merges them: the entry for the database itself hides one by pattern."""
    for role in ("inner_role", "outer_role"):
        server.query(f"CREATE OR REPLACE ROLE {role}")
    needed = rights(server)
    for right in (needed[0], needed[1], needed[3], needed[4]):
        server.query(f"GRANT {right} TO outer_role")
    server.query("GRANT TRIGGER ON `sho_`.* TO inner_role")
    server.query("GRANT inner_role TO outer_role")
    grant("outer_role")
    server.query("SET DEFAULT ROLE outer_role FOR backup@'%'")
    assert dumps.dump().returncode == 1
    assert "it lacks TRIGGER on shop" in dumps.messages()[0]


def test_rights_are_read_whatever_the_sql_mode(dumps: Workplace, server: Server) -> None:
    """In ANSI mode the server quotes names in another way."""
    (mode,) = server.query("SELECT @@GLOBAL.sql_mode")[0]
    server.query("SET GLOBAL sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'")
    try:
        assert dumps.dump().returncode == 0, dumps.messages()
        assert restored(server, dumps.dumps / "datadump.sql") == contents(server, DATABASE)
    finally:
        server.query(f"SET GLOBAL sql_mode = '{mode}'")


def test_history_that_cannot_be_dumped_is_named(dumps: Workplace, server: Server) -> None:
    """mariadb-dump would refuse the whole database; the current rows are dumped."""
    server.query(
        "CREATE TABLE precise (a INT, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, "
        "e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) "
        "WITH SYSTEM VERSIONING",
        DATABASE,
    )
    try:
        result = dumps.dump()
    finally:
        server.query("DROP TABLE precise", DATABASE)
    assert result.returncode == 0, dumps.messages()
    assert result.stderr.startswith("warning: no history of any table is dumped")
    assert result.stderr.endswith(": precise\n")


def test_tables_outside_the_snapshot_are_named(dumps: Workplace, server: Server) -> None:
    """On the container's output; the dump goes on."""
    server.query("CREATE TABLE counters (n INT) ENGINE=MyISAM", DATABASE)
    try:
        result = dumps.dump()
    finally:
        server.query("DROP TABLE counters", DATABASE)
    assert result.returncode == 0
    assert result.stderr == "warning: not covered by the consistent snapshot: counters (MyISAM)\n"
    assert dumps.messages() == ["database dump completed"]


def test_warning_sends_nothing_to_a_terminal_that_it_would_obey(
    dumps: Workplace, server: Server
) -> None:
    """A table's name may have what clears the screen, in ESC's form or in that of one character."""
    server.query("CREATE TABLE `\x1b[2J\u009b2J` (n INT) ENGINE=MyISAM", DATABASE)
    try:
        result = dumps.dump()
    finally:
        server.query("DROP TABLE `\x1b[2J\u009b2J`", DATABASE)
    assert result.stderr.endswith(":  [2J 2J (MyISAM)\n")


def test_event_that_mariadb_dump_never_ends_on_fails_the_dump(
    dumps: Workplace, server: Server
) -> None:
    """It looks for a delimiter that isn't in the event's text, and looks for ;; for ever."""
    server.query("CREATE EVENT endless ON SCHEDULE EVERY 1 DAY DO SET @x = ';;'", DATABASE)
    try:
        assert dumps.dump().returncode == 1
    finally:
        server.query("DROP EVENT endless", DATABASE)
    assert dumps.messages() == [
        "database dump failed: mariadb-dump never ends on an event with ;; in its text: endless"
    ]
    assert dumps.files() == {}


def test_server_that_is_not_mariadb_is_refused(dumps: Workplace, tmp_path: Path) -> None:
    """By what it says of itself: here a MariaDB that was told to call itself MySQL."""
    with running_server(tmp_path / "other", "--version=9.7.0") as other:
        other.query("CREATE USER backup@'%' IDENTIFIED BY 'x'")
        other.query("GRANT ALL ON *.* TO backup@'%'")
        Path(dumps.settings["DB_PASSWORD_FILE"]).write_text("x")
        assert dumps.dump(DB_PORT=str(other.port), DB_NAME="mysql").returncode == 1
    assert "the server is not MariaDB but 9.7.0" in dumps.messages()[0]
    assert dumps.files() == {}


@pytest.mark.parametrize("database", ["a b", "it's", "back`tick", "-x", "dot.ted", "naïve", "a*b"])
def test_odd_names_are_dumped(
    dumps: Workplace, server: Server, grant: Grant, database: str
) -> None:
    """Whatever the server allows."""
    quoted = database.replace("`", "``")
    server.query(f"CREATE OR REPLACE DATABASE `{quoted}`")
    server.query(f"CREATE TABLE `{quoted}`.t SELECT 1 AS one")
    grant(*(right.replace(f"{DATABASE}.*", f"`{quoted}`.*") for right in rights(server)))
    try:
        result = dumps.dump(DB_NAME=database)
        assert (result.returncode, result.stderr) == (0, "")
        assert restored(server, dumps.dumps / "datadump.sql") == contents(server, database)
    finally:
        server.query(f"DROP DATABASE `{quoted}`")


def test_password_is_in_no_argument(
    dumps: Workplace, server: Server, held: Callable[[], None]
) -> None:
    """Nor in the environment of any process, nor in the dump or the log."""
    process = dumps.start_dump()
    wait_for("the dump is under way", lambda: waits_for_lock(server))
    seen = b""
    for entry in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                seen += (entry / name).read_bytes()
            except OSError:
                continue
    held()
    assert process.wait(60) == 0
    assert b"mariadb-dump" in seen
    written = seen + b"".join(dumps.files().values()) + "".join(dumps.messages()).encode()
    assert PASSWORD.encode() not in written


WRONG_SETTINGS = {
    "DB_PORT": "65536",
    "DUMP_COMPRESSION": "bzip2",
    "DB_SILENCE_LIMIT": "10m",
    "KEEP_WAITING": "0",
    "DB_TLS": "on",
    "TZ": "zone.tab",
    "DB_NAME": "shop\nskip-ssl",
    "DB_PASSWORD_FILE": "/nowhere/password",
    "DUMPS_DIR": "/nowhere/dumps",
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_wrong_setting_is_one_line_and_status_2(dumps: Workplace, name: str) -> None:
    """On standard error and in the log; it names the setting and its value."""
    (dumps.dumps / "datadump.sql").write_text("old")
    result = dumps.dump(**{name: WRONG_SETTINGS[name]})
    (line,) = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (2, "")
    assert f",{name}: " in line
    assert name == "DB_NAME" or WRONG_SETTINGS[name] in line
    assert [message in line for message in dumps.messages()] == [True]
    assert dumps.files() == {"datadump.sql": b"old"}


def test_tls_verify_needs_a_ca(dumps: Workplace) -> None:
    """There is nothing to check against otherwise."""
    result = dumps.dump(DB_TLS="verify", DB_TLS_CA="")
    assert result.returncode == 2
    assert ",DB_TLS_CA: " in result.stderr


def test_tls_is_checked_against_the_ca_that_is_given(dumps: Workplace, tmp_path: Path) -> None:
    """By an account that requires TLS: another CA is refused, and so is no TLS."""
    keys = tmp_path / "keys"
    make_certificates(keys)
    with running_server(tmp_path / "tls", *server_options(keys)) as server:
        server.load(b"CREATE TABLE t (id INT)", DATABASE)
        server.query("CREATE USER backup@'%' IDENTIFIED BY 'x' REQUIRE SSL")
        server.query("GRANT ALL ON *.* TO backup@'%'")
        Path(dumps.settings["DB_PASSWORD_FILE"]).write_text("x")
        port = str(server.port)
        verify = {"DB_TLS": "verify", "DB_PORT": port}
        assert dumps.dump(**verify, DB_TLS_CA=f"{keys}/ca.pem").returncode == 0, dumps.messages()
        assert dumps.dump(**verify, DB_TLS_CA=f"{keys}/other.pem").returncode == 1
        assert dumps.dump(DB_TLS="off", DB_PORT=port).returncode == 1
    completed, refused, denied = dumps.messages()
    assert completed == "database dump completed"
    assert re.search("certificate|TLS|SSL", refused)
    assert "Access denied" in denied


def test_log_that_cannot_be_written_stops_no_dump(dumps: Workplace) -> None:
    """It is said on standard error."""
    result = dumps.dump(LOGS_DIR="/nowhere")
    assert result.returncode == 0
    assert "the daily log /nowhere/" in result.stderr
    assert result.stdout.endswith(",database dump completed\n")
    assert list(dumps.files()) == ["datadump.sql"]


def test_log_is_written_although_nobody_reads_the_output(dumps: Workplace) -> None:
    """A terminal that was closed, say."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        ["bash", "scripts/database_dump.sh"], env=dumps.environment(), stdout=writer, check=False
    )
    os.close(writer)
    assert process.returncode == 0
    assert dumps.messages() == ["database dump completed"]


def test_script_is_run_from_its_own_folder(dumps: Workplace) -> None:
    """By its bare name."""
    command = ["bash", "database_dump.sh"]
    subprocess.run(command, cwd=SCRIPTS, env=dumps.environment(), check=True)
    assert dumps.messages() == ["database dump completed"]


def test_password_file_without_password_is_a_wrong_setting(dumps: Workplace) -> None:
    """An account without a password is never tried."""
    Path(dumps.settings["DB_PASSWORD_FILE"]).write_text("\n")
    result = dumps.dump()
    assert result.returncode == 2
    assert ",DB_PASSWORD_FILE: " in result.stderr


def test_folders_of_another_user_are_worked_in_as_that_user(dumps: Workplace) -> None:
    """Also through a link. Root leaves no file behind that they can't touch."""
    for folder in (dumps.dumps, dumps.logs):
        os.chown(folder, 1000, 1000)
        folder.with_suffix(".link").symlink_to(folder)
    for folder in (dumps.path, *dumps.path.parents):
        folder.chmod(folder.stat().st_mode | 0o755)
    os.chmod(dumps.settings["DB_PASSWORD_FILE"], 0o644)
    links = {"DUMPS_DIR": f"{dumps.dumps}.link", "LOGS_DIR": f"{dumps.logs}.link"}
    result = dumps.dump(**links)
    assert (result.returncode, result.stderr) == (0, "")
    files = [*dumps.dumps.iterdir(), *dumps.logs.iterdir()]
    assert {(file.stat().st_uid, file.stat().st_gid) for file in files} == {(1000, 1000)}
    assert sorted(dumps.files()) == ["datadump.sql"]


def test_work_of_others_in_the_folder_is_left_alone(dumps: Workplace) -> None:
    """Each program sweeps its own."""
    (dumps.dumps / ".send-to-s3.0123.datadump.sql").write_text("taken")
    (dumps.dumps / "notes.txt").write_text("mine")
    assert dumps.dump().returncode == 0
    assert {name for name in dumps.files() if name != "datadump.sql"} == {
        ".send-to-s3.0123.datadump.sql",
        "notes.txt",
    }


ACCOUNTS = {"backup_user.sh": "MARIADB_USER", "restore_user.sh": "RESTORE_USER"}


@pytest.mark.parametrize("script", ACCOUNTS)
@pytest.mark.parametrize("user", ["it's", "back\\slash\\", "a\\' OR \\'b"])
def test_name_of_a_sample_account_is_no_sql(
    server: Server, tmp_path: Path, script: str, user: str
) -> None:
    """Whatever it is. The scripts think that they are in the image's container.

    The right that a server before 11.3 doesn't know is left out on their way to this one.
    """
    name = user.replace("\\", "\\\\").replace("'", "\\'")
    client = f'"$real" --no-defaults --socket={server.socket} "$@"'
    environment = {
        "PATH": stand_in(
            tmp_path / "bin", "mariadb", f"sed 's/, SHOW CREATE ROUTINE//' | {client}"
        ),
        "MARIADB_ROOT_PASSWORD": "",
        ACCOUNTS[script]: user,
    }
    secrets = "mount -t tmpfs tmpfs /run; mkdir /run/secrets; echo x >/run/secrets/restore_password"
    command = ["unshare", "--mount", "bash", "-ec", f"{secrets}; bash db_data/{script}"]
    if script == "backup_user.sh":
        server.query(f"CREATE USER '{name}'@'%'")
    try:
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        grants = " ".join(row for (row,) in server.query(f"SHOW GRANTS FOR '{name}'@'%'"))
        assert "ON `FACULDADE`.*" in grants
    finally:
        server.query(f"DROP USER IF EXISTS '{name}'@'%'")
