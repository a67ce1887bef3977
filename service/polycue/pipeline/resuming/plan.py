"""What decides the words of a film: results that were made under another plan do not fit in."""

import hashlib
import json
from dataclasses import asdict

from polycue.domain.chunk import ModelFacts
from polycue.domain.errors import Unreadable
from polycue.domain.media import Stream
from polycue.domain.request import InputFile, SpeechOptions

# To be raised whenever the same sound with the same options and weights may give other chunks,
# words or times than before, the same text another translation, or the same picture other cuts.
ALGORITHM = 2

NO_SPEECH = f"nobody listens, algorithm {ALGORITHM}"
"""The plan of a task that only has text: translations know themselves what they are of."""


def plan_hash(film: InputFile, stream: Stream, options: SpeechOptions, facts: ModelFacts) -> str:
    """SHA-256 over all that decides what is heard; nothing that only shapes cues or files.

    A model goes by its weights and not by its name. A film whose contents nobody has hashed goes
    by its size and the time it was last changed.

    Raises:
        Unreadable: the film is not there any more.
    """
    speech = asdict(options)
    del speech["model"]
    decided_by = {
        "algorithm": ALGORITHM,
        "film": film.identity or _looks_of(film),
        "stream": stream.index,
        "speech": speech,
        "model": [facts.fingerprint, facts.languages, facts.max_chunk_ms],
    }
    return hashlib.sha256(json.dumps(decided_by, sort_keys=True).encode()).hexdigest()


def _looks_of(film: InputFile) -> str:
    try:
        found = film.path.stat()
    except OSError as error:
        raise Unreadable(film.path, error.strerror or str(error)) from error
    return f"{found.st_size} bytes of {found.st_mtime_ns}"
