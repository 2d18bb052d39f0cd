"""`make audit`: known vulnerabilities of what the layer ships, asked of OSV.

Fails on a finding. Where the service cannot be reached it says so and passes: an audit that is
skipped silently would be worthless, and one that stops a build without a network would be switched
off.
"""

import json
import sys
import urllib.error
import urllib.request

from dev.dependencies.notices import shipped

SERVICE = "https://api.osv.dev/v1/querybatch"
_TIMEOUT_SECONDS = 20


def findings(service: str = SERVICE) -> dict[str, list[str]]:
    """Ids of vulnerabilities by `name version`; empty if none is known.

    Raises:
        OSError: the service cannot be reached, or its answer cannot be read.
    """
    packages = shipped()
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in packages
    ]
    body = json.dumps({"queries": queries}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(service, body, headers)  # noqa: S310 a fixed service or a test's
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            results = json.load(answer)["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise OSError("no answer that can be read") from error
    return {
        f"{name} {version}": [each["id"] for each in result["vulns"]]
        for (name, version), result in zip(packages, results, strict=True)
        if result.get("vulns")
    }


def main(service: str = SERVICE) -> int:
    """Ask, say, and fail on a finding."""
    try:
        found = findings(service)
    except (OSError, urllib.error.URLError) as error:
        print(f"Nothing was audited: {service} could not be reached ({error}).")
        return 0
    for package, ids in found.items():
        print(f"{package}: {', '.join(ids)}")
    print(f"{len(shipped())} packages, {len(found)} with known vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
