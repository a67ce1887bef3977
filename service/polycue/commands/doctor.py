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

_SERVICE = "get it with: pip install 'polycue[service]'"
_FFMPEG = "get it with: apt-get install ffmpeg, or the like"
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
# What of ffmpeg each part of the work needs: (kind of list, name) as ``ffmpeg -encoders`` has them.
_FFMPEG_NEEDS = {
    "reading sound": (("encoders", "pcm_s16le"), ("filters", "aresample")),
    "muxing": (("encoders", "mov_text"), ("encoders", "webvtt"), ("muxers", "matroska")),
    "burning in": (("encoders", "libx264"), ("filters", "ass")),
}
_MAIN_WORK = "reading sound"
_TIMEOUT_S = 20.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--models-dir",
    "--model-dir",
    "models_dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="POLYCUE_MODELS_DIR",
    show_envvar=True,
    help="Where the models are.  [default: in your data folder]",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="POLYCUE_DATA_DIR",
    show_envvar=True,
    help="Where a server keeps its jobs.  [default: in your data folder]",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
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
        _ffmpeg,
        _sandbox,
        look_at_gpu,
        lambda: look_at_engine(models_dir),
        lambda: _models(models_dir),
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


def _ffmpeg() -> Iterator[Finding]:
    from polycue.domain.errors import ToolError, ToolMissing

    for program in ("ffmpeg", "ffprobe"):
        try:
            version = _output(program, "-version").partition("\n")[0].split()[2:3]
        except ToolMissing:
            yield Finding(program, State.FAILED, "is not on the PATH", _FFMPEG)
            return
        except ToolError as error:
            yield Finding(program, State.FAILED, str(error), _FFMPEG)
            return
        yield Finding(program, State.FINE, " ".join(version))
    offered = {kind: _offered(kind) for kind in ("encoders", "filters", "muxers")}
    for work, needs in _FFMPEG_NEEDS.items():
        missing = [name for kind, name in needs if name not in offered[kind]]
        if missing:
            state = State.FAILED if work == _MAIN_WORK else State.WARNING
            detail = f"was built without {', '.join(missing)}, which {work} needs"
            yield Finding("ffmpeg", state, detail, "install a full build of ffmpeg")


def _offered(kind: str) -> set[str]:
    """Names in ``ffmpeg -encoders`` and the like: the second word of each line."""
    lines = _output("ffmpeg", f"-{kind}").splitlines()
    return {name for line in lines if len(line.split()) > 1 for name in line.split()[1].split(",")}


def _output(program: str, flag: str) -> str:
    from polycue.domain.cancel import CancelToken
    from polycue.media.call import Call
    from polycue.media.command import run

    call = Call((program, "-hide_banner", flag))
    return run(call, timeout_s=_TIMEOUT_S, cancel=CancelToken()).stdout.decode(errors="replace")


def _sandbox() -> Iterator[Finding]:
    from polycue.domain.errors import SandboxMissing
    from polycue.media import landlock
    from polycue.media.sandbox import layers

    names = {"landlock": f"Landlock (ABI {landlock.abi()})", "seccomp": "seccomp"}
    there = [names.get(layer, layer) for layer, has in layers().items() if has]
    missing = [layer for layer, has in layers().items() if not has]
    if missing:
        detail = f"no {' and no '.join(missing)} for ffmpeg, only {', '.join(there)}"
        yield Finding("sandbox", State.WARNING, detail, SandboxMissing.ADVICE)
    else:
        yield Finding("sandbox", State.FINE, ", ".join(there))


def _models(models_dir: Path | None) -> Iterator[Finding]:
    from polycue.domain.errors import PolycueError
    from polycue.models.place import default_models_dir
    from polycue.models.store import ModelStore
    from polycue.translation.packages import Packages

    store = ModelStore(models_dir or default_models_dir())
    try:
        installed = store.installed()
        packages = Packages(store.argos_root)
        routes, damaged = packages.pairs(), packages.damaged()
    except (PolycueError, OSError) as error:
        yield Finding("models", State.FAILED, str(error))
        return
    whisper = [model for model in installed if model.kind == "whisper"]
    yield _recognisers([m.name for m in whisper], [m.name for m in whisper if m.demo], store.root)
    yield _translators(["-".join(route) for route in routes])
    for package in damaged:
        yield Finding(package.path.name, State.WARNING, package.problem, "remove it, pull it again")


def _recognisers(names: list[str], demos: list[str], root: Path) -> Finding:
    advice = "get one with: polycue models pull small"
    if not names:
        return Finding("recognisers", State.FAILED, f"none in {root}", advice)
    if names == demos:
        detail = f"{', '.join(names)}: only for the demo's small world"
        return Finding("recognisers", State.WARNING, detail, advice)
    return Finding("recognisers", State.FINE, ", ".join(names))


def _translators(routes: list[str]) -> Finding:
    if not routes:
        return Finding(
            "translators", State.WARNING, "none", "get one with: polycue models pull en:es"
        )
    shown = ", ".join(routes[:12]) + (f" and {len(routes) - 12} more" if len(routes) > 12 else "")
    return Finding("translators", State.FINE, shown)


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
