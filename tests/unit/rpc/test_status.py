import re
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain import errors
from polycue.domain.errors import PolycueError
from polycue.rpc import status

KINDS = (
    error_details_pb2.ErrorInfo,
    error_details_pb2.BadRequest,
    error_details_pb2.ResourceInfo,
    error_details_pb2.PreconditionFailure,
    error_details_pb2.QuotaFailure,
    error_details_pb2.RetryInfo,
)


def tree(root: type[PolycueError]) -> Iterator[type[PolycueError]]:
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
        yield from tree(kind)


PATH = Path("/srv/our films/jobs/1/work/film.mkv")
EXAMPLES: tuple[PolycueError, ...] = (
    errors.InvalidRequest("spec.subtitle.transcribe.beam_size", "0 is not within 1 to 10"),
    errors.UnknownLanguage("blah", "language_code"),
    errors.RequestIdReused("r"),
    errors.LimitExceeded("media", 5, 3, "ms"),
    errors.NotFound("upload", "uploads/1"),
    errors.NotMedia(PATH),
    errors.NoAudioStream(PATH),
    errors.NoVideoStream(PATH),
    errors.AudioStreamNotFound(PATH, "fr", ["0: en", "1: es"]),
    errors.Undecodable(PATH, f"Error opening file:{PATH}"),
    errors.Encrypted(PATH),
    errors.TooManyStreams(PATH, 128),
    errors.MediaOverLimit(PATH, "memory", "512 MiB"),
    errors.UnsupportedContainer(PATH, ["mkv"]),
    errors.MuxRejected(PATH, "no subtitles in it"),
    errors.SubtitleSyntax("SubRip", 3, "no time"),
    errors.PoorFit("the speech", 0.03, 0.15),
    errors.TranscriptUnusable("film.es.json", "it is a translation", "take film.en.json"),
    errors.FormatNotInstalled("TTML", "pip install 'polycue[imsc]'"),
    errors.ToolMissing("ffmpeg"),
    errors.ToolFailed(["ffmpeg", "-i", f"file:{PATH}"], 1, f"file:{PATH}: Invalid data found"),
    errors.ToolKilled(["ffmpeg"], -9, ""),
    errors.ToolOverLimit(["ffmpeg"], 1, "Cannot allocate memory", "memory", "512 MiB"),
    errors.SandboxFailed("ffmpeg", "Operation not permitted"),
    errors.SandboxMissing(["landlock"]),
    errors.ToolTimedOut(["ffmpeg"], 2.5),
    errors.ModelMissing("small", "polycue models pull small"),
    errors.ModelDamaged("small", "model.bin is missing"),
    errors.ModelTooLarge("large-v3", 2**32, 2**31),
    errors.ModelsTooLarge("large-v3", "en_es", 2**31),
    errors.PairNotInstalled("en", "fr", "polycue models pull en:fr"),
    errors.LanguageNotSupported("small", "fr"),
    errors.Offline("small"),
    errors.DownloadFailed("small", "no route to host", "try again"),
    errors.DeviceUnavailable("cuda", "no driver"),
    errors.ClusterUnavailable("no node has a GPU"),
    errors.NoRoomNow("large-v3", 2**32, ["medium"], 30),
    errors.EngineDied("a translation", "SIGSEGV"),
    errors.PoisonChunk("small", 3, "SIGSEGV"),
    errors.RecognitionFailed(3, "bad"),
    errors.OutOfMemory(3, "CUDA failed with error out of memory"),
    errors.TranslationFailed("en", "es", "bad"),
    errors.IllegalTransition("1", "queued", "succeeded"),
    errors.JobNotResumable("1", "succeeded"),
    errors.LeaseLost("1"),
    errors.PoisonJob("1", 5, "transcribe/12"),
    errors.QueueFull(3, 30),
    errors.WriteOffsetMismatch("uploads/1", 3, 7),
    errors.UploadIncomplete("uploads/1", 3, 7),
    errors.UploadQuotaExceeded(5, 3, 600),
    errors.ChecksumMismatch("uploads/1", "aa", "bb"),
    errors.TransferStalled(60.0),
    errors.ReaderStalled(60.0),
    errors.ReadPastEnd("jobs/1/artifacts/a", 9, 3),
    errors.DataFolderInUse(PATH, "process 1"),
    errors.StoreUnusable(str(PATH), "damaged"),
    errors.StoreUnavailable("another program holds its file"),
    errors.StorageFull("the upload"),
    errors.SourceRefused("media.uri", "this server reads nothing from there"),
    errors.SourceUnusable("films.example", "it answers 404"),
    errors.SourceUnreachable("films.example", "it does not answer"),
    errors.SourceTooLarge("films.example", 1000),
    errors.SourceTooSlow("films.example", 3600.0),
    errors.StorageUnavailable("the upload", "Read-only file system"),
    errors.Unreadable(PATH, "no such file"),
    errors.Unwritable(PATH, "read-only"),
    errors.AlreadyExists(PATH, "is there"),
    errors.CredentialsUnusable(PATH, "is no TOML"),
    errors.InsecureAddress("0.0.0.0:1", "calls are not encrypted"),
    errors.AddressUnusable("x", "taken"),
    errors.TokenMissing(),
    errors.TokenUnknown(),
    errors.TokenExpired(),
    errors.CertificateUnknown(),
    errors.QuotaExceeded("jobs", 3, 3, "jobs", 30),
    errors.DeadlineTooShort(40.0, 3.0),
    errors.TooManyCalls(4, 5),
    errors.Draining(),
)


def details_of(rich: status_pb2.Status) -> dict[str, object]:
    """Each detail by the name of its kind; every kind is there at most once."""
    found: dict[str, object] = {}
    for packed in rich.details:
        for kind in KINDS:
            message = kind()
            if packed.Unpack(message):
                assert kind.__name__ not in found
                found[kind.__name__] = message
    assert len(found) == len(rich.details)
    return found


def test_no_error_is_forgotten() -> None:
    assert set(tree(PolycueError)) == set(status.TABLE)


def test_every_error_that_is_raised_has_an_example_here() -> None:
    leaves = {kind for kind in tree(PolycueError) if not kind.__subclasses__()}
    assert leaves <= {type(example) for example in EXAMPLES}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_every_error_says_one_reason_and_what_goes_with_its_code(error: PolycueError) -> None:
    rich = status.status_of(error)
    code = grpc.StatusCode[status.row_of(error).code.name]
    assert rich.code == code.value[0]
    assert rich.code
    details = details_of(rich)
    info = details["ErrorInfo"]
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert info.domain == "polycue"
    assert info.reason == info.reason.upper() == status.reason_of(error)
    assert set(info.metadata) == {status._camel(name) for name in status.row_of(error).facts}
    extra = {
        grpc.StatusCode.NOT_FOUND: "ResourceInfo",
        grpc.StatusCode.FAILED_PRECONDITION: "PreconditionFailure",
        grpc.StatusCode.RESOURCE_EXHAUSTED: "QuotaFailure",
    }.get(code)
    assert extra is None or extra in details
    assert ("BadRequest" in details) is (
        isinstance(error, errors.InvalidRequest) and code is grpc.StatusCode.INVALID_ARGUMENT
    )
    assert ("RetryInfo" in details) is (status.retry_after_s(error) is not None)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        assert "RetryInfo" in details
    assert len(rich.SerializeToString()) <= status.MOST_STATUS_BYTES


def test_the_page_for_callers_tells_of_reasons_that_there_are(repository: Path) -> None:
    page = (repository / "docs" / "api.md").read_text(encoding="utf-8")
    table = page.partition("| code | reasons |")[2].partition("\n\n")[0]
    told = {
        reason for line in table.splitlines() for reason in re.findall(r"`([A-Z_]{5,})`", line)
    } - {code.name for code in grpc.StatusCode}
    known = "|".join(row.reason.format(kind="[A-Z_]+") for row in status.TABLE.values())
    assert len(told) > 40
    assert [reason for reason in told if not re.fullmatch(known, reason)] == []


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_no_folder_of_the_server_is_told(error: PolycueError) -> None:
    told = status.status_of(error).SerializeToString().decode("latin-1")
    assert "/srv" not in told
    assert "our films" not in told
    assert "jobs/1/work" not in told


def test_facts_are_told_under_names_for_programs() -> None:
    facts = status.facts_of(errors.WriteOffsetMismatch("uploads/1", 3, 7))
    assert facts == {"upload": "uploads/1", "offset": "3", "committedBytes": "7"}
    assert status.facts_of(errors.PairNotInstalled("en", "fr", "do it"))["command"] == "do it"
    assert status.facts_of(errors.TransferStalled(60.0)) == {"idleS": "60"}


def test_what_is_not_found_has_a_reason_of_its_own() -> None:
    reasons = {
        kind: status.reason_of(errors.NotFound(kind, "x")) for kind in ("job", "upload", "artifact")
    }
    assert reasons == {
        "job": "JOB_NOT_FOUND",
        "upload": "UPLOAD_NOT_FOUND",
        "artifact": "ARTIFACT_NOT_FOUND",
    }


def test_a_class_that_is_new_gets_the_row_above_it() -> None:
    class Sudden(errors.NotMedia):
        pass

    assert status.reason_of(Sudden(PATH)) == "NOT_MEDIA"


@given(st.text(), st.text(), st.integers(0, 3))
def test_however_long_the_texts_the_status_fits(field: str, problem: str, repeat: int) -> None:
    many = 10**repeat
    for error in (
        errors.InvalidRequest(field * many, problem * many),
        errors.NotFound("job", field * many),
        errors.ChecksumMismatch(field * many, problem * many, problem * many),
        errors.AudioStreamNotFound(PATH, problem * many, [field] * many),
        errors.PairNotInstalled(field * many, problem * many, field * many),
    ):
        rich = status.status_of(error)
        assert len(rich.SerializeToString()) <= status.MOST_STATUS_BYTES
        assert "ErrorInfo" in details_of(rich)


def test_texts_that_utf8_cannot_hold_do_not_harm() -> None:
    rich = status.status_of(errors.NotMedia(Path("caf\udce9.mkv")))
    assert "caf?.mkv" in rich.message


def test_an_unknown_error_becomes_a_failure_without_its_text() -> None:
    failure = status.failure_of(ValueError("/secret"))
    assert (failure.code, failure.reason) == (13, "INTERNAL")
    assert "secret" not in failure.message


def test_a_known_error_becomes_a_failure_like_its_status() -> None:
    error = errors.PairNotInstalled("en", "fr", "polycue models pull en:fr")
    failure, rich = status.failure_of(error), status.status_of(error)
    assert (failure.code, failure.message) == (rich.code, rich.message)
    assert failure.reason == "PAIR_NOT_INSTALLED"
    assert failure.facts["command"] == "polycue models pull en:fr"
