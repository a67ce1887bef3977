"""What lies there of a film's results already."""

import re
from collections.abc import Mapping
from enum import Enum

from polycue_client.cli.bulk.trees import Entry
from polycue_client.cli.outputs import KINDS
from polycue_client.cli.results import Item

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Standing(Enum):
    """``OLDER``: all is there, but the film has changed since."""

    OPEN = "open"
    DONE = "done"
    OLDER = "older"


def standing(item: Item, there: Mapping[str, Entry], film: Entry) -> Standing:
    """Whether there is anything to do; ``there`` are the files that are named after the film.

    Of a track whose language nobody named, one in any language that is not asked for besides counts
    as the film's own; a forced track never does.
    """
    expected = [path.name for path in item.expected]
    own = {ending: _own(item, ending, there) for ending in item.unnamed if not _is_forced(ending)}
    # Forced tracks come only where there are foreign parts.
    wanted = [name for name in expected if ".forced." not in name]
    if not (wanted or own) or not all(name in there for name in wanted) or not all(own.values()):
        return Standing.OPEN
    times = [there[name].changed_s for name in wanted]
    times += [max(there[name].changed_s for name in names) for names in own.values()]
    return Standing.DONE if min(times) >= film.changed_s else Standing.OLDER


def _own(item: Item, ending: str, there: Mapping[str, Entry]) -> list[str]:
    """Files that may be the track in the spoken language."""
    others = {path.name for path in item.expected}
    found = []
    for name in there:
        language, _, rest = name.removeprefix(f"{item.place.stem}.").partition(".")
        if rest == ending and _LANGUAGE.fullmatch(language) and name not in others:
            found.append(name)
    return found


def _is_forced(ending: str) -> bool:
    return ending.partition(".")[0] == KINDS[1]
