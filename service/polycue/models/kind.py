"""The two kinds of models."""

from enum import StrEnum


class ModelKind(StrEnum):
    """What a model does; the value is its folder in a store."""

    WHISPER = "whisper"
    ARGOS = "argos"
