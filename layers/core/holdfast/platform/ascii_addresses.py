"""Hosts, web addresses and mailboxes as the Internet's protocols need them: in ASCII.

Hosts by IDNA 2008 and UTS 46, as in browsers: `faß.de` is not `fass.de`, which may have another
owner. Python's own codec is IDNA 2003, where the two are one.

Sources: RFC 5891, UTS 46, RFC 3986 (section 2), RFC 3987 (section 3.1), RFC 5321 (section 4.5.3).
"""

import re
from urllib.parse import quote, urlsplit, urlunsplit

_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_MAX_HOST = 253
_MAX_LOCAL_PART = 64
_MAX_MAILBOX = 254
# What an address must not contain as it is; a percent sign only before an octet.
_UNSAFE = re.compile(r"[^!-~]|[\"<>\\^`{|}]|%(?![0-9A-Fa-f]{2})")


def host(name: str) -> str:
    """A host's name in ASCII, in small letters.

    Raises:
        ValueError: no host can have that name.
    """
    if not name.isascii():
        import idna  # noqa: PLC0415 its tables are large, and seldom needed

        labels = idna.uts46_remap(name, std3_rules=False, transitional=False).split(".")
        name = ".".join(
            label if label.isascii() else idna.alabel(label).decode() for label in labels
        )
    name = name.lower()
    if not _HOST.fullmatch(name) or len(name.removesuffix(".")) > _MAX_HOST:
        raise ValueError("must have a valid host name")
    return name


def web_address(address: str) -> str:
    """A web address in ASCII: its host by IDNA, the rest percent-encoded as UTF-8.

    What is encoded already stays as it is, and so does an address that needs no encoding.

    Raises:
        ValueError: it is no web address.
    """
    parts = urlsplit(address)
    netloc = parts.netloc
    if parts.hostname and ":" not in parts.hostname:  # that would be IPv6
        user, at, _ = netloc.rpartition("@")
        port = "" if parts.port is None else f":{parts.port}"
        netloc = f"{_encoded(user)}{at}{host(parts.hostname)}{port}"
    rest = (_encoded(part) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, *rest))


def mailbox(address: str) -> str:
    """An e-mail address whose domain is in ASCII.

    Raises:
        ValueError: the local part is not in ASCII, or it is too long: servers without SMTPUTF8
            refuse it, and Amazon SES is one.
    """
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("must have only unaccented Latin letters, digits and symbols before the @")
    ascii_form = f"{local}@{host(domain)}"
    if not 0 < len(local) <= _MAX_LOCAL_PART or len(ascii_form) > _MAX_MAILBOX:
        raise ValueError("must be shorter: 64 characters before the @, and 254 in all")
    return ascii_form


def _encoded(text: str) -> str:
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), text)
