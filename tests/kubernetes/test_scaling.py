"""The query that KEDA asks, of a real PostgreSQL and as the role that the guide makes for it."""

import re
from pathlib import Path

import psycopg
import pytest

from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from support.manifests import KUBERNETES, ROOT, Document, combined, documents, find, render
from support.postgres import Cluster
from support.stores import make

HOUR_MS = 3_600_000


@pytest.fixture
def scaled() -> Document:
    rendered = documents((KUBERNETES / "components/keda/scaling.yaml").read_text())
    spec: Document = find(rendered, "ScaledObject")["spec"]
    return spec


@pytest.fixture
def role() -> list[str]:
    """The guide's statements."""
    guide = (ROOT / "docs/deploy.md").read_text()
    found = re.findall(r"^ +((?:CREATE ROLE|GRANT) .+;)$", guide, re.MULTILINE)
    assert len(found) == 3
    return list(found)


def test_it_counts_the_seconds_that_wait_and_its_role_sees_nothing_else(
    scaled: Document, role: list[str], postgres: Cluster
) -> None:
    (trigger,) = scaled["triggers"]
    url = postgres.new_database()
    database = PostgresDatabase(url)
    try:
        jobs = SqlJobs(database)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in role:
                connection.execute(statement.encode())
        as_scaler = url.replace("polycue:secret@", "polycue_scaler@")
        with psycopg.connect(as_scaler, autocommit=True) as connection:
            assert asked(connection, trigger["metadata"]["query"]) == 0
            make(jobs, length_ms=2 * HOUR_MS)
            make(jobs, length_ms=HOUR_MS // 2)
            assert asked(connection, trigger["metadata"]["query"]) == 2.5 * 3600
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT spec FROM polycue.job")
    finally:
        database.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY polycue_scaler")
            connection.execute("DROP ROLE polycue_scaler")


def test_what_keda_is_told_is_what_its_postgresql_scaler_reads(scaled: Document) -> None:
    (trigger,) = scaled["triggers"]
    assert trigger["type"] == "postgresql"
    assert trigger["metadata"].keys() == {
        "query",
        "targetQueryValue",
        "activationTargetQueryValue",
    }
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    authentication = documents((KUBERNETES / "components/keda/scaling.yaml").read_text())[0]
    assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]
    assert authentication["spec"]["secretTargetRef"][0]["parameter"] == "connection"


def test_servers_go_one_at_a_time_and_never_below_two(scaled: Document, tmp_path: Path) -> None:
    down = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert [policy["value"] for policy in down["policies"]] == [1]
    assert scaled["minReplicaCount"] == 2
    assert "fallback" not in scaled  # a database that restarts must not send servers away
    deployment = find(render(combined(tmp_path, "cpu", "keda")), "Deployment")
    assert "replicas" not in deployment["spec"]  # or each apply would undo what KEDA did
    assert scaled["scaleTargetRef"] == {"name": deployment["metadata"]["name"]}


def asked(connection: "psycopg.Connection[tuple[object, ...]]", query: str) -> float:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return float(str(row[0]))
