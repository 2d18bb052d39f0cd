"""The migration as CloudFormation asks for it: it always gets an answer, and a true one."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.migrate import app
from holdfast.migrations import custom_resource
from tests.harness.database import concurrency
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.migrated import Database
from tests.harness.servers.cloudformation import ADDRESS, Bucket, waiting_for_answers
from tests.harness.system.in_process import Context, forget
from tests.harness.system.outages import REFUSING, silent_port

STACK = "arn:aws:cloudformation:eu-central-1:000000000000:stack/holdfast-prod/0001"
BROKEN = "create table core.half (id uuid);\nselect core.no_such_function('sk_live_secret');\n"

Deploy = Callable[..., dict[str, Any]]


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """The SQL files of one deployment, which the test may change."""
    return Path(shutil.copytree(SQL_DIR, tmp_path / "sql"))


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    """Where CloudFormation waits for the answer."""
    with waiting_for_answers(tmp_path) as waiting:
        yield waiting


@pytest.fixture
def deploy(
    database: Database, sql: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deploy]:
    """`deploy(RequestType, …)`: send the function a request; returns the answer to
    CloudFormation.
    """

    def send(
        kind: str = "Update", *, url: str | None = None, ms: int = 60_000, **changes: Any
    ) -> dict[str, Any]:
        environment = {"DATABASE_URL": url or database.url(), "SQL_DIR": str(sql)}
        for name, value in (environment | bucket.environment).items():
            monkeypatch.setenv(name, value)
        forget()
        bucket.answers.clear()
        app.lambda_handler(request(kind) | changes, Context("MigrateFunction", remaining_ms=ms))
        (answer,) = bucket.answers
        return answer

    yield send
    forget()


def request(kind: str) -> dict[str, Any]:
    """As CloudFormation sends it."""
    return {
        "RequestType": kind,
        "ResponseURL": ADDRESS,
        "StackId": STACK,
        "RequestId": "b1",
        "ResourceType": "Custom::Migration",
        "LogicalResourceId": "Migration",
        "ResourceProperties": {"ServiceToken": "arn:aws:lambda:…", "Sql": "arn:…:7"},
    }


def add(sql: Path, text: str, name: str = "9999_more.sql") -> None:
    """One more migration in the next deployment."""
    (sql / "migrations" / name).write_text(text)


def ledger(database: Database) -> list[Any]:
    """Everything that was ever applied."""
    return database.rows("select * from core.migrations order by name")


def test_a_deployment_migrates(deploy: Deploy, database: Database, sql: Path) -> None:
    """SUCCESS, the newest version, and the ids that CloudFormation expects."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")

    answer = deploy("Update")

    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "holdfast-database",
        "StackId": STACK,
        "RequestId": "b1",
        "LogicalResourceId": "Migration",
        "Data": {"SchemaVersion": "9999"},
    }
    assert database.value("select to_regclass('core.more') is not null")


def test_the_signed_request_is_sent(deploy: Deploy, bucket: Bucket) -> None:
    """A PUT to the given address, with the empty content type that was signed."""
    deploy("Create")

    path = ADDRESS.partition("amazonaws.com")[2]
    assert bucket.puts == [("PUT", path, "")]


def test_repeating_changes_nothing(deploy: Deploy, database: Database, sql: Path) -> None:
    """CloudFormation and Lambda may ask twice: the same answer, and nothing applied again."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")
    first = deploy("Create")
    before = ledger(database)

    assert deploy("Create") == first
    assert ledger(database) == before


def test_twins_are_one_migration(deploy: Deploy, database: Database, sql: Path) -> None:
    """Two at once apply each file once; both get SUCCESS."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")
    deploy("Delete")  # the environment is set for the threads below
    context = Context("MigrateFunction", remaining_ms=60_000)

    answers = concurrency.race(lambda: app.lambda_handler(request("Update"), context), racers=2)

    assert [answer["Status"] for answer in answers] == ["SUCCESS", "SUCCESS"]
    assert len([row for row in ledger(database) if row.name.endswith("9999_more.sql")]) == 1


def test_deleting_keeps_the_data(deploy: Deploy, database: Database) -> None:
    """Delete gets SUCCESS with the same id; the database is not even called."""
    before = ledger(database)

    answer = deploy("Delete", url=f"postgresql://u:p@{REFUSING}/d")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "holdfast-database")
    assert ledger(database) == before


def test_a_failing_migration_fails_the_deployment(
    deploy: Deploy, database: Database, sql: Path
) -> None:
    """FAILED with file, line and cause; nothing of the migration stays."""
    add(sql, BROKEN)
    before = ledger(database)

    answer = deploy("Update")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "holdfast-database")
    assert answer["Reason"].startswith("migrations/9999_more.sql:2: function core.no_such_function")
    assert "42883" in answer["Reason"]
    assert database.value("select to_regclass('core.half') is null")
    assert ledger(database) == before


def test_rows_are_not_quoted(deploy: Deploy, database: Database, sql: Path) -> None:
    """PostgreSQL's detail has values of rows, which must not appear in the console."""
    add(
        sql,
        "create table core.people (tenant_id uuid, mail text constraint people_pkey primary key);\n"
        "insert into core.people (mail) values ('grace@example.com'), ('grace@example.com');",
    )

    answer = deploy("Update")

    assert "people_pkey" in answer["Reason"]
    assert "grace" not in answer["Reason"]


def test_older_code_leaves_a_newer_database(deploy: Deploy, database: Database, sql: Path) -> None:
    """A roll-back must not fail: what newer code has applied stays, stored functions included."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")
    deploy("Update")
    before = ledger(database)
    (sql / "migrations" / "9999_more.sql").unlink()
    changed = sql / "functions" / "core" / "time" / "new_id.sql"
    changed.write_text(changed.read_text() + "\n-- older\n")

    answer = deploy("Update")

    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"SchemaVersion": "9999"})
    assert ledger(database) == before


def test_code_of_another_branch_is_refused(deploy: Deploy, database: Database, sql: Path) -> None:
    """Neither older nor newer: a migration was edited, or another has its number."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")
    deploy("Update")
    before = ledger(database)
    (sql / "migrations" / "9999_more.sql").unlink()
    add(sql, "create table core.other (id uuid);", "9998_other.sql")

    answer = deploy("Update")

    assert answer["Status"] == "FAILED"
    assert "9999_more.sql" in answer["Reason"]
    assert ledger(database) == before


def test_code_with_a_gap_is_refused(deploy: Deploy, database: Database, sql: Path) -> None:
    """A migration that is missing in the middle is not a sign of older code."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")
    deploy("Update")
    before = ledger(database)
    (sql / "migrations" / "0004_money.sql").unlink()

    answer = deploy("Update")

    assert (answer["Status"], "0004_money.sql" in answer["Reason"]) == ("FAILED", True)
    assert ledger(database) == before


def test_time_running_out_is_answered(deploy: Deploy, database: Database, sql: Path) -> None:
    """Before Lambda's time is over the run is cancelled and undone, and FAILED is sent."""
    add(sql, "create table core.half (id uuid); select pg_catalog.pg_sleep(300);")
    before = ledger(database)

    answer = deploy("Update", ms=6_000)

    assert answer["Status"] == "FAILED"
    assert "out of time" in answer["Reason"]
    assert ledger(database) == before
    assert database.value("select to_regclass('core.half') is null")


def test_waiting_for_another_runner_has_an_end(deploy: Deploy, database: Database) -> None:
    """A run that another runner keeps waiting is answered too."""
    with database.connect() as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('holdfast:migrate', 0))")
        answer = deploy("Update", ms=5_000)

    assert (answer["Status"], "out of time" in answer["Reason"]) == ("FAILED", True)


def test_an_unreachable_database_is_answered(deploy: Deploy) -> None:
    """Nothing listens there: FAILED says so, without the password."""
    answer = deploy("Create", url=f"postgresql://owner:hunter%2F2@{REFUSING}/holdfast")

    assert answer["Status"] == "FAILED"
    assert "cannot be reached" in answer["Reason"]
    assert "hunter" not in answer["Reason"]


def test_a_silent_database_is_answered(deploy: Deploy) -> None:
    """It accepts connections and never answers: the time runs out, and FAILED is sent."""
    with silent_port() as address:
        answer = deploy("Create", url=f"postgresql://owner:hunter2@{address}/d", ms=4_000)

    assert (answer["Status"], "hunter2" in answer["Reason"]) == ("FAILED", False)


@pytest.mark.parametrize("address", ["postgresql://owner:hunter2@[/d", "hunter2", "host='hunter2"])
def test_a_malformed_address_is_not_shown(deploy: Deploy, address: str) -> None:
    """libpq quotes what it does not understand; we do not."""
    answer = deploy("Create", url=address)

    assert (answer["Status"], "hunter2" in json.dumps(answer)) == ("FAILED", False)


def test_an_unknown_request_is_answered(deploy: Deploy, database: Database) -> None:
    """Any other request type: FAILED, and nothing was done."""
    before = ledger(database)

    assert "'Rename'" in deploy("Rename")["Reason"]
    assert "None" in deploy(RequestType=None)["Reason"]
    assert ledger(database) == before


def test_a_request_without_its_members_is_answered(deploy: Deploy) -> None:
    """Only the address for the answer is needed."""
    answer = deploy("Delete", StackId=None, RequestId=None, ResourceProperties=None)

    assert (answer["Status"], answer["StackId"]) == ("SUCCESS", None)


def test_the_answer_is_sent_until_it_is_taken(deploy: Deploy, bucket: Bucket) -> None:
    """Two failures of S3 do not let a deployment hang."""
    bucket.statuses = [503, 500]

    assert deploy("Update")["Status"] == "SUCCESS"
    assert len(bucket.puts) == 3


def test_an_undelivered_answer_is_raised(deploy: Deploy, bucket: Bucket) -> None:
    """Lambda then runs the request again, which is safe, and answers again."""
    bucket.statuses = [503] * 6
    with pytest.raises(custom_resource.UndeliveredError, match="503"):
        deploy("Update", ms=3_000)

    assert deploy("Update")["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "address",
    [
        "http://cloudformation.s3.amazonaws.com/x",
        "https://amazonaws.com.evil.example/x",
        "https://evil.example/.s3.amazonaws.com",
        "https://s3.amazonaws.com@evil.example/x",
        "https://bucket.s3.amazonaws.com:8443/x",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_aws_is_answered(
    deploy: Deploy, database: Database, bucket: Bucket, sql: Path, address: str
) -> None:
    """The function sends its answer only to AWS, and does nothing for another address."""
    add(sql, "create table core.more (tenant_id uuid constraint more_pkey primary key);")
    before = ledger(database)

    with pytest.raises(ValueError, match="ResponseURL"):
        deploy("Update", ResponseURL=address)
    assert (ledger(database), bucket.puts) == (before, [])
