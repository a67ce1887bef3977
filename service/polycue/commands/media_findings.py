"""``polycue doctor`` on ffmpeg: whether it is there and can do its part, and what confines it.

What the light install lacks is imported where it is looked at.
"""

from collections.abc import Iterator

from polycue.commands.finding import Finding, State

_GET_IT = "get it with: apt-get install ffmpeg, or the like"
# What of ffmpeg each part of the work needs: (kind of list, name) as ``ffmpeg -encoders`` has them.
_NEEDS = {
    "reading sound": (("encoders", "pcm_s16le"), ("filters", "aresample")),
    "muxing": (("encoders", "mov_text"), ("encoders", "webvtt"), ("muxers", "matroska")),
    "burning in": (("encoders", "libx264"), ("filters", "ass")),
}
_MAIN_WORK = "reading sound"
_TIMEOUT_S = 20.0


def look_at_ffmpeg() -> Iterator[Finding]:
    from polycue.domain.errors import ToolError, ToolMissing

    for program in ("ffmpeg", "ffprobe"):
        try:
            version = _output(program, "-version").partition("\n")[0].split()[2:3]
        except ToolMissing:
            yield Finding(program, State.FAILED, "is not on the PATH", _GET_IT)
            return
        except ToolError as error:
            yield Finding(program, State.FAILED, str(error), _GET_IT)
            return
        yield Finding(program, State.FINE, " ".join(version))
    offered = {kind: _offered(kind) for kind in ("encoders", "filters", "muxers")}
    for work, needs in _NEEDS.items():
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


def look_at_sandbox() -> Iterator[Finding]:
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
