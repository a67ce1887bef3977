"""``polycue serve`` with one of its two defences against media taken away, to try the other.

Run as ``python half_guarded.py whitelists|sandbox|both ARGUMENTS OF SERVE``. The service itself has
nothing of the kind.
"""

import resource
import sys
from collections.abc import Sequence
from dataclasses import replace

from polycue.commands.serve import serve
from polycue.media import child, sandbox

_EVERYTHING = "file,http,tcp,udp,rtp,crypto,data,concat,subfile,hls,pipe,unix"
_DROPPED = {"-format_whitelist", "-codec_whitelist", "-max_streams", "-max_pixels"}


def without_whitelists(argv: Sequence[str]) -> tuple[str, ...]:
    """The call as nobody should make it: all protocols, all formats, all decoders."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word in _DROPPED:
            next(words)
        elif word == "-protocol_whitelist":
            next(words)
            kept += (word, _EVERYTHING)
        else:
            kept.append(word)
    return tuple(kept)


def main(missing: str, *arguments: str) -> None:
    if missing in {"whitelists", "both"}:
        start = child._start
        child._start = lambda call: start(replace(call, argv=without_whitelists(call.argv)))
    if missing in {"sandbox", "both"}:
        nothing = dict.fromkeys(("landlock", "seccomp", "limits"), False)
        sandbox.layers = lambda: nothing  # type: ignore[assignment]
        sandbox._rlimits = lambda call: iter([(resource.RLIMIT_CORE, 0, 0)])
    serve.main(args=list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
