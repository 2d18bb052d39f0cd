"""The first command works on any machine, or says in plain words why it can't."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dev import bootstrap

ROOT = Path(__file__).parents[3]
MAKE = shutil.which("make")


def make(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make on a machine whose programs are those of one folder."""
    assert MAKE is not None
    return subprocess.run(
        [MAKE, "--no-print-directory", "-C", str(ROOT), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(path)},
    )


def program(folder: Path, name: str, script: str) -> None:
    """Put a program into a folder."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_no_python_at_all(tmp_path: Path) -> None:
    """The message names the version that is needed and how to say where it is."""
    refused = make(tmp_path, "venv")

    assert refused.returncode != 0
    assert "Python 3.11 or newer" in refused.stderr
    assert "PYTHON=" in refused.stderr


def test_an_old_python3_is_passed_over(tmp_path: Path) -> None:
    """A newer one that is installed beside it is found."""
    program(tmp_path, "python3", "exit 1")
    program(tmp_path, "python3.12", 'case "$1" in -c) exit 0;; esac; echo "chosen $@"')

    found = make(tmp_path, "venv")

    assert (found.returncode, found.stdout) == (0, "chosen dev/bootstrap.py main\n"), found


def test_an_old_python_can_read_the_refusal() -> None:
    """The file parses on versions long before 3.11, so that its message appears, not a syntax
    error.
    """
    ast.parse((ROOT / "dev" / "bootstrap.py").read_text(), feature_version=(3, 7))


def test_a_python_without_venv_says_what_to_install(tmp_path: Path) -> None:
    """Debian splits venv off; the message says so instead of failing half way."""
    code = (
        "import sys, importlib.util as u; sys.path.insert(0, '.'); find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'ensurepip' else find(name, *a)\n"
        f"from dev import bootstrap; bootstrap.LOCAL = bootstrap.Path({str(tmp_path)!r})\n"
        "bootstrap.main(['main'])"
    )

    refused = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True
    )

    assert refused.returncode == 1
    assert "python3-venv" in refused.stderr


def test_the_stamp_follows_the_requirements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment is made again when its requirements change, or when it is incomplete."""
    monkeypatch.setattr(bootstrap, "LOCAL", tmp_path / "local")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", tmp_path)
    (tmp_path / "dev.txt").write_text("a==1")
    folder = tmp_path / "local" / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert not bootstrap.up_to_date("main")

    (folder / "stamp").write_text(bootstrap._fingerprint("main"))
    assert bootstrap.up_to_date("main")

    (tmp_path / "dev.txt").write_text("a==2")
    assert not bootstrap.up_to_date("main")

    (tmp_path / "dev.txt").write_text("a==1")
    (folder / "bin" / "python").unlink()
    assert not bootstrap.up_to_date("main")


def test_pips_settings_reach_the_installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv, which doesn't read pip's files, uses the index configured for pip; our own settings
    win.
    """
    listed = """global.cert='/pip/ca.pem'
global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'
global.timeout='60'
:env:.index-url='https://index.example/simple'
"""
    (tmp_path / "uv" / "bin").mkdir(parents=True)
    program(tmp_path / "uv" / "bin", "python", f"cat <<'END'\n{listed}END")
    monkeypatch.setattr(bootstrap, "LOCAL", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", "/mine.pem")
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)

    given = bootstrap.uv_environment()

    assert given["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert given["UV_INDEX"] == "https://a.example/simple https://b.example/simple"
    assert given["SSL_CERT_FILE"] == "/mine.pem"
    assert given["UV_CACHE_DIR"].startswith(str(tmp_path))
    assert "UV_TIMEOUT" not in given
    assert given["PATH"] == os.environ["PATH"]


def test_make_lists_what_it_can_do() -> None:
    """`make` alone lists the commands."""
    assert MAKE is not None
    listed = subprocess.run([MAKE], check=True, cwd=ROOT, capture_output=True, text=True).stdout

    for target in ("up", "test", "reset", "lint", "types", "validate", "generate", "requirements"):
        assert f"make {target} " in listed
