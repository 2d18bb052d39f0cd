"""DynamoDB for the local stack and the tests: moto's, made atomic; `ses` answers beside it.

moto checks a condition and writes in two steps without a lock, so that two threads can both pass
`attribute_not_exists`. DynamoDB never lets that happen; here one operation runs at a time.

Data live in memory. In a process of its own: `python -m dev.stack.dynamodb --port 8100`.
"""

import argparse
import contextlib
import threading
from collections.abc import Mapping
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from dev.programs.processes import exit_with_parent
from dev.stack import ses

_one_at_a_time = threading.Lock()
_unguarded = DynamoHandler.call_action


def _call_action(handler: DynamoHandler) -> TYPE_RESPONSE:
    """One operation, alone; the request has been read and the answer is sent outside the lock."""
    with _one_at_a_time:
        answer: TYPE_RESPONSE = _unguarded(handler)
        return answer


class _RequestHandler(MotoRequestHandler):
    """Keeps connections open, as DynamoDB does, and prints nothing."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """The stack has its own request log."""


def server(port: int = 0, *, atomic: bool = True) -> BaseWSGIServer:
    """A DynamoDB on 127.0.0.1 that listens but does not answer yet: call its `serve_forever`.

    All servers of one process share their tables.

    Args:
        port: TCP port; 0 takes a free one, `.server_port` says which.
        atomic: False leaves moto as it is, to show that the lock is needed.
    """
    setattr(DynamoHandler, "call_action", _call_action if atomic else _unguarded)  # noqa: B010
    tables, mail = create_backend_app("dynamodb"), ses.application()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        chosen = mail if environ["PATH_INFO"].startswith(ses.PATH) else tables
        return chosen(environ, start_response)

    return make_server(
        "127.0.0.1", port, application, threaded=True, request_handler=_RequestHandler
    )


def serve(port: int = 0) -> str:
    """Serve DynamoDB from a thread until this process ends; returns the endpoint's URL."""
    running = server(port)
    threading.Thread(target=running.serve_forever, name="dynamodb", daemon=True).start()
    return f"http://127.0.0.1:{running.server_port}"


def create_tables(endpoint_url: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Create tables, and leave those that exist as they are.

    Args:
        endpoint_url: of the DynamoDB to create them in.
        tables: name → properties of AWS::DynamoDB::Table, as in `dev.cloudformation.template`.

    Raises:
        botocore.exceptions.ClientError: the properties are not what DynamoDB accepts.
    """
    dynamodb = client(endpoint_url)
    for name, properties in tables.items():
        try:
            dynamodb.create_table(
                TableName=name,
                BillingMode=properties.get("BillingMode", "PROVISIONED"),
                **{
                    key: properties[key]
                    for key in (
                        "AttributeDefinitions",
                        "KeySchema",
                        "GlobalSecondaryIndexes",
                        "LocalSecondaryIndexes",
                        "ProvisionedThroughput",
                    )
                    if key in properties
                },
            )
        except dynamodb.exceptions.ResourceInUseException:
            continue
        if expiry := properties.get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)


def client(endpoint_url: str) -> Any:
    """A boto3 client for a local endpoint, with credentials that mean nothing."""
    import boto3  # noqa: PLC0415  the server does without it

    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  a placeholder
    )


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m dev.stack.dynamodb", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--exit-with-parent", action="store_true")
    options = parser.parse_args()
    if options.exit_with_parent:
        exit_with_parent()
    with contextlib.suppress(KeyboardInterrupt):
        server(options.port).serve_forever()


if __name__ == "__main__":
    main()
