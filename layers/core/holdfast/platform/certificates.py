"""Which server a database connection may trust: always the one whose name is in its certificate.

Every connection that leaves the machine is `verify-full`, whatever the address in the secret asks
for. The certificates to check against are, in this order,

    the secret's own "ca"    for a database with a certificate authority of its own
    Amazon's for the region  for a database of RDS or Aurora: no public list has their certificates
    the public ones          for all others, RDS Proxy included: those of the package certifi,
                             since the OpenSSL inside psycopg does not know the system's
"""

import atexit
import functools
import hashlib
import os
import re
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import certifi

from holdfast.platform import aws

_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
# a proxy's name is like it, with "proxy-…" for its second part, but its certificate is public
_RDS = re.compile(
    r"[^.]+\.(?!proxy-)[^.]+\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com"
)


def verified(url: str, authority: str | None = None) -> str:
    """The connection URL, with the server's certificate checked; loopback is left as it is.

    Args:
        url: `postgresql://user:password@host:port/database?…`
        authority: PEM of the certificates to trust instead of the usual ones.

    Raises:
        Unavailable: Amazon's certificates are needed and cannot be fetched now.
    """
    parts = urlsplit(url)
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    hosts = {_host(server) for server in parts.netloc.rpartition("@")[2].split(",")}
    named = {*settings.get("host", "").split(","), *settings.get("hostaddr", "").split(",")}
    if all(host in _LOOPBACK or host.startswith("/") for host in hosts | named):
        return url
    settings |= {"sslmode": "verify-full", "sslrootcert": _file(hosts, authority)}
    return urlunsplit(parts._replace(query=urlencode(settings, quote_via=quote)))


def _host(server: str) -> str:
    """Of "host:port" or "[::1]:port"."""
    if server.startswith("["):
        return server[1:].partition("]")[0]
    return server.partition(":")[0].lower()


def _file(hosts: set[str], authority: str | None) -> str:
    if authority:
        return _stored(authority)
    regions = {found["region"] if (found := _RDS.fullmatch(host)) else None for host in hosts}
    region = regions.pop() if len(regions) == 1 else None
    return certifi.where() if region is None else _amazons(region)


@functools.cache
def _amazons(region: str) -> str:
    return _stored(aws.root_certificates(region))


@functools.cache
def _stored(pem: str) -> str:
    """Where the certificates are, as libpq needs them: one file of our own for the same ones.

    It is written under another name and then renamed, so that it is never half there, and never the
    file of another user who knew the name.
    """
    name = f"holdfast-{hashlib.sha256(pem.encode()).hexdigest()[:32]}.pem"
    path = Path(_folder(), name)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent, delete=False) as file:
        file.write(pem)
    os.replace(file.name, path)  # noqa: PTH105 - both are absolute
    return str(path)


@functools.cache
def _folder() -> str:
    """Lambda's own /tmp, where an environment's next process finds what this one wrote; on any
    other machine a folder that is removed with this process.
    """
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        return tempfile.gettempdir()
    made = tempfile.TemporaryDirectory(prefix="holdfast-")
    atexit.register(made.cleanup)
    return made.name
