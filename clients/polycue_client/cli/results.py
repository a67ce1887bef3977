"""What there is to do for each file, and what became of it."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from polycue.api.v1 import engine_pb2, jobs_pb2, media_pb2
from polycue_client.cli.captions import Caption
from polycue_client.cli.display import harmless
from polycue_client.cli.embedded import NotStarted
from polycue_client.cli.exits import ExitCode, explain
from polycue_client.cli.inputs import check_readable, check_writable
from polycue_client.cli.outputs import Output, Placement, refuse_taken
from polycue_client.errors import PolycueClientError, ServerUnreachable

Json = dict[str, object]

LONGEST_NAME_BYTES = 255  # NAME_MAX of Linux's file systems


@dataclass(frozen=True, slots=True)
class Item:
    """One file to work on, and the others that are needed ``beside`` it.

    ``spec`` takes the sources of all of them, in this order. ``expected`` are the
    results whose names are known beforehand, all of them if ``certain``. ``unnamed`` are the
    suffixes of the track in the spoken language where nobody said which that is.
    """

    path: Path
    place: Placement
    spec: Callable[..., jobs_pb2.JobSpec]
    beside: tuple[Path, ...] = ()
    expected: tuple[Path, ...] = ()
    certain: bool = False
    unnamed: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Path, ...]:
        return (self.path, *self.beside)

    def collides(self, other: "Item") -> bool:
        """Whether both write, or may write, a file of the same name."""
        if self.certain and other.certain:
            return not set(self.expected).isdisjoint(other.expected)
        return self.place == other.place


@dataclass(slots=True)
class Result:
    """What became of an item, as far as it has come."""

    item: Item
    job: str = ""
    language: str = ""
    outputs: list[Output] = field(default_factory=list)
    notices: list[media_pb2.Notice] = field(default_factory=list)
    tracks: dict[str, dict[int, Caption]] = field(default_factory=dict)
    usage: engine_pb2.EngineUsage = field(default_factory=engine_pb2.EngineUsage)
    error: Exception | None = None

    def add_cues(self, track: media_pb2.Track) -> None:
        """Take in cues of one track; those that come again replace themselves.

        Forced tracks say nothing that is not in the whole ones.
        """
        from polycue.api.v1 import media_pb2

        if track.kind == media_pb2.TRACK_KIND_FORCED:
            return
        captions = self.tracks.setdefault(track.language_code, {})
        for cue in track.cues:
            captions[cue.index] = Caption(
                start_ms=cue.start_offset.ToMilliseconds(),
                end_ms=cue.end_offset.ToMilliseconds(),
                text=harmless(" ".join(cue.text.split())),
                costs=dict(cue.costs),
            )

    def document(self) -> Json:
        """As ``--json`` shows it."""
        return {
            "input": str(self.item.path),
            "ok": self.error is None,
            "job": self.job,
            "language": self.language,
            "engine": usage_document(self.usage),
            **outcome_document(self.outputs, self.notices, self.error),
        }


def usage_document(usage: engine_pb2.EngineUsage) -> Json:
    """What the devices did, as every command's ``--json`` shows it; empty where nothing."""
    from google.protobuf.json_format import MessageToDict

    return dict(MessageToDict(usage, preserving_proto_field_name=True))


def outcome_document(
    outputs: Iterable[Output], notices: Iterable[media_pb2.Notice], error: Exception | None
) -> Json:
    """What became of a file, as every command's ``--json`` shows it."""
    return {
        "outputs": [
            {
                "path": str(output.path),
                "language": output.language,
                "size_bytes": output.size_bytes,
                "sha256": output.sha256,
            }
            for output in outputs
        ],
        "notices": [
            {"reason": n.reason, "message": n.message, "metadata": dict(n.metadata)}
            for n in notices
        ],
        "error": _error_document(error) if error else None,
    }


def _error_document(error: Exception) -> Json:
    if not isinstance(error, PolycueClientError):
        return {"type": type(error).__name__, "message": explain(error)}
    return {
        "type": type(error).__name__,
        "message": error.message,
        "status": error.status,
        "reason": error.reason,
        "metadata": dict(error.metadata),
        "violations": [{"field": v.field, "description": v.description} for v in error.violations],
    }


def planned(items: Iterable[Item], *, overwrite: bool, printed: bool) -> list[Result]:
    """A result for each item, with an error where it is clear that it cannot be done.

    ``printed`` results go to stdout and need no place.
    """
    results: list[Result] = []
    for item in items:
        result = Result(item)
        try:
            for path in item.inputs:
                check_readable(path)
            if not printed:
                _check_place(item, [r.item for r in results if not r.error], overwrite=overwrite)
        except (OSError, PolycueClientError) as error:
            result.error = error
        results.append(result)
    return results


def _check_place(item: Item, before: Iterable[Item], *, overwrite: bool) -> None:
    check_writable(item.place.folder)
    if len(os.fsencode(item.place.sidecar("zh-Hant", "json").name)) > LONGEST_NAME_BYTES:
        raise OSError(f"the name of {item.path} is too long for results to be named after it")
    for rival in filter(item.collides, before):
        raise OSError(
            f"{item.path} would write the same files as {rival.path}; use two folders (-o)"
        )
    for path in item.expected:
        if path.exists() and any(map(path.samefile, item.inputs)):
            raise OSError(f"{path} would be written over itself; choose another folder with -o")
    if not overwrite:
        refuse_taken(item.expected)


def exit_code(outcomes: Iterable[Exception | None]) -> ExitCode:
    """What the errors of all files, None for one that is done, mean to a shell."""
    errors = [error for error in outcomes if error]
    refusal = next((error for error in errors if isinstance(error, NotStarted)), None)
    if refusal:
        return refusal.exit_code
    if any(isinstance(error, ServerUnreachable) for error in errors):
        return ExitCode.UNREACHABLE
    return ExitCode.SOME_FAILED if errors else ExitCode.DONE
