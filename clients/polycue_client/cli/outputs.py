"""What results are called, and how they come to lie beside the film: all of them or none."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polycue_client.cli.hls import FOLDER_SUFFIX, FolderDraft, local_name
from polycue_client.drafts import Draft, own_name, told_of
from polycue_client.errors import FileExists

if TYPE_CHECKING:
    from polycue.api.v1 import artifacts_pb2
    from polycue_client.client import Polycue

# What tells reports from tracks. The first is for programs, which find it in the JSON track too.
REPORT_TYPES = ("application/vnd.polycue.report+json", "text/html")
KINDS = ("sdh", "forced")  # what media servers call tracks that are not plain subtitles
SYNCED = ".synced"  # ffsubsync's, so that its users' scripts find the files
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the results of one input go.

    Tracks are ``{folder}/{stem}[.bilingual].{language}[.sdh].{suffix}``.
    """

    folder: Path
    stem: str

    def sidecar(
        self, language: str, suffix: str, kind: str = "", *, bilingual: bool = False
    ) -> Path:
        """``kind`` is one of ``KINDS``, "" for plain subtitles."""
        tag = f".{kind}" if kind else ""
        both = ".bilingual" if bilingual else ""
        return self.folder / f"{self.stem}{both}.{language}{tag}.{suffix}"

    def copy(self, suffix: str) -> Path:
        return self.folder / f"{self.stem}.subtitled.{suffix}"

    def of(self, artifact: "artifacts_pb2.Artifact") -> Path:
        """The place of a result; of a server's own words only tags and a suffix are used."""
        rest = local_name(own_name(artifact.filename)).removeprefix(self.stem)
        *head, tag, suffix = ("", "", *rest.split("."))
        if tag == "report":
            *head, tag = head
            suffix = f"report.{suffix}"
        if _LANGUAGE_TAG.fullmatch(artifact.language_code):
            kind = tag if tag in KINDS else ""
            bilingual = "bilingual" in head
            return self.sidecar(artifact.language_code, suffix, kind, bilingual=bilingual)
        return self.copy(suffix)


@dataclass(frozen=True, slots=True)
class SyncedPlacement(Placement):
    """Beside the subtitles, as ``{stem}.synced.{suffix}``."""

    def synced(self, suffix: str) -> Path:
        return self.folder / f"{self.stem}{SYNCED}.{suffix}"

    def of(self, artifact: "artifacts_pb2.Artifact") -> Path:
        return self.synced(local_name(own_name(artifact.filename)).rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class InPlace(SyncedPlacement):
    """Where the subtitles themselves are."""

    path: Path

    def of(self, artifact: "artifacts_pb2.Artifact") -> Path:
        return self.path


@dataclass(frozen=True, slots=True)
class Output:
    """A file that was written. ``language`` is "" for a muxed copy.

    Of an HLS track's folder, size and digest are those of the archive that it came in.
    """

    path: Path
    language: str
    size_bytes: int
    sha256: str


def refuse_taken(paths: Iterable[Path]) -> None:
    """Return where no file has one of these names.

    Raises:
        FileExists: one has.
    """
    for path in paths:
        if os.path.lexists(path):
            raise FileExists(path)


@contextlib.contextmanager
def drafts_of(paths: Iterable[Path]) -> Iterator[list[Draft | FolderDraft]]:
    """What becomes the paths, in folders made for it: files, or HLS tracks' folders by their name.

    What ``publish_all`` has not let appear is gone after the block.
    """
    found: list[Draft | FolderDraft] = []
    with contextlib.ExitStack() as stack:
        for path in paths:
            stack.enter_context(_made(path.parent))
            draft = FolderDraft(path) if path.suffix == FOLDER_SUFFIX else Draft(path)
            stack.enter_context(draft)
            found.append(draft)
        yield found


def publish_all(drafts: Sequence[Draft | FolderDraft], *, overwrite: bool) -> None:
    """Let everything appear, once every archive has been unpacked.

    Raises:
        FileExists: ``overwrite`` is not set and something is there by now.
    """
    for draft in drafts:
        if isinstance(draft, FolderDraft):
            draft.unpack()
    for draft in drafts:
        draft.publish(overwrite=overwrite)


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Have the folder for the block; if it is new, it stays only where something lies in it."""
    new = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # something does
            for made in new:
                made.rmdir()


def fetch_all(
    client: "Polycue",
    places: Sequence[tuple["artifacts_pb2.Artifact", Path]],
    *,
    overwrite: bool,
) -> list[Output]:
    """Download everything under hidden names, then let all of it appear, in folders made for it.

    Raises:
        FileExists: ``overwrite`` is not set and one is there; nothing was written.
    """
    if not overwrite:
        refuse_taken(path for _, path in places)
    with drafts_of(path for _, path in places) as drafts:
        for draft, (artifact, _) in zip(drafts, places, strict=True):
            with told_of(draft.to):
                client.download_into(draft.file, artifact)
        publish_all(drafts, overwrite=overwrite)
    return [
        Output(path, artifact.language_code, artifact.size_bytes, artifact.sha256.hex())
        for artifact, path in places
    ]
