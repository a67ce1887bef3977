"""A job whose server stops or dies stays in the trace of whoever asked for it."""

from collections.abc import Iterator

import pytest

from support.aftermath import Aftermath
from support.collector import Collector, collecting
from support.fleet import Fleet
from support.stepped_server import Film
from support.steps import Director

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.mark.short
@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_what_another_server_goes_on_with_is_still_in_the_callers_trace(
    fleet: Fleet,
    director: Director,
    aftermath: Aftermath,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-b7ad6b7169203331-01")
    traced = f"--otlp-endpoint={collector.endpoint}"
    first = fleet.server(traced).start("--drain-s=1")
    half_way = director.hold("chunk", index=3)
    with first.client() as polycue:
        aftermath.create(polycue, Film("a", 6))
    half_way.wait()
    collector.wait_for(lambda c: any(s.name.endswith("/CreateJob") for s in c.spans))
    if end == "killed":
        first.kill()
        half_way.let_go()
    else:
        first.terminate()
        assert first.wait() == 0
        half_way.let_go()  # any sooner, it might come to its end before it hears of the server's
    second = fleet.server(traced).start()
    aftermath.check(second)
    collector.wait_for(lambda c: bool(c.named("job")))
    job, last = collector.one("job"), collector.named("attempt")[-1]
    create = next(s for s in collector.spans if s.name.endswith("/CreateJob"))
    assert {job.trace, last.trace, create.trace} == {TRACE}
    assert job.parent == create.id
    assert [one.parent for one in collector.named("attempt")] == (
        [job.id] if end == "killed" else [job.id, job.id]
    )
    assert last.facts["polycue.number"] == 2
    assert last.facts["polycue.request_id"] == create.facts["polycue.request_id"]
    senders = {s.sender["service.instance.id"] for s in (create, last)}
    assert len(senders) == 2
