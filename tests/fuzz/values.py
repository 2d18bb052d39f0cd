"""Values that are almost right, and values that are completely wrong, by where they are put."""

CREDENTIALS = (
    "", " ", "Bearer", "Bearer ", "bearer {key}", "Bearer  {key}", "Bearer {key} ", "Basic {key}",
    "Bearer {key}, Bearer {key}", "Bearer {key}\x0b", "Bearer " + "a" * 4000, "Bearer {key}é",
    "Bearer pk_test_' or 1=1 --", "Bearer sk_live_" + "0" * 48, "{key}", "Bearer null",
)  # fmt: skip
SECRETS = (
    "", " ", "bks_", "bks_" + "A" * 43, "bks_" + "A" * 42, "bks_" + "A" * 4000, "null", "{secret}x",
    "{secret},{secret}", " {secret}", "bks_" + "é" * 43, "' or ''='", "bks_" + "%00" * 14,
)  # fmt: skip
KEYS = (
    "", " ", "a", "x" * 255, "x" * 256, "x" * 8000, "two words", "tab\there", "é", "\x7f", "🗝",
    "{}", "null", "00000000-0000-0000-0000-000000000000", '"quoted"', "a,b", "%00", "'; drop table",
)  # fmt: skip
MATCHES = (
    "", "*", '"', '""', '"1"', 'W/"1"', "1", '"0"', '"-1"', '"999999999"', '"9999999999"',
    '"1", "2"',
    '"01"', '"\u0661"', '"1e1"', '"' + "9" * 500 + '"', "W/", '"é"', '"a"', '"1" ', "null",
)  # fmt: skip
VALUES = (
    "", " ", "0", "-1", "1e9", "99999999999999999999", "1.0", "+1", "true", "null", "undefined",
    "NaN", "%00", "%0a", "%ff", "%F0%9F%92%A9", "a" * 600, "a" * 5000, "'", '%22', "%25", "%",
    "%zz",
    "..%2f..%2f", "[]", "{}", "2030-01-01", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00",
    "2030-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2030-01-01T24:00:00Z",
    "2030-01-01T00:00:00+25:00", "2030-06-30T23:59:60Z", "1893456000",
    "2030-01-01T00:00:00%2B00:00",
    "2030-01-01T00:00:00.123456789Z", "-2030-01-01T00:00:00Z", "infinity", "now",
    "\u0661\u0662\u0663",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000", "eyJhIjoxfQ", "W10", "bnVsbA", "e30",
)  # fmt: skip
METHODS = (
    "HEAD", "PUT", "PATCH", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "Post", "DELETE",
    "GET",
    "POST", "X" * 300, "M-SEARCH",
)  # fmt: skip
TYPES = (
    "", "application/json; charset=utf-16", "application/json;charset=latin1", "APPLICATION/JSON",
    "text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded",
    "multipart/form-data", "multipart/form-data; boundary=x", "application/problem+json",
    "application/vnd.api+json", "application/octet-stream", "image/png", "*/*", "application/json,",
    "application/json; charset", ";", "a" * 500, "application/json; charset=\"", "é/é",
)  # fmt: skip
BODIES = (
    b"", b" ", b"null", b"[]", b"{}", b"0", b'"text"', b"{", b"}", b'{"a":}', b"\xff\xfe", b"\x00",
    b"\xef\xbb\xbf{}", b'{"customer": null}', b'{"resource_id": {}}', b"NaN", b'{"a": NaN}',
    b'{"a": 1, "a": 2}', b"[" * 20_000, b'{"a":' * 5_000, b'{"a": ' + b"9" * 5_000 + b"}",
    b'{"notes": "\\ud800"}', b'{"notes": "\\u0000"}', b'{"__proto__": {}}', b"a=b&c=d",
    b'{"x": "' + b"a" * 70_000 + b'"}', b"{}" + b" " * 100_000, b"1e999999", b"-", b"'{}'",
    "{“a”: 1}".encode(), b'{"starts_at": 1e400}', b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
)  # fmt: skip


PEOPLE = (
    "a@b", "@", "ada@example", "ada@localhost", "a" * 250 + "@example.com", "ada@[127.0.0.1]",
    '"a b"@example.com', "ada@éxample.com", "ada+tag@example.com", "ADA@EXAMPLE.COM",
    "ada@example.com\n",
    "<b>ada</b>", "\u202eada", "\u0000", "\ud800", "a\u0301" * 150, "ﷺ" * 60, "👩‍👩‍👧‍👦" * 30,
    "\u2028",
    "+49 30 901820", "+4930901820", "030901820", "+1", "+" + "9" * 38, "tel:+4930901820",
    "+49;ext=1",
    "=1+1", "{{7*7}}", "${jndi:ldap://x}", "\t", "\ufeff", "\u00a0", "\u200b",
)  # fmt: skip
