"""Make the Python environments below .local/, with nothing but Python, pip and venv.

    python3 dev/bootstrap.py main     .local/venv, from requirements/dev.txt
    python3 dev/bootstrap.py sam      .local/sam, from requirements/sam.txt
    python3 dev/bootstrap.py checkov  .local/checkov, from requirements/checkov.txt
    python3 dev/bootstrap.py bench    .local/bench, from requirements/bench.txt
    python3 dev/bootstrap.py uv       .local/uv, the installer, from requirements/uv.txt

Standard library only: this runs before anything is installed. The installer lives in an
environment of its own, because `uv pip sync` removes whatever is not listed. A stamp holds the
checksums of what an environment was made from, so the next run has nothing to do.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said before anything older Pythons reject
    sys.exit(
        "Holdfast needs Python 3.11 or newer; this is {}.{} ({}).\n"
        "Install a newer one, or name it: make PYTHON=/path/to/python3".format(
            *sys.version_info[:2], sys.executable
        )
    )

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
REQUIREMENTS = ROOT / "requirements"
SOURCES = {
    "main": "dev.txt",
    "sam": "sam.txt",
    "checkov": "checkov.txt",
    "bench": "bench.txt",
    "uv": "uv.txt",
}
FOLDERS = {name: "venv" if name == "main" else name for name in SOURCES}

# pip's settings that uv names differently: an index or certificate configured for pip is used
_PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def main(arguments: list[str]) -> int:
    """Make the named environment unless it is up to date. Returns the exit status."""
    if len(arguments) != 1 or arguments[0] not in SOURCES:
        print(__doc__)
        return 2
    name = arguments[0]
    if up_to_date(name):
        return 0
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "bootstrap.lock").open("w") as lock:  # of two makes at once, one waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not up_to_date(name):
            started = time.monotonic()
            try:
                make(name)
            except subprocess.CalledProcessError as error:
                command = " ".join(str(word) for word in error.cmd[:4])
                print(f"\nThe environment is not complete: `{command} …` failed.", file=sys.stderr)
                return 1
            print(f"  {FOLDERS[name]:<12} ready   {time.monotonic() - started:5.1f} s", flush=True)
    return 0


def make(name: str) -> None:
    """Create or update an environment. Raises CalledProcessError."""
    folder = LOCAL / FOLDERS[name]
    source = REQUIREMENTS / SOURCES[name]
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            "This Python has no working venv module. On Debian and Ubuntu it is a package of its\n"
            "own: apt install python3-venv. Or name another Python: make PYTHON=/path/to/python3"
        )
    if name != "uv" and not up_to_date("uv"):
        print("Making the environments (once) …", flush=True)
        make("uv")
    (folder / "stamp").unlink(missing_ok=True)
    if name == "uv":
        print("  fetching the installer …", flush=True)
        _venv(folder, pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        _run([*pip, "--disable-pip-version-check", "--require-hashes", "-r", source])
    else:
        print(f"  installing {source.relative_to(ROOT)} …", flush=True)
        if not _usable(folder):
            _venv(folder, pip=False)
        python = folder / "bin" / "python"
        sync = [uv(), "pip", "sync", "--require-hashes", "--python", python, source]
        _run(sync, uv_environment())
    (folder / "stamp").write_text(_fingerprint(name))


def uv() -> Path:
    """The installer."""
    return LOCAL / FOLDERS["uv"] / "bin" / "uv"


def up_to_date(name: str) -> bool:
    """Whether the environment was completed from exactly these files by this Python."""
    folder = LOCAL / FOLDERS[name]
    try:
        stamped = (folder / "stamp").read_text() == _fingerprint(name)
    except FileNotFoundError:
        return False
    return stamped and (folder / "bin" / "python").exists()  # its base may have been removed


def _fingerprint(name: str) -> str:
    content = (REQUIREMENTS / SOURCES[name]).read_bytes()
    about = {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "requirements": hashlib.sha256(content).hexdigest(),
        "folder": str(LOCAL),  # scripts name it, so a moved checkout needs new ones
    }
    return json.dumps(about, sort_keys=True)


def _usable(folder: Path) -> bool:
    """Whether there is an environment of this Python's version, whatever is installed in it."""
    try:
        settings = (folder / "pyvenv.cfg").read_text().splitlines()
    except FileNotFoundError:
        return False
    version = dict(line.split(" = ", 1) for line in settings if " = " in line).get("version", "")
    same = version.split(".")[:2] == [str(number) for number in sys.version_info[:2]]
    return same and (folder / "bin" / "python").exists()


def _venv(folder: Path, *, pip: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    options = [] if pip else ["--without-pip"]
    _run([sys.executable, "-m", "venv", *options, folder])


def uv_environment() -> dict[str, str]:
    """Our environment, with pip's settings under uv's names and its cache in the checkout."""
    environment = dict(os.environ)
    environment.pop("VIRTUAL_ENV", None)
    environment.setdefault("UV_CACHE_DIR", str(LOCAL / "cache" / "uv"))
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    python = LOCAL / FOLDERS["uv"] / "bin" / "python"
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    )
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        scope, _, option = key.rpartition(".")
        # `global`, `install`, or `:env:`, which pip lists last and which wins
        name = _PIP_TO_UV.get(option)
        if name is not None and scope in ("global", "install", ":env:") and name not in os.environ:
            environment[name] = " ".join(value.strip("'\"").replace("\\n", " ").split())
    # pip asks all its indexes for a package; uv by default stops at the first that knows it
    if "UV_INDEX" in environment:
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return environment


def _run(command: list[object], environment: dict[str, str] | None = None) -> None:
    subprocess.run([str(word) for word in command], check=True, env=environment, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
