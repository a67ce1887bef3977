import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from polycue import telemetry


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Setting up logging is for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail() -> None:
    said = "what somebody said in confidence"
    raise ValueError(f"{len(said)} characters")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_traces_are_logged_without_what_variables_hold(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure(level="info", log_format=log_format)
    try:
        fail()
    except ValueError:
        telemetry.logger("test").exception("it failed")
    written = capsys.readouterr().err
    assert "it failed" in written
    assert "32 characters" in written
    assert "confidence" not in "".join(
        line for line in written.splitlines(keepends=True) if "said =" not in line
    )
    if log_format == "json":
        assert "confidence" not in written


def test_json_lines_are_objects_with_the_bound_facts(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(level="info", log_format="json")
    log = telemetry.logger("polycue.test")
    with telemetry.bound(request_id="r1"):
        log.info("call", method="GetJob")
        logging.getLogger("library").warning("odd: %s", 3)
    log.debug("too small a matter")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["level"], line.get("request_id")) for line in lines] == [
        ("call", "info", "r1"),
        ("odd: 3", "warning", "r1"),
    ]
    assert lines[0]["method"] == "GetJob"
    assert lines[0]["logger"] == "polycue.test"


@pytest.mark.parametrize("library", ["httpx", "httpcore.connection", "botocore.auth", "s3fs"])
def test_no_library_tells_whole_urls_or_signatures(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure(level="debug", log_format="console")
    logging.getLogger(library).info("GET https://films.example/a.mkv?signed=secret")
    logging.getLogger("another").info("said")
    written = capsys.readouterr().err
    assert "said" in written
    assert "secret" not in written
