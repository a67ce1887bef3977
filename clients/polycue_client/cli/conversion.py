"""What ``polycue convert`` does: a call for each file and format, then all of a file's results."""

import hashlib
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from polycue.api.v1 import media_pb2
from polycue_client.cli.display import harmless, name_of
from polycue_client.cli.documents import print_json
from polycue_client.cli.embedded import NotStarted
from polycue_client.cli.exits import explain
from polycue_client.cli.inputs import (
    check_readable,
    check_writable,
    format_named,
    stem_and_language,
)
from polycue_client.cli.interruption import Interruption
from polycue_client.cli.options import OutputChoice
from polycue_client.cli.outputs import Output, drafts_of, publish_all, refuse_taken
from polycue_client.cli.results import Json, exit_code, outcome_document
from polycue_client.cli.servers import ServerChoice
from polycue_client.cli.workplace import Workplace, roots_of, workplace
from polycue_client.client import Polycue
from polycue_client.errors import LimitExceeded, PolycueClientError, ServerUnreachable


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of each file. An empty ``layout`` leaves lines as they are."""

    formats: tuple[str, ...]
    language: str
    layout: media_pb2.LayoutConfig
    output: OutputChoice

    def targets(self, text: Path) -> dict[str, Path]:
        """Where the results go, by format: the file's name with another suffix.

        The file itself is none of them.

        Raises:
            OSError: nothing is left.
        """
        folder = self.output.placement(text, text.stem).folder
        found = {name: folder / f"{text.stem}.{name}" for name in self.formats}
        targets = {name: path for name, path in found.items() if not _same(path, text)}
        if not targets:
            raise OSError(f"{text} would be written over itself; choose another folder with -o")
        return targets


def _same(path: Path, text: Path) -> bool:
    return path.exists() and path.samefile(text)


@dataclass(slots=True)
class Conversion:
    """One file and what became of it."""

    path: Path
    outputs: list[Output] = field(default_factory=list)
    notices: list[media_pb2.Notice] = field(default_factory=list)
    error: Exception | None = None

    def document(self) -> Json:
        """As ``--json`` shows it."""
        return {
            "input": str(self.path),
            "ok": self.error is None,
            **outcome_document(self.outputs, self.notices, self.error),
        }


def convert_all(texts: Sequence[Path], wish: Wish, choice: ServerChoice) -> int:
    """Convert all files, tell about each, and return the exit code."""
    conversions = [Conversion(text) for text in texts]
    with Interruption() as interruption:
        _work_off(deque(conversions), wish, choice, interruption)
    code: int = exit_code(conversion.error for conversion in conversions)
    if interruption.times:
        code = interruption.exit_code
        click.echo("interrupted", err=True)
    if wish.output.as_json:
        print_json({"exit_code": code, "files": [each.document() for each in conversions]})
    return code


def _work_off(
    left: deque[Conversion], wish: Wish, choice: ServerChoice, interruption: Interruption
) -> None:
    """Convert one after the other; where the server is gone, it is so for all that are left."""
    try:
        roots = roots_of([each.path for each in left])
        with workplace(choice, roots, interruption, _say) as place:
            while left:
                _go_on(interruption)
                _convert(place, wish, left[0])
                _tell(left.popleft(), wish.output)
    except (NotStarted, ServerUnreachable) as error:
        for conversion in left:
            conversion.error = error
            if not interruption.times:
                _tell(conversion, wish.output)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _go_on(interruption: Interruption) -> None:
    if interruption.times:
        raise ServerUnreachable("interrupted before its turn")


def _convert(place: Workplace, wish: Wish, conversion: Conversion) -> None:
    """Fill in the conversion; its ``error`` says what could not be done."""
    try:
        content = _content(place.client, conversion.path)
        if wish.output.to_stdout:
            ((data, _),) = _converted(place.client, content, wish, wish.formats, conversion)
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            _write(place.client, content, wish, conversion)
    except ServerUnreachable as error:
        raise place.unreachable(error) from error
    except PolycueClientError as error:
        conversion.error = place.at_home(error)
    except OSError as error:
        conversion.error = error


def _content(client: Polycue, path: Path) -> bytes:
    check_readable(path)
    size_bytes, limit = path.stat().st_size, client.server_info().limits.max_inline_bytes
    if size_bytes > limit:
        raise LimitExceeded(f"{path} has {size_bytes} bytes; at most {limit} are converted")
    return path.read_bytes()


def _converted(
    client: Polycue, content: bytes, wish: Wish, formats: Iterable[str], conversion: Conversion
) -> Iterator[tuple[bytes, str]]:
    """The file in each of the formats, and its language; the notices are the same each time."""
    language = wish.language or stem_and_language(conversion.path)[1]
    for name in formats:
        data, document = client.convert_file(
            content,
            to=name,
            written_as=format_named(conversion.path),
            language=language,
            layout=wish.layout if wish.layout.ByteSize() else None,
        )
        conversion.notices = list(document.notices)
        yield data, document.language_code


def _write(client: Polycue, content: bytes, wish: Wish, conversion: Conversion) -> None:
    """Let all results of a file appear, or none."""
    targets = wish.targets(conversion.path)
    check_writable(next(iter(targets.values())).parent)
    if not wish.output.overwrite:
        refuse_taken(targets.values())
    with drafts_of(targets.values()) as drafts:
        results = _converted(client, content, wish, targets, conversion)
        outputs = []
        for draft, (data, language) in zip(drafts, results, strict=True):
            draft.file.write(data)
            digest = hashlib.sha256(data).hexdigest()
            outputs.append(Output(draft.to, language, len(data), digest))
        publish_all(drafts, overwrite=wish.output.overwrite)
        conversion.outputs = outputs


def _tell(conversion: Conversion, output: OutputChoice) -> None:
    name = name_of(conversion.path)
    for notice in conversion.notices:
        click.echo(f"{name}: warning: {harmless(notice.message)}", err=True)
    if conversion.error:
        click.echo(f"{name}: error: {explain(conversion.error)}", err=True)
    elif not output.as_json:
        for written in conversion.outputs:
            click.echo(name_of(written.path))
