"""What a server makes of its settings for ffmpeg, and whom it tells."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from polycue import metrics
from polycue.app.sandbox import confine_media
from polycue.config import GIB, MIB, Settings
from polycue.domain.errors import SandboxMissing
from polycue.media import sandbox
from polycue.media.call import Call, Work

NO_LANDLOCK = {"landlock": False, "seccomp": True, "limits": True}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    sandbox.configure(sandbox.Budget())


@pytest.fixture
def _no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "layers", lambda: NO_LANDLOCK)


def test_the_settings_are_the_budget_of_every_call() -> None:
    confine_media(Settings(media_memory_bytes=300 * MIB, burn_in_memory_bytes=GIB, media_cpu_s=120))

    limits = {work: sandbox.limits_of(Call(("ffmpeg",), work)) for work in Work}
    assert limits[Work.SOUND] == sandbox.Limits(300 * MIB, cpu_s=120, file_bytes=0)
    assert limits[Work.DRAW] == sandbox.Limits(GIB, cpu_s=7200, file_bytes=0)
    assert limits[Work.LOOK].cpu_s == 2


@pytest.mark.usefixtures("_no_landlock")
def test_a_layer_that_is_missing_is_told_in_the_log_and_in_the_metrics() -> None:
    with capture_logs() as lines:
        confine_media(Settings())

    told = [line for line in lines if line["event"] == "ffmpeg is confined"]
    assert [(line["log_level"], line["landlock"]) for line in told] == [("warning", False)]
    assert metrics.REGISTRY.get_sample_value("polycue_sandbox_layer", {"layer": "landlock"}) == 0
    assert metrics.REGISTRY.get_sample_value("polycue_sandbox_layer", {"layer": "seccomp"}) == 1


@pytest.mark.usefixtures("_no_landlock")
def test_a_server_that_wants_all_layers_does_without_none() -> None:
    with pytest.raises(SandboxMissing):
        confine_media(Settings(require_sandbox=True))
