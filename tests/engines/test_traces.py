"""A real film through the command line and a real server: one trace, and logs that say no word."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from support.callers import TokensFile
from support.collector import Collector, Seen, collecting
from support.fleet import Server, python_path
from support.postgres import Cluster

WAIT_S = 200
TRACE = "0af7651916cd43dd8448eb211c80319c"
ATTEMPT = "polycue subtitle/CreateJob/CreateJob/job/attempt"
ENDS_LAST = {
    *("job", "attempt", "probe", "decode", "translate texts", "mux"),
    *("recognise batch", "recognise in engine", "translate batch", "translate in engine"),
}
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    import_models(repository / "demo" / "models", ModelStore(folder))
    return folder


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture
def server(models: Path, tmp_path: Path, collector: Collector) -> Iterator[Server]:
    server = Server(
        tmp_path,
        {"PYTHONPATH": python_path()},
        f"--data-dir={tmp_path / 'data'}",
        f"--models-dir={models}",
        f"--otlp-endpoint={collector.endpoint}",
        "--device=cpu",
        "--engine=child",
        "--log-level=debug",
        "--log-format=json",
    )
    try:
        yield server.start()
    finally:
        server.end()


def polycue(server: Server, *args: str, collector: Collector | None = None) -> None:
    environment = {**os.environ, "PYTHONPATH": python_path(), "TRACEPARENT": TRACEPARENT}
    if collector:
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.endpoint
        environment["OTEL_EXPORTER_OTLP_TIMEOUT"] = str(WAIT_S)  # it is this busy process
    ran = subprocess.run(
        [sys.executable, "-m", "polycue_client", *args, "--server", server.address],
        env=environment,
        cwd=server.folder,
        check=False,
        capture_output=True,
        timeout=WAIT_S,
    )
    assert ran.returncode == 0, ran.stderr.decode() + server.last_words()


def stop(server: Server) -> None:
    """Its last spans are sent, and its log is whole."""
    server.terminate()
    assert server.wait() == 0


def test_a_film_is_one_trace_from_the_command_line_to_ffmpeg(
    server: Server, collector: Collector, repository: Path, tmp_path: Path
) -> None:
    film = Path(shutil.copy(repository / "demo" / "tour.mp4", tmp_path))
    polycue(server, "subtitle", str(film), "--translate-to", "es", "--mux", collector=collector)
    with server.client() as client:
        client.transcribe(film)
    # The last to end is the last to come: a server that stops has two seconds for the rest.
    collector.wait_for(
        lambda it: any(s.name.endswith("/Transcribe") and s.server for s in it.spans)
    )
    stop(server)
    assert _short(_ways(collector.spans)) >= {
        "Transcribe/listen/decode/ffmpeg",
        "Transcribe/listen/recognise row/recognise batch",
    }
    spans = [span for span in collector.spans if span.trace == TRACE]
    assert spans, "nothing hangs under the caller's trace"
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans)
    (root,) = (span for span in spans if span.parent not in by_id)
    assert (root.name, root.parent) == ("polycue subtitle", "b7ad6b7169203331")
    assert _short(_ways(spans)) >= {
        f"{ATTEMPT}/bring",
        f"{ATTEMPT}/probe/ffprobe",
        f"{ATTEMPT}/listen/decode/ffmpeg",
        f"{ATTEMPT}/listen/recognise row/recognise batch/recognise in engine/decode text",
        f"{ATTEMPT}/layout",
        f"{ATTEMPT}/translate/translate texts/translate batch/translate in engine/decode text",
        f"{ATTEMPT}/mux/ffmpeg",
        f"{ATTEMPT}/publish",
        "polycue subtitle/WriteUpload/WriteUpload",
        "polycue subtitle/WatchJob/WatchJob",
        "polycue subtitle/ReadArtifact/ReadArtifact",
    }
    _check_times(by_id)
    _check_batches(collector)
    job, attempt = collector.one("job"), collector.one("attempt")
    create = next(s for s in spans if s.name.endswith("/CreateJob") and s.server)
    assert job.facts["polycue.state"] == "succeeded"
    request_id = create.facts["polycue.request_id"]
    assert {one.facts["polycue.request_id"] for one in (job, attempt)} == {request_id}
    assert create.sender["service.name"] == "polycue"
    assert create.sender["service.version"]
    assert create.sender["service.instance.id"]
    assert not any(span.failed for span in spans)


def test_a_batch_consists_of_the_same_whether_its_model_is_in_the_server_or_in_a_child(
    server: Server, collector: Collector, repository: Path
) -> None:
    def told() -> tuple[set[str], set[int]]:
        with server.client() as client:
            client.transcribe(repository / "demo" / "tour.mp4")
        stop(server)
        ways = {way.partition("recognise batch")[2] for way in _short(_ways(collector.spans))}
        engines = {one.facts["process.pid"] for one in collector.named("recognise in engine")}
        collector.spans.clear()
        return ways - {""}, engines

    ours = server.pid
    in_child, children = told()
    server.start("--engine=threads")
    in_threads, here = told()
    assert in_child - {"/load in engine"} == in_threads
    assert in_threads == {
        "/recognise in engine",
        *(
            f"/recognise in engine/{part}"
            for part in ("encode sound", "decode text", "align words", "place words")
        ),
    }
    assert here == {server.pid}
    assert len(children) == 1
    assert children.isdisjoint({ours, *here})


def _ways(spans: list[Seen]) -> Iterator[list[str]]:
    by_id = {span.id: span for span in spans}
    for span in spans:
        names, at = [span.name], span
        while at := by_id.get(at.parent):  # type: ignore[assignment]
            names.insert(0, at.name)
        yield names


def _short(ways: Iterator[list[str]]) -> set[str]:
    """Without the package and the service of methods."""
    return {"/".join(name.rpartition("/")[2] for name in way) for way in ways}


def _check_times(by_id: dict[str, Seen]) -> None:
    """Whatever is within something else begins after it; within what blocks it also ends in it."""
    for span in by_id.values():
        assert span.began_ns <= span.ended_ns, span
        around = by_id.get(span.parent)
        if around is None or around.sender != span.sender:
            continue  # two processes, whose clocks are one here, but who begin at their own time
        slack_ns = 2_000_000  # spans of rows are told of after the fact, from a monotonic clock
        assert span.began_ns >= around.began_ns - slack_ns, (span, around)
        if around.name in ENDS_LAST:
            assert span.ended_ns <= around.ended_ns + slack_ns, (span, around)


def _check_batches(collector: Collector) -> None:
    rows = {row.id: row for row in collector.named("recognise row")}
    batches = {batch.id: batch for batch in collector.named("recognise batch")}
    assert rows
    assert batches
    for row in rows.values():
        (where,) = row.links
        assert row.id in batches[where].links
        assert row.facts["polycue.waited_ms"] <= row.ms + 1
    for batch in batches.values():
        assert batch.facts["polycue.rows"] == len(batch.links)
        assert batch.parent in batch.links


def test_neither_log_nor_trace_has_a_word_of_what_was_said_or_a_secret(
    server: Server,
    collector: Collector,
    repository: Path,
    tmp_path: Path,
    postgres: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the debug level, with a database that goes away for a moment."""
    stop(server)
    callers, url = TokensFile(tmp_path / "callers.toml"), postgres.new_database()
    token, password = callers.add("films"), "correct-horse-battery"
    url = url.replace(":secret@", f":{password}@")
    server.start(f"--tokens-file={callers.path}", f"--database-url={url}")
    postgres.stop("immediate")
    server.says("the database is waited for")
    postgres.start()
    monkeypatch.setenv("POLYCUE_TOKEN", token)
    film = tmp_path / "The Unspeakable Name.mp4"
    shutil.copy(repository / "demo" / "tour.mp4", film)
    polycue(server, "subtitle", str(film), "--translate-to", "es", "--initial-prompt", "zebra")
    srt = film.with_suffix(".en.srt").read_text()
    polycue(server, "translate", str(film.with_suffix(".en.srt")), "--to", "de")
    stop(server)
    log = server.log.read_text()
    for told in (log, collector.raw.decode(errors="replace")):
        _check_silence(told, srt)
        assert token not in told
        assert password not in told
    _check_keys([json.loads(line) for line in log.splitlines()])


def _check_silence(told: str, srt: str) -> None:
    lines = [line for line in srt.splitlines() if line and not line[0].isdigit()]
    assert lines
    spoken = {word.strip(".,!?").lower() for line in lines for word in line.split()}
    told = told.lower()
    assert "unspeakable" not in told
    # A word may also be one of ours; three in a row of what was said are no accident.
    for line in lines:
        words = line.lower().split()
        for first in range(len(words) - 2):
            assert " ".join(words[first : first + 3]) not in told
    for rare in sorted(spoken, key=len, reverse=True)[:20]:
        if len(rare) > 7:
            assert rare not in told, rare


def _check_keys(lines: list[dict[str, Any]]) -> None:
    assert all({"event", "level", "logger", "timestamp"} <= line.keys() for line in lines)
    calls = [line for line in lines if line["event"] == "call"]
    assert calls
    assert all({"method", "code", "ms", "request_id", "trace_id"} <= line.keys() for line in calls)
    begun = [line for line in lines if line["event"] in {"job begins", "job ended"}]
    assert begun
    created = {line["request_id"] for line in calls if line["method"] == "CreateJob"}
    assert all(line["request_id"] in created and line["job"] for line in begun)
