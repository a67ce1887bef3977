"""The film's pictures, as one FFmpeg filter graph: painted layers that drift past each other.

A layer is painted once, held with ``loop`` and moved over the layers behind it. Painting once and
moving is what keeps five scenes of 854x480 within seconds of work and 150 kbit/s.
"""

from collections.abc import Sequence

from demo.film.scenery import SCENES, Layer

FRAMES_PER_SECOND = 25
FADE_MS = 1000  # from one scene into the next, half before and half after the boundary
FILM_TITLE = "A small world"
FILM_SUBTITLE = "spoken, seen and subtitled by machines"


def filter_graph(titles: Sequence[str], spans_ms: Sequence[tuple[int, int]]) -> str:
    """The whole picture track, labelled ``[picture]``; takes no input."""
    chains = []
    for number, (title, (start_ms, end_ms), paint) in enumerate(
        zip(titles, spans_ms, SCENES, strict=True)
    ):
        # Fades overlap two scenes, so all but the first begin half a fade early and all but the
        # last end half a fade late.
        lead_ms = FADE_MS // 2 if number else 0
        tail_ms = FADE_MS // 2 if number < len(spans_ms) - 1 else 0
        length_s = (end_ms - start_ms + lead_ms + tail_ms) / 1000
        chains += _scene(f"s{number}", paint(), length_s, _scene_title(title, late=number == 0))
    chains += _crossfades(spans_ms)
    length_s = spans_ms[-1][1] / 1000
    chains.append(
        f"[faded]{_film_title()},fade=t=in:d=1.2,fade=t=out:st={length_s - 2:.3f}:d=2,"
        "format=yuv420p[picture]"
    )
    return ";\n".join(chains)


def _scene(name: str, layers: Sequence[Layer], length_s: float, title: str) -> list[str]:
    chains = [f"{_still(layer)}[{name}l{index}]" for index, layer in enumerate(layers)]
    below = f"{name}l0"
    for index, layer in enumerate(layers[1:], start=1):
        x = f"{layer.left}{-layer.speed_x:+.2f}*t"
        y = f"{layer.top}{-layer.speed_y:+.2f}*t"
        above = f"{name}o{index}"
        chains.append(f"[{below}][{name}l{index}]overlay=x='{x}':y='{y}':format=yuv420[{above}]")
        below = above
    chains.append(
        f"[{below}]trim=duration={length_s:.3f},setpts=PTS-STARTPTS,{title},"
        f"fps={FRAMES_PER_SECOND},format=yuv420p,settb=AVTB[{name}]"
    )
    return chains


def _still(layer: Layer) -> str:
    red, green, blue = layer.rgb
    return (
        f"color=black:s={layer.width}x{layer.height}:r={FRAMES_PER_SECOND}:d=0.04,format=rgba,"
        f"geq=r='{red}':g='{green}':b='{blue}':a='{layer.alpha}',loop=loop=-1:size=1"
    )


def _crossfades(spans_ms: Sequence[tuple[int, int]]) -> list[str]:
    chains = []
    before = "s0"
    for number, (start_ms, _) in enumerate(spans_ms[1:], start=1):
        after = "faded" if number == len(spans_ms) - 1 else f"f{number}"
        offset_s = (start_ms - FADE_MS // 2) / 1000
        chains.append(
            f"[{before}][s{number}]xfade=transition=fade:duration={FADE_MS / 1000}"
            f":offset={offset_s:.3f}[{after}]"
        )
        before = after
    return chains


def _scene_title(title: str, *, late: bool) -> str:
    """Lower left. ``late``: not before the film's own title has gone."""
    appears_s = 4.0 if late else 1.0
    return (
        f"drawtext=font=Serif:text='{title}':fontcolor=white:fontsize=30:x=42:y=34"
        f":shadowcolor=black@0.45:shadowx=1:shadowy=2:alpha='{_visible(appears_s, 4)}'"
    )


def _film_title() -> str:
    alpha = _visible(0.4, 2.8)
    shadow = "shadowcolor=black@0.45:shadowx=2:shadowy=2"
    return (
        f"drawtext=font=Serif:text='{FILM_TITLE}':fontcolor=white:fontsize=56"
        f":x=(w-tw)/2:y=170:{shadow}:alpha='{alpha}',"
        f"drawtext=font=Serif:text='{FILM_SUBTITLE}':fontcolor=white:fontsize=22"
        f":x=(w-tw)/2:y=250:{shadow}:alpha='{alpha}'"
    )


def _visible(appears_s: float, stays_s: float) -> str:
    """Opacity that rises and falls within 0.6 s at both ends."""
    return f"clip(min(t-{appears_s},{appears_s + stays_s}-t)/0.6,0,1)"
