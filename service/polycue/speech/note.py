"""The note beside a model's weights that says what its own files cannot."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from polycue.domain.errors import ModelDamaged

NOTE_FILE = "polycue.json"


@dataclass(frozen=True, slots=True)
class ModelNote:
    """What ``polycue.json`` says. Only demo models have one; the values here stand for all others.

    ``languages`` are BCP-47, none for those of the vocabulary; ``translates`` None where the kind
    of model decides. ``median_filter_width`` smooths attention before words are timed; 7 is
    openai/whisper's.
    """

    demo: bool = False
    languages: tuple[str, ...] = ()
    translates: bool | None = None
    median_filter_width: int = 7

    @classmethod
    def beside(cls, path: Path, model: str) -> Self:
        """Read the note in the model's folder ``path``.

        Raises:
            ModelDamaged: there is one, and it is not what it should be.
        """
        try:
            text = (path / NOTE_FILE).read_text("utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise ModelDamaged(model, f"{NOTE_FILE} cannot be read") from error
        try:
            return cls._checked(json.loads(text))
        except (ValueError, TypeError) as error:
            raise ModelDamaged(model, f"{NOTE_FILE}: {error}") from error

    def can_translate(self, model: str, *, multilingual: bool) -> bool:
        """Whether the model of this name writes English from other languages."""
        if self.translates is not None:
            return self.translates
        # Turbo and distilled models were trained on transcription only, by their model cards.
        return multilingual and not any(kind in model for kind in ("turbo", "distil"))

    @classmethod
    def _checked(cls, values: Any) -> Self:
        if not isinstance(values, dict):
            raise TypeError("is not an object")
        note = cls(**(values | {"languages": tuple(values.get("languages", ()))}))
        if note.median_filter_width % 2 != 1 or note.median_filter_width < 1:
            raise ValueError("median_filter_width is odd")
        return note
