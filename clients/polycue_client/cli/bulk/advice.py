"""What to do about a film that failed, by the reason that was given."""

from polycue_client.errors import (
    JobCancelled,
    NotAllowed,
    PolycueClientError,
    ResourceExhausted,
    ServerUnreachable,
)

_OF_REASON = {
    "NOT_MEDIA": "look whether the file is whole: ffprobe says what is in it",
    "UNDECODABLE": "look whether the file is whole: ffprobe says what is in it",
    "ENCRYPTED": "it is encrypted; nothing can be done without its key",
    "NO_AUDIO_STREAM": "it has no sound; there is nothing to write down",
    "AUDIO_STREAM_NOT_FOUND": "choose another sound with --audio-track",
    "LIMIT_EXCEEDED": "cut it, or raise the server's limit",
    "SOURCE_REFUSED": "let the server read it: polycue serve --source-bucket BUCKET/PREFIX",
    "SOURCE_UNUSABLE": "look whether it is there and whether the server's credentials may read it",
    "SOURCE_UNREACHABLE": "the same command tries again",
    "SOURCE_TOO_LARGE": "raise the server's --max-upload-bytes",
    "SOURCE_TOO_SLOW": "raise the server's --source-timeout-s",
    "LANGUAGE_NOT_SUPPORTED": "name another model with --model",
    "POISON_CHUNK": "report it with the film's name and the server's log",
    "POISON_JOB": "report it with the film's name and the server's log",
    "MUX_REJECTED": "choose another container: --mux mkv holds nearly everything",
    "UNSUPPORTED_CONTAINER": "choose another container: --mux mkv holds nearly everything",
    "STORAGE_FULL": "make room on the server's disk, then the same command tries again",
    "UPLOAD_QUOTA": "make room on the server (polycue jobs delete), then run it again",
    "STORAGE_QUOTA": "make room on the server (polycue jobs delete), then run it again",
    "MEDIA_QUOTA": "run it again tomorrow, or have the tenant's limit raised",
    "INTERNAL": "the server's log has more; the same command tries again",
}

# Said of one film as it was to be queued, they are true of all.
_OF_ALL = frozenset(
    {
        "SOURCE_REFUSED",
        "MODEL_MISSING",
        "MODEL_DAMAGED",
        "MODEL_UNUSABLE",
        "MODEL_TOO_LARGE",
        "PAIR_NOT_INSTALLED",
        "LANGUAGE_NOT_SUPPORTED",
        "UNKNOWN_LANGUAGE",
        "FORMAT_NOT_INSTALLED",
        "TOOL_MISSING",
        "SANDBOX_MISSING",
    }
)


def reason_of(error: Exception) -> str:
    """A word for programs: the server's own, else the kind of the error."""
    reason = error.reason if isinstance(error, PolycueClientError) else ""
    return reason or type(error).__name__


def advice(error: Exception) -> str:
    """One line, "" where nothing is known that helps."""
    if isinstance(error, PolycueClientError):
        if command := error.metadata.get("command", ""):
            return f"get it with: {command}"
        if known := _OF_REASON.get(error.reason):
            return known
        if any(v.field.endswith(".uri") for v in error.violations):
            return "give it another name; the server reads none of this kind"
    match error:
        case NotAllowed():
            return "give a token with --token-file, or in POLYCUE_TOKEN"
        case ServerUnreachable() | JobCancelled() | ResourceExhausted():
            return "the same command goes on from here"
        case OSError():
            return "mend that, then the same command goes on from here"
        case PolycueClientError():
            return ""
    return "report it with the trace that stands on stderr"


def is_of_all(error: PolycueClientError) -> bool:
    """Whether no other film would fare better: said as a job was to be made."""
    return isinstance(error, NotAllowed) or error.reason in _OF_ALL
