"""``polycue doctor``: what this machine lacks for the work, and how to get it.

It runs on the light install too, so whatever may be missing is imported where it is looked at.
"""

import importlib
import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from polycue.commands.engine_findings import look_at_engine, look_at_gpu
from polycue.commands.finding import Finding, State
from polycue.commands.media_findings import look_at_ffmpeg, look_at_sandbox
from polycue.commands.model_findings import look_at_models
from polycue.commands.options import json_option, models_dir_option

_SERVICE = "get it with: pip install 'polycue[service]'"
_PYTHON = (3, 11)
# Distribution and what is imported of it, for the libraries that can be there and yet not load.
# faster-whisper goes through the door that keeps PyAV out, onnxruntime through the one that keeps
# it from reporting to its maker.
_ENGINES = {
    "faster-whisper": "polycue.whisperlib",
    "ctranslate2": "ctranslate2",
    "onnxruntime": "polycue.speech.vad",
    "sentencepiece": "sentencepiece",
    "tokenizers": "tokenizers",
    "grpcio": "grpc",
    "pysrt": "pysrt",
    "pysubs2": "pysubs2",
    "langcodes": "langcodes",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@models_dir_option
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="POLYCUE_DATA_DIR",
    show_envvar=True,
    help="Where a server keeps its jobs.  [default: in your data folder]",
)
@json_option
def doctor(*, models_dir: Path | None, data_dir: Path | None, as_json: bool) -> int:
    """Say what is missing on this machine, and how to get it.

    Ends with 0 when a film can be subtitled here, with 1 when something stands in the way.
    """
    findings: list[Finding] = []
    for finding in _examine(models_dir, data_dir):
        findings.append(finding)
        if not as_json:
            _show(finding)
    healthy = all(finding.state is not State.FAILED for finding in findings)
    if as_json:
        content = {"healthy": healthy, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(content, indent=2))
    else:
        click.echo(
            "\nThis machine can subtitle films."
            if healthy
            else "\nThis machine cannot subtitle films yet; it can send them to another: --server."
        )
    return 0 if healthy else 1


def _examine(models_dir: Path | None, data_dir: Path | None) -> Iterator[Finding]:
    yield _python()
    yield from _libraries()
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _formats,
        look_at_ffmpeg,
        look_at_sandbox,
        look_at_gpu,
        lambda: look_at_engine(models_dir),
        lambda: look_at_models(models_dir),
        lambda: _data(data_dir),
    )
    for look in looks:
        try:
            yield from look()
        except ModuleNotFoundError:  # on the light install, which _libraries has told of
            continue


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _PYTHON:
        return Finding("Python", State.FAILED, version, "polycue needs 3.11 or newer")
    return Finding("Python", State.FINE, version)


def _libraries() -> Iterator[Finding]:
    found, missing = [], []
    for distribution, module in _ENGINES.items():
        try:
            importlib.import_module(module)
            found.append(f"{distribution} {importlib.metadata.version(distribution)}")
        except ModuleNotFoundError:
            missing.append(distribution)
        except (ImportError, OSError) as error:
            yield Finding(distribution, State.FAILED, f"does not load: {error}", _SERVICE)
    if missing:
        yield Finding("libraries", State.FAILED, f"{', '.join(missing)} missing", _SERVICE)
    else:
        yield Finding("libraries", State.FINE, ", ".join(found))


def _formats() -> Iterator[Finding]:
    from polycue.domain.errors import FormatNotInstalled
    from polycue.domain.track import TrackFormat
    from polycue.tracks.files import require

    there, advice = [], ""
    for track_format in TrackFormat:
        try:
            require(track_format)
            there.append(track_format.value)
        except FormatNotInstalled as error:  # an extra: nothing stands in the way without it
            advice = str(error)
    yield Finding("subtitle formats", State.FINE, ", ".join(there), advice)


def _data(data_dir: Path | None) -> Iterator[Finding]:
    import platformdirs

    folder = data_dir or platformdirs.user_data_path("polycue")
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        detail = f"{folder} cannot be written ({error.strerror})"
        yield Finding("data folder", State.FAILED, detail, "name another with --data-dir")
    else:
        yield Finding("data folder", State.FINE, str(folder))


def _show(finding: Finding) -> None:
    mark, colour = {
        State.FINE: ("✓", "green"),
        State.WARNING: ("!", "yellow"),
        State.FAILED: ("✗", "red"),
    }[finding.state]
    click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {finding.detail}")
    if finding.advice:
        click.echo(f"  {finding.advice}")
