"""Why cues are as they are: what each of their traits cost, as lines of a table."""

from collections.abc import Iterator, Mapping, Sequence

from polycue_client.cli.captions import Caption, clock

# In the order they are thought of; what a newer server tells besides comes after them.
_ORDER = ("cue", "boundary", "pause", "lines", "shortness", "inside", "time")
_LONGEST_TEXT = 60


def table(title: str, tracks: Mapping[str, Sequence[Caption]]) -> Iterator[str]:
    """A heading and a line for each cue that tells its costs; nothing where none does."""
    for language, captions in tracks.items():
        told = [caption for caption in captions if caption.costs]
        if not told:
            continue
        names = _names(told)
        yield f"{title} [{language}]: what each cue cost (negative: gained)"
        yield _row("start", "total", names, "text")
        for caption in told:
            amounts = [f"{caption.costs.get(name, 0.0):.1f}" for name in names]
            total = f"{sum(caption.costs.values()):.1f}"
            yield _row(clock(caption.start_ms), total, amounts, _short(caption.text), names)


def _names(captions: Sequence[Caption]) -> list[str]:
    found = {name for caption in captions for name in caption.costs}
    known = [name for name in _ORDER if name in found]
    return known + sorted(found.difference(_ORDER))


def _row(
    start: str, total: str, cells: Sequence[str], text: str, names: Sequence[str] | None = None
) -> str:
    widths = [max(6, len(name)) for name in names or cells]
    columns = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join([f"{start:>10}", f"{total:>6}", *columns, text])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
