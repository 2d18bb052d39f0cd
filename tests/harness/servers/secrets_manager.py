"""AWS Secrets Manager: moto's, on a port, for requests that we sign and send ourselves."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import make_server


@dataclass(frozen=True, slots=True)
class SecretsManager:
    """Where it is, and the environment of a function that finds it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "session",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.url,
        }

    @property
    def client(self) -> Any:
        """Amazon's own client of it."""
        return boto3.client(
            "secretsmanager",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
        )

    def create(self, name: str, text: str) -> str:
        """Make a secret; its ARN."""
        return str(self.client.create_secret(Name=name, SecretString=text)["ARN"])

    def text(self, name: str) -> str:
        """The current value of a secret."""
        return str(self.client.get_secret_value(SecretId=name)["SecretString"])


@contextmanager
def running() -> Iterator[SecretsManager]:
    """Serve it, empty, from a thread."""
    with make_server("127.0.0.1", 0, create_backend_app("secretsmanager"), threaded=True) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield SecretsManager(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
