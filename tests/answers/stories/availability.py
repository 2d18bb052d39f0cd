"""Listing free times, and explaining why one is not."""

from typing import Any

from tests.answers import steps
from tests.answers.operations import CATALOGUE, NOWHERE
from tests.answers.recorder import Recorder
from tests.harness.system.setup import TEN


def listing(it: Recorder) -> None:
    """Resources and free times: pages, periods, zones, clock changes, ETags, pools."""
    it.title("Resources, page by page")
    page = it.ask("GET", "/v1/resources")
    page = it.ask("GET", "/v1/resources?limit=2", by="secret")
    while page.body["next_cursor"]:
        page = it.ask("GET", f"/v1/resources?limit=2&cursor={page.body['next_cursor']}")
    it.ask("GET", "/v1/resources", by="other publishable")
    it.ask("HEAD", "/v1/resources?limit=1")

    it.title("Free times of each resource")
    for resource in it.system.tenant.resources:
        path = f"/v1/resources/{resource['id']}/slots"
        first = resource["offerings"][0]["id"]
        it.ask(
            "GET", f"{path}?offering_id={first}&from=2030-01-08T00:00:00Z&to=2030-01-09T14:00:00Z"
        )
        it.ask("GET", f"{path}?from=2030-01-08T00:00:00Z&to=2030-01-08T16:00:00Z")
        span = "from=2030-01-08T12:00:00Z&to=2030-01-08T16:00:00Z"
        it.ask("GET", f"{path}?offering_id={first}&{span}&tz=America/New_York")
        it.ask("GET", f"{path}?offering_id={NOWHERE}")

    it.title("A week, with what is taken, and whether it has changed")
    steps.hold(it, TEN)
    steps.hold(it, steps.day(8, "13:30"))
    path = f"/v1/resources/{it.system.resource['id']}/slots"
    lesson = f"offering_id={it.system.resource['offerings'][0]['id']}"
    week = it.ask("GET", f"{path}?{lesson}&to={steps.day(9)}")
    for tags in (week.headers["etag"], f'"x", {week.headers["etag"]}', '"x"', "*"):
        it.ask("GET", f"{path}?{lesson}&to={steps.day(9)}", headers={"if-none-match": tags})
    it.ask("HEAD", f"{path}?{lesson}&to={steps.day(9)}")
    it.later(1)
    it.ask(
        *("GET", f"{path}?{lesson}&to={steps.day(9)}"),
        headers={"if-none-match": week.headers["etag"]},
    )

    it.title("Periods that are odd")
    for odd in (
        "from=2030-01-09T00:00:00Z&to=2030-01-08T00:00:00Z",
        "from=2030-01-09T00:00:00Z&to=2030-01-09T00:00:00Z",
        "from=2030-01-09T00:00:00Z&to=2030-05-09T00:00:00Z",
        "from=2029-01-09T00:00:00Z&to=2029-01-10T00:00:00Z",
        "from=2033-01-09T00:00:00Z&to=2033-01-10T00:00:00Z",
        "from=2030-01-09T09:00:00%2B01:00&to=2030-01-09T13:00:00.5-01:00",
        "from=2030-01-09T09:00:00",
        "to=2030-01-08T09:00:00Z",
        "tz=Mars/Phobos",
    ):
        it.ask("GET", f"{path}?{lesson}&{odd}")

    it.title("Clocks that change")
    venue, studio = it.system.venue, it.system.studio
    for resource, span in (
        (venue, "from=2030-04-05T00:00:00Z&to=2030-04-09T00:00:00Z&tz=Australia/Lord_Howe"),
        (studio, "from=2030-03-10T11:00:00Z&to=2030-03-10T15:00:00Z&tz=America/New_York"),
        (it.system.resource, "from=2030-03-31T07:00:00Z&to=2030-03-31T11:00:00Z&tz=Europe/London"),
    ):
        offering = resource["offerings"][0]["id"]
        it.ask("GET", f"/v1/resources/{resource['id']}/slots?offering_id={offering}&{span}")

    it.title("Pools")
    pool = f"/v1/pools/{it.system.tenant.pools[0]['id']}/slots"
    span = f"from={steps.day(8, '09:00')}&to={steps.day(8, '15:00')}"
    several = it.ask("GET", f"{pool}?{lesson}&{span}")
    it.ask("GET", f"{pool}?{lesson}&{span}&tz=Asia/Kathmandu")
    it.ask("GET", f"{pool}?{span}")
    it.ask("GET", f"{pool}?{lesson}&{span}", headers={"if-none-match": several.headers["etag"]})
    it.ask("GET", f"{pool}?{lesson}&from={steps.day(9)}&to={steps.day(8)}")
    it.ask("GET", f"{pool}?offering_id={NOWHERE}&{span}")


def explaining(it: Recorder) -> None:
    """Why a time is not free: each rule, and several."""
    tutor, studio, venue, _, park = it.system.tenant.resources

    def explain(resource: dict[str, Any], query: str, offering: int = 0) -> None:
        chosen = resource["offerings"][offering]["id"]
        path = f"/v1/resources/{resource['id']}/slots/explain?offering_id={chosen}&{query}"
        it.ask("GET", path, by="secret")

    it.title("Rules of the resource")
    for starts_at in (
        TEN,
        steps.day(7, "05:00"),
        steps.day(6),
        steps.day(8, "10:07"),
        steps.day(8, "20:00"),
    ):
        explain(tutor, f"starts_at={starts_at}")
    explain(tutor, "starts_at=2031-01-08T10:00:00Z")
    explain(tutor, "date=2030-01-08")
    explain(venue, "date=2030-01-08")
    explain(venue, "starts_at=2030-01-08T10:00:00Z")
    explain(park, "starts_at=2031-02-08T11:00:00Z")
    explain(studio, "starts_at=2030-01-08T12:00:00Z&customer_email=grace@example.com")

    it.title("What is taken, buffers included")
    steps.hold(it, TEN)
    for starts_at in (
        TEN,
        steps.day(7, "09:00"),
        steps.day(7, "09:30"),
        steps.day(7, "11:00"),
        steps.day(7, "11:30"),
    ):
        explain(tutor, f"starts_at={starts_at}")
    explain(tutor, f"starts_at={TEN}", offering=1)

    it.title("What is closed, and how many there may be")
    blackout = {
        "starts_at": steps.day(9, "09:00"),
        "ends_at": steps.day(9, "12:00"),
        "reason": "Dentist",
    }
    path = f"{CATALOGUE}/resources/{tutor['id']}"
    it.ask("POST", f"{path}/blackouts", blackout, by="secret")
    explain(tutor, f"starts_at={steps.day(9)}")
    limits = {"daily_limit": 1, "customer_limit": 1, "notice_minutes": 600}
    it.ask("PATCH", path, limits, by="secret", headers={"if-match": "*"})
    explain(tutor, f"starts_at={steps.day(7, '14:00')}&customer_email=grace@example.com")
    it.ask("PATCH", path, {"confirmation": "by_request"}, by="secret", headers={"if-match": "*"})
    explain(tutor, f"starts_at={steps.day(9)}")
