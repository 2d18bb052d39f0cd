"""Keeping the catalogue: resources, offerings, prices, opening hours."""

from typing import Any

from tests.answers import steps
from tests.answers.operations import CATALOGUE, NOWHERE
from tests.answers.recorder import Recorder


def keeping(it: Recorder) -> None:
    """Resources, offerings, pools and rules: made, read, changed, archived, in use."""

    def ask(
        method: str, path: str, body: Any = None, version: str | None = None, **how: Any
    ) -> Any:
        headers = {} if version is None else {"if-match": version}
        path = f"{CATALOGUE}/{path}"
        return it.ask(method, path, body, by=how.pop("by", "secret"), headers=headers, **how).body

    it.title("A resource and what it sells")
    prices = [
        {"tier": tier, "package": "single", "amount": amount, "currency": currency}
        for tier, amount, currency in (("standard", 2500, "SEK"), ("premium", 4000, "SEK"))
    ]
    boat = {"name": "Boat", "duration_minutes": 60, "prices": prices}
    offering = ask("POST", "offerings", boat, key="boat-once-and-never-more")
    ask("POST", "offerings", boat, key="boat-once-and-never-more")
    ask("POST", "offerings", boat, key="boat-once-and-never-more", by="second secret")
    ask("POST", "offerings", boat | {"name": "Ship"}, key="boat-once-and-never-more")
    for odd in (
        {"prices": [prices[0] | {"currency": "XXX"}]},
        {"prices": [prices[0] | {"amount": 1}]},
        {"prices": [prices[0] | {"currency": "JPY"}, prices[1]]},
        {"prices": [prices[0], prices[0]]},
        {"booking_mode": "date"},
        {"group_size": 1},
    ):
        ask("POST", "offerings", boat | odd)
    lake = {"name": "Lake", "timezone": "Europe/Stockholm", "offering_ids": [offering["id"]]}
    resource = ask("POST", "resources", lake)
    for odd in (
        {"timezone": "Mars/Phobos"},
        {"timezone": "europe/stockholm"},
        {"offering_ids": [NOWHERE]},
        {"offering_ids": [it.other.offering_id]},
        {"offering_ids": [offering["id"], offering["id"]]},
        {"step_minutes": 7},
        {"booking_mode": "date"},
    ):
        ask("POST", "resources", lake | odd)
    path = f"resources/{resource['id']}"

    it.title("Changed with the version that was seen")
    ask("PATCH", path, {"capacity": 2}, '"1"')
    ask("PATCH", path, {"capacity": 3}, '"1"')
    ask("PATCH", path, {"capacity": 3, "daily_limit": 5}, 'W/"2"')
    ask("PATCH", path, {"daily_limit": None}, "*")
    ask("PATCH", path, {"booking_mode": "date"}, "*")
    ask("PATCH", path, {}, "*")
    ask("PATCH", f"offerings/{offering['id']}", {"prices": prices[:1], "name": "Rowing"}, "*")
    ask("PATCH", f"offerings/{offering['id']}", {"group_size": 5}, "*")
    ask("GET", path)
    ask("GET", f"offerings/{offering['id']}")
    ask("GET", f"offerings/{offering['id']}", by="other secret")

    it.title("Hours, single days, blackouts")
    rules: dict[str, Any] = {
        "hours": (
            {"weekday": 1, "opens": "09:00", "closes": "17:00"},
            {"weekday": 1, "opens": "16:00", "closes": "18:00"},
            {"opens": "10:00", "closes": "16:00"},
            {"weekday": 7, "opens": "22:00", "closes": "02:00", "valid_from": "2030-06-01"},
        ),
        "overrides": (
            {"date": "2030-02-01", "opens": "09:00", "closes": "13:00", "reason": "Fair"},
            {"date": "2030-02-01"},
            {"opens": None, "closes": None},
            {"date": "2030-02-02"},
        ),
        "blackouts": (
            {"from_date": "2030-02-02", "to_date": "2030-02-04", "reason": "Ice"},
            {"starts_at": "2030-02-03T00:00:00Z", "ends_at": "2030-02-03T12:00:00Z"},
            {"reason": "Snow"},
            {"from_date": "2030-02-02", "to_date": "2032-02-04"},
        ),
    }
    for kind, (good, clashing, change, other) in rules.items():
        rule = ask("POST", f"{path}/{kind}", good, key=f"{kind}-once-and-never-more")
        ask("POST", f"{path}/{kind}", good, key=f"{kind}-once-and-never-more")
        ask("POST", f"{path}/{kind}", good)
        ask("POST", f"{path}/{kind}", clashing)
        ask("POST", f"{path}/{kind}", other)
        one = f"{path}/{kind}/{rule['id']}"
        ask("PATCH", one, change, '"1"')
        ask("PATCH", one, change, '"1"')
        ask("PATCH", one, change)
        ask("PATCH", f"resources/{it.system.resource['id']}/{kind}/{rule['id']}", change, "*")
        page = ask("GET", f"{path}/{kind}?limit=1")
        if page["next_cursor"]:
            ask("GET", f"{path}/{kind}?limit=1&cursor={page['next_cursor']}")
        ask("GET", f"{path}/{kind}", by="other secret")
        ask("DELETE", one, version='"1"')
        ask("DELETE", one)
        ask("DELETE", one)

    it.title("A pool")
    ada, mary = it.system.resource["id"], it.system.tenant.resources[3]["id"]
    pool = ask("POST", "pools", {"name": "Water", "resource_ids": [ada, mary]})
    ask("POST", "pools", {"name": "Odd", "resource_ids": [NOWHERE]})
    ask("POST", "pools", {"name": "Odd", "resource_ids": [ada, it.system.venue["id"]]})
    ask("PATCH", f"pools/{pool['id']}", {"resource_ids": [ada]}, '"1"')
    ask("GET", f"pools/{pool['id']}")

    it.title("Archived, twice, and then neither sold nor changed")
    ask("DELETE", f"pools/{pool['id']}")
    ask("DELETE", f"pools/{pool['id']}")
    ask("PATCH", f"pools/{pool['id']}", {"name": "Rivers"}, "*")
    held = steps.hold(it)
    ask("PATCH", f"resources/{ada}", {"offering_ids": []}, "*")
    ask("DELETE", f"resources/{ada}")
    ask("DELETE", f"offerings/{held['offering_id']}")
    ask("DELETE", path, version='"1"')
    ask("DELETE", path)
    ask("GET", path)
    ask("POST", f"{path}/hours", rules["hours"][0])
    ask("PATCH", path, {"capacity": 4}, "*")
    it.ask("GET", f"/v1/resources/{resource['id']}/slots?offering_id={offering['id']}")
    it.ask("POST", "/v1/holds", steps.lesson(it) | {"resource_id": resource["id"]})

    it.title("Lists, page by page")
    for kind in ("resources", "offerings", "pools"):
        ask("GET", kind)
        ask("GET", f"{kind}?archived=true")
        page = ask("GET", f"{kind}?limit=2")
        while page["next_cursor"]:
            page = ask("GET", f"{kind}?limit=2&cursor={page['next_cursor']}")
