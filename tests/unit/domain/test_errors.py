import pickle
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_type_hints

from polycue.domain import errors


def every_class(root: type[BaseException]) -> Iterator[type[BaseException]]:
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:  # other tests have errors of their own
            yield child
            yield from every_class(child)


def test_the_drawing_in_the_docstring_is_the_tree() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {cls.__name__ for cls in every_class(errors.PolycueError)}


EXAMPLES = {
    Path: Path("a.mp4"),
    str: "text",
    int: 7,
    bool: True,
    float: 1.5,
    Sequence[str]: ["one", "two"],
}
ONLY_IN_THE_MESSAGE = {"advice"}


def facts_for(cls: type[BaseException]) -> dict[str, object]:
    """Something for each parameter of the class."""
    if cls.__init__ is Exception.__init__:
        return {}
    hints = get_type_hints(cls.__init__)
    return {name: EXAMPLES[hint] for name, hint in hints.items() if name != "return"}


def test_every_error_crosses_to_another_process_whole() -> None:
    for cls in (*every_class(errors.PolycueError), errors.Cancelled):
        error = cls(**facts_for(cls))
        other = pickle.loads(pickle.dumps(error, protocol=5))  # noqa: S301 - our own
        assert type(other) is cls
        assert (str(other), vars(other)) == (str(error), vars(error))


def test_every_error_keeps_what_it_was_told_as_attributes() -> None:
    for cls in every_class(errors.PolycueError):
        if "__init__" not in vars(cls):
            continue
        told = facts_for(cls)
        error = cls(**told)
        assert str(error), cls.__name__
        for name in told.keys() - ONLY_IN_THE_MESSAGE:
            assert hasattr(error, name), f"{cls.__name__} forgets {name}"
