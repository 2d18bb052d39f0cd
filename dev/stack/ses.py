"""Amazon SES for the local stack and the tests: moto's, with every message kept as it was sent.

Only senders at example.com are verified, so an unverified sender fails here too. So do
addresses outside ASCII: SES takes domains in Punycode only, and no such local part at all (SES
Developer Guide, "Verified identities"), which moto does not know.
"""

import io
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import create_backend_app
from moto.sesv2.models import sesv2_backends

from dev.cloudformation.intrinsics import REGION

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

PATH = "/v2/email/"
_MOTO_ACCOUNT = "123456789012"
_VERIFIED = "example.com"
_KEPT = 10_000

sent: deque[dict[str, Any]] = deque(maxlen=_KEPT)  # the bodies of SendEmail, oldest first
_lock = threading.Lock()


def application() -> Application:
    """SES as a WSGI application; what it sends goes to `sent` and to standard output."""
    sesv2_backends[_MOTO_ACCOUNT][REGION].core_backend.verify_domain(_VERIFIED)
    moto: Application = create_backend_app("sesv2")

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        sending = environ["PATH_INFO"].endswith("outbound-emails")
        if sending and not all(address.isascii() for address in _addresses(json.loads(body))):
            headers = [
                ("Content-Type", "application/json"),
                ("x-amzn-ErrorType", "BadRequestException"),
            ]
            start_response("400 Bad Request", headers)
            return [b'{"message": "Domain or local part contains control or whitespace"}']
        with _lock:  # moto counts and appends without one

            def started(status: str, *rest: Any) -> Any:
                if status.startswith("200") and sending:
                    _keep(json.loads(body))
                return start_response(status, *rest)

            return list(moto(environ, started))

    return answer


def _addresses(message: dict[str, Any]) -> list[str]:
    destination = message.get("Destination") or {}
    listed = [
        one for kind in ("To", "Cc", "Bcc") for one in destination.get(f"{kind}Addresses", [])
    ]
    return [*listed, message.get("FromEmailAddress") or ""]


def to(address: str) -> list[dict[str, Any]]:
    """The messages that were sent to an address, oldest first."""
    return [one for one in list(sent) if address in one["Destination"]["ToAddresses"]]


def _keep(message: dict[str, Any]) -> None:
    sent.append(message)
    simple = message["Content"]["Simple"]
    print(f"to {message['Destination']['ToAddresses']}: {simple['Subject']['Data']}")
    print(simple["Body"]["Text"]["Data"], flush=True)
