"""Which certificates a database's address is checked against."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import certifi
import psycopg.conninfo
import pytest

from holdfast.platform import aws, certificates
from holdfast.platform.certificates import verified
from holdfast.platform.errors import Unavailable
from tests.harness.database.cluster import ROOT
from tests.harness.servers.answering import answering
from tests.harness.servers.tls import Authority

CLUSTER = "stack-cluster-1a.cluster-c0ffee.eu-central-1.rds.amazonaws.com"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    certificates._amazons.cache_clear()
    yield
    certificates._amazons.cache_clear()


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://holdfast_health@127.0.0.1:5432/holdfast",
        "postgresql://a:b@localhost/holdfast?sslmode=disable",
        "postgresql://a:b@[::1]:5432/holdfast",
        "postgresql:///holdfast?host=/run/postgresql",
    ],
)
def test_loopback_is_left_as_it_is(url: str) -> None:
    """The local stack's server has no TLS, and the traffic stays on this machine."""
    assert verified(url) == url


@pytest.mark.parametrize("mode", ["", "disable", "allow", "prefer", "require", "verify-ca"])
def test_every_other_server_must_prove_its_name(mode: str) -> None:
    """Whatever the address in the secret asks for; its other settings stay.

    Proves: ASVS 12.3.2
    """
    asked = "application_name=x%20y" + (f"&sslmode={mode}" if mode else "")
    url = verified(f"postgresql://a:p%40ss%2F@db.example:6543/holdfast?{asked}")

    assert query(url) == {
        "application_name": "x y",
        "sslmode": "verify-full",
        "sslrootcert": certifi.where(),
    }
    assert url.startswith("postgresql://a:p%40ss%2F@db.example:6543/holdfast?")


@pytest.mark.parametrize(
    "place",
    [
        "localhost.evil.example/x",
        "127.0.0.1.example/x",
        "127.0.0.1,db.example/x",
        "[2001:db8::1]/x",
        "10.0.0.7/x",
        "localhost/x?host=db.example",
        "localhost/x?hostaddr=10.0.0.7",
        "/x?host=/run/postgresql,db.example",
    ],
)
def test_what_only_looks_like_loopback_is_not(place: str) -> None:
    """One other host is enough, wherever it is in the address."""
    assert query(verified(f"postgresql://a:b@{place}"))["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    "host",
    [
        "db.example",
        "ep-cool-1.eu-central-1.aws.neon.tech",
        "holdfast.proxy-c0ffee.eu-central-1.rds.amazonaws.com",
        "x.cluster-c0ffee.eu-central-1.rds.amazonaws.com.evil.example",
    ],
)
def test_public_names_are_checked_against_the_public_list(host: str) -> None:
    """RDS Proxy's certificate is a public one, though its name ends like a database's."""
    assert query(verified(f"postgresql://a:b@{host}/x"))["sslrootcert"] == certifi.where()


@pytest.mark.parametrize(
    "host", [CLUSTER, CLUSTER.replace("cluster-", "cluster-ro-"), CLUSTER.replace("cluster-", "")]
)
def test_databases_of_rds_are_checked_against_amazons_own(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """The region's certificates are fetched once, over HTTPS from Amazon unless a test sets another
    source.
    """
    pem = Authority("Amazon RDS eu-central-1 Root CA").pem
    assert aws._TRUST_STORE.startswith("https://truststore.pki.rds.amazonaws.com")
    with answering((200, pem.encode())) as server:
        monkeypatch.setattr(aws, "_TRUST_STORE", server.url)
        url = f"postgresql://a:b@{host}:5432/x"
        file = query(verified(url))["sslrootcert"]

        assert query(verified(url))["sslrootcert"] == file
        assert [path for path, _, _ in server.asked] == ["/eu-central-1/eu-central-1-bundle.pem"]
    assert Path(file).read_text(encoding="ascii") == pem


def test_without_amazons_certificates_nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """If they cannot be fetched now, there is no connection rather than an unchecked one; later
    there is.
    """
    with answering((503, b"")) as server:
        monkeypatch.setattr(aws, "_TRUST_STORE", server.url)
        with pytest.raises(Unavailable):
            verified(f"postgresql://a:b@{CLUSTER}/x")
    with answering((200, b"pem")) as server:
        monkeypatch.setattr(aws, "_TRUST_STORE", server.url)
        assert query(verified(f"postgresql://a:b@{CLUSTER}/x"))["sslmode"] == "verify-full"


def test_the_secrets_own_authority_comes_first() -> None:
    """Also for a name of RDS: an authority in the secret is used. Nothing is fetched."""
    pem = Authority().pem
    files = {query(verified(f"postgresql://a:b@{h}/x", pem))["sslrootcert"] for h in (CLUSTER, "h")}

    (file,) = files
    assert Path(file).read_text(encoding="ascii") == pem
    assert Path(file).stat().st_mode & 0o077 == 0
    ssl.create_default_context(cafile=file)


def test_libpq_understands_the_address() -> None:
    """Spaces and slashes in values arrive as they are."""
    url = verified("postgresql://a:b@db.example/x?options=-c%20geqo%3Doff")
    parsed = psycopg.conninfo.conninfo_to_dict(url)

    assert (parsed["options"], parsed["sslmode"]) == ("-c geqo=off", "verify-full")


_CONNECTING = (
    "from holdfast.platform.certificates import verified; print(verified({url!r}, {pem!r}))"
)


def _connect(folder: Path, **environment: str) -> str:
    """A process of its own makes an address, and ends."""
    given = {"PATH": os.defpath, "PYTHONPATH": str(ROOT / "layers" / "core"), "TMPDIR": str(folder)}
    code = _CONNECTING.format(url="postgresql://a:b@db.example/x", pem="a certificate")
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=given | environment, capture_output=True, check=True)
    return query(done.stdout.decode().strip())["sslrootcert"]


def test_processes_of_an_environment_share_one_file(tmp_path: Path) -> None:
    """Lambda starts a new process beside the last one's files: they do not add up in /tmp."""
    files = {_connect(tmp_path, AWS_LAMBDA_RUNTIME_API="127.0.0.1:1") for _ in range(3)}

    assert [str(path) for path in tmp_path.iterdir()] == list(files)
    assert Path(*files).read_text() == "a certificate"
    assert Path(*files).stat().st_mode & 0o077 == 0


def test_on_any_other_machine_nothing_stays(tmp_path: Path) -> None:
    """A command that connects removes its file."""
    assert _connect(tmp_path).startswith(str(tmp_path))

    assert list(tmp_path.iterdir()) == []
