"""`make tenant STAGE=dev NAME="My studio"`: make a tenant, renew or revoke its keys, set its page
and its limits.

    python -m dev.cloud.tenant dev --name "My studio"
    python -m dev.cloud.tenant dev --tenant <id>                     two new keys beside the old
    python -m dev.cloud.tenant dev --tenant <id> --replace <key id>  a new one in place of this
    python -m dev.cloud.tenant dev --tenant <id> --revoke <key id>   refused, and a list of all
    python -m dev.cloud.tenant dev --tenant <id> --return <origin>   where payment pages may lead
    python -m dev.cloud.tenant dev --tenant <id> --page "https://a.example/?key=pk_…"
    python -m dev.cloud.tenant dev --tenant <id> --limit place_days=60 holds_per_hour=none

The keys are made here and shown here, once; only their hashes are sent. STAGE=local is the stack
that runs on this machine.
"""

import argparse
import hashlib
import json
import secrets
import sys
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dev.cloud import account, sam, stages
from dev.cloud.stages import ROOT, CloudError

_LABEL = "make tenant"


@dataclass(frozen=True, slots=True)
class Door:
    """The function that administers tenants: a client of Lambda, its name, and the keys' mode."""

    client: Any
    function: str
    mode: str


def door(stage_name: str) -> Door:
    """Where the tenants of a stage are administered. Raises CloudError."""
    if stage_name == "local":
        return _local()
    stage = stages.load(stage_name)
    where = account.find(stage)
    name = sam.outputs(stage, where.region)["MigrateFunctionName"]
    client = where.session.client("lambda", config=_config())
    return Door(client, name, "live" if stage.livemode else "test")


def new_keys(mode: str, tenant_id: str) -> dict[str, str]:
    """A key of each kind, by kind: the tenant, and 192 random bits."""
    try:
        tenant = uuid.UUID(tenant_id).hex
    except ValueError:
        raise CloudError(f"{tenant_id}: a tenant's id is a UUID") from None
    return {
        "publishable": f"pk_{mode}_{tenant}_{secrets.token_hex(24)}",
        "secret": f"sk_{mode}_{tenant}_{secrets.token_hex(24)}",
    }


def limits(given: list[str]) -> dict[str, int | None]:
    """Settings of docs/limits.md as `name=number` or `name=none`. Raises CloudError."""
    found: dict[str, int | None] = {}
    for each in given:
        name, _, value = each.partition("=")
        if value != "none" and not value.isdecimal():
            raise CloudError(f"{each}: say name=number, or name=none for no limit")
        found[name] = None if value == "none" else int(value)
    return found


def request(
    tenant_id: str,
    name: str | None,
    keys: dict[str, str],
    revoke: list[str],
    replaced: dict[str, str] | None = None,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What is sent: the keys' hashes, never the keys.

    Args:
        replaced: by kind, the id of the key that the new one replaces.
        settings: what is to change: its page, limits, return addresses, delayed methods.
    """
    return {
        "tenant": {
            "id": tenant_id,
            "name": name,
            "add_keys": [
                {
                    "kind": kind,
                    "hash": hashlib.sha256(key.encode()).hexdigest(),
                    "label": _LABEL,
                    "replaces": (replaced or {}).get(kind),
                }
                for kind, key in keys.items()
            ],
            "revoke_keys": revoke,
        }
        | (settings or {})
    }


def send(where: Door, event: dict[str, Any]) -> dict[str, Any]:
    """Ask the function; the tenant with all its keys. Raises CloudError if it refuses."""
    answer = where.client.invoke(FunctionName=where.function, Payload=json.dumps(event).encode())
    told = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CloudError(str(told.get("errorMessage", "the function failed; see its log")))
    found: dict[str, Any] = told
    return found


def lines(tenant: dict[str, Any], keys: dict[str, str]) -> list[str]:
    """What the person sees. The keys themselves are nowhere else."""
    shown = [f"Tenant {tenant['name']}", f"  id           {tenant['id']}"]
    if tenant.get("page_url"):
        shown.append(f"  page         {tenant['page_url']}")
    if "publishable" in keys:
        shown.append(f"  publishable  {keys['publishable']}   for browsers and apps")
    if "secret" in keys:
        shown += [
            f"  secret       {keys['secret']}   for your servers only",
            "Keep the secret key now: it is stored nowhere and cannot be shown again.",
        ]
    shown += _payments(tenant)
    shown.append("All keys:")
    for key in tenant["keys"]:
        state = "revoked" if key["revoked_at"] else "in use"
        shown.append(f"  {key['id']}  {key['kind']:<11}  {key['created_at'][:10]}  {state}")
    return shown


def _payments(tenant: dict[str, Any]) -> list[str]:
    """Where payment pages lead, and whose pages offer delayed methods."""
    if "return_origins" not in tenant:
        return []  # the function is older than this command
    origins = tenant["return_origins"]
    if origins is None:
        where = "any address over https: list the tenant's own origins with RETURN=…"
    else:
        where = ", ".join(origins) or "the booking page alone"
    return [
        "Payment pages that browsers ask for",
        f"  lead to         {where}",
        f"  delayed methods {tenant['delayed_methods']}",
    ]


def to_replace(tenant: dict[str, Any], wanted: list[str]) -> dict[str, str]:
    """The keys that are to be replaced, by kind. Raises CloudError."""
    kinds = {key["id"]: key["kind"] for key in tenant["keys"]}
    replaced = {kinds.get(identifier, ""): identifier for identifier in wanted}
    if "" in replaced:
        raise CloudError(f"there is no key {replaced['']} of this tenant")
    if len(replaced) < len(wanted):
        raise CloudError("one key of a kind can be replaced at a time")
    return replaced


def _local() -> Door:
    try:
        running = json.loads((ROOT / ".local" / "stack.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CloudError("no stack is running on this machine: `make up`") from None
    client = boto3.client(
        "lambda",
        endpoint_url=running["control"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 the stack asks for none
        config=_config(),
    )
    return Door(client, "migrate", "test")


def _config() -> Config:
    # a repeat is harmless: the id and the hashes are the same
    return Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})


def main(arguments: list[str] | None = None) -> int:
    """Make or change a tenant. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.cloud.tenant")
    parser.add_argument("stage", help="a stage of samconfig.toml, or local")
    parser.add_argument("--name", help="make a tenant of this name")
    parser.add_argument("--tenant", help="the id of one that exists")
    parser.add_argument("--revoke", nargs="*", default=[], help="ids of keys to take back")
    parser.add_argument(
        "--return",
        dest="origins",
        nargs="*",
        help="origins that payment pages may lead to, instead of those so far",
    )
    parser.add_argument(
        "--delayed-methods",
        choices=("never", "servers", "all"),
        help="whose payment pages offer methods whose result comes days later",
    )
    parser.add_argument("--replace", nargs="*", default=[], help="ids of keys to make new ones for")
    parser.add_argument("--page", help='where its letters lead to, with ?key=…; "" takes it away')
    parser.add_argument("--limit", nargs="*", default=[], help="name=number; see docs/limits.md")
    options = parser.parse_args(arguments)
    if not options.name and not options.tenant:
        print("Name the tenant: NAME=…, or say which: TENANT=<id>.", file=sys.stderr)
        return 2
    tenant_id = options.tenant or str(uuid.uuid4())
    try:
        where = door(options.stage)
        settings: dict[str, Any] = {
            name: value
            for name, value in (
                ("return_origins", options.origins),
                ("delayed_methods", options.delayed_methods),
                ("limits", limits(options.limit) or None),
            )
            if value is not None
        }
        if options.page is not None:
            settings["page_url"] = options.page or None
        changes = options.revoke or (settings and not options.name)
        keys, replaced = {} if changes else new_keys(where.mode, tenant_id), {}
        if options.replace:
            known = send(where, request(tenant_id, None, {}, []))
            replaced = to_replace(known, options.replace)
            made = new_keys(where.mode, tenant_id)
            keys = {kind: key for kind, key in made.items() if kind in replaced}
        name = options.name or None
        tenant = send(where, request(tenant_id, name, keys, options.revoke, replaced, settings))
    except CloudError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        again = f"TENANT={tenant_id}" + (f' NAME="{options.name}"' if options.name else "")
        print(f"{account.told(error)}. To try again: {again}", file=sys.stderr)
        return 1
    print("\n".join(lines(tenant, keys)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
