"""What grpc raises becomes a class, a reason and facts."""

import pickle
from pathlib import Path

import grpc
import pytest
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2

from polycue.api.v1 import media_pb2
from polycue_client import Polycue, errors
from polycue_client.outcome import from_failure
from polycue_client.testing import Refusal, ScriptedServer
from polycue_client.wire.raised import from_rpc


def test_reason_and_metadata_come_from_the_details(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.fail(
        "CreateJob",
        Refusal(
            grpc.StatusCode.FAILED_PRECONDITION,
            "nothing installed translates en to fr",
            reason="PAIR_NOT_INSTALLED",
            command="polycue models pull 'en>fr'",
        ),
    )
    with pytest.raises(errors.PairNotInstalled) as raised:
        polycue.subtitle(media_pb2.MediaSource(uri="file:///film.mp4"), translate_to=["fr"])
    assert raised.value.reason == "PAIR_NOT_INSTALLED"
    assert raised.value.status == "FAILED_PRECONDITION"
    assert raised.value.metadata == {"command": "polycue models pull 'en>fr'"}
    assert str(raised.value) == "nothing installed translates en to fr"


def test_field_violations_and_the_time_to_wait_are_attributes(
    polycue: Polycue, server: ScriptedServer
) -> None:
    refusal = Refusal(grpc.StatusCode.INVALID_ARGUMENT, "two fields are wrong", reason="SOMETHING")
    violation = error_details_pb2.BadRequest.FieldViolation
    refusal.details += [
        error_details_pb2.BadRequest(
            field_violations=[
                violation(field="spec.formats", description="is empty"),
                violation(field="ttl", description="is negative"),
            ]
        ),
        error_details_pb2.RetryInfo(
            retry_delay=duration_pb2.Duration(seconds=1, nanos=500_000_000)
        ),
    ]
    server.fail("ListModels", refusal)
    with pytest.raises(errors.InvalidRequest) as raised:
        polycue.models()
    assert raised.value.violations == (
        errors.FieldViolation("spec.formats", "is empty"),
        errors.FieldViolation("ttl", "is negative"),
    )
    assert raised.value.retry_after_s == 1.5


def test_an_error_without_details_gets_the_class_of_its_status(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.fail("ListModels", Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "too large"))
    with pytest.raises(errors.ResourceExhausted) as raised:
        polycue.models()
    assert (raised.value.reason, raised.value.retry_after_s) == ("", None)


class Garbled(Refusal):
    def trailers(self) -> tuple[tuple[str, bytes], ...]:
        return (("grpc-status-details-bin", b"\xff\xff\xff"),)


def test_details_that_are_no_protobuf_are_left_alone(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.fail("ListModels", Garbled(grpc.StatusCode.NOT_FOUND, "gone"))
    with pytest.raises(errors.NotFound, match="gone") as raised:
        polycue.models()
    assert raised.value.reason == ""


def test_a_jobs_failure_has_the_class_a_call_would_have_raised() -> None:
    failure = media_pb2.Failure(
        code=9, reason="NO_AUDIO_STREAM", message="film.mp4: has no audio stream"
    )
    error = from_failure(failure)
    assert isinstance(error, errors.NoAudioStream)
    assert error.status == "FAILED_PRECONDITION"


def test_a_message_that_meets_a_call_just_ended_is_a_broken_connection() -> None:
    # An upload over asyncio whose server broke off between two chunks failed for good, once in a
    # few hundred runs: grpc.aio then says INTERNAL by itself, and not what the server said.
    raced = grpc.aio.AioRpcError(
        grpc.StatusCode.INTERNAL,
        grpc.aio.Metadata(),
        grpc.aio.Metadata(),
        details="Internal error from Core",
        debug_error_string='Failed "execute_batch"',
    )
    assert isinstance(from_rpc(raced), errors.ServerUnreachable)


def test_a_reason_of_a_newer_server_falls_back_on_its_status() -> None:
    error = from_failure(media_pb2.Failure(code=8, reason="MOON_FULL", message="wait"))
    assert type(error) is errors.ResourceExhausted
    assert error.reason == "MOON_FULL"


def test_a_job_that_failed_for_want_of_a_device_does_not_look_like_a_lost_server() -> None:
    # The CLI stops and exits 3 when the server is gone; a job's failure is no such thing, though
    # its status is UNAVAILABLE too.
    failure = media_pb2.Failure(code=14, reason="DEVICE_UNAVAILABLE", message="no CUDA device")
    assert type(from_failure(failure)) is errors.DeviceUnavailable
    assert type(from_failure(media_pb2.Failure(code=14))) is errors.ServerFault


def test_every_reason_with_a_class_is_one_that_the_server_gives() -> None:
    from polycue.rpc.status import TABLE

    assert set(errors.CLASS_OF_REASON) <= {row.reason for row in TABLE.values()}


def test_every_grpc_status_but_ok_has_a_class() -> None:
    statuses = {code.name for code in grpc.StatusCode} - {"OK"}
    assert statuses == set(errors.CLASS_OF_STATUS)


def test_every_class_is_drawn_in_the_tree() -> None:
    def names(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*map(names, kind.__subclasses__()))

    drawn = set((errors.__doc__ or "").replace("│", " ").replace("├──", " ").split())
    assert names(errors.PolycueClientError) <= drawn


@pytest.mark.parametrize(
    "error",
    [
        errors.QueueFull("full", status="X", details=errors.Details(retry_after_s=3.0)),
        errors.FileExists(Path("a.srt")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error: errors.PolycueClientError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
