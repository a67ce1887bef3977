"""Every error raised on purpose, as one tree.

::

    PolycueError
    ├── InvalidRequest                  what a caller asked for cannot be right
    │   ├── UnknownLanguage
    │   ├── RequestIdReused
    │   ├── SourceRefused               a URI that this server does not read
    │   └── LimitExceeded               longer, larger or more than is allowed
    ├── NotFound                        job, upload or artifact that is not there
    ├── MediaError                      the file is at fault
    │   ├── NotMedia
    │   ├── NoAudioStream
    │   ├── NoVideoStream
    │   ├── AudioStreamNotFound
    │   ├── Undecodable                 damaged, or a codec that is not let in
    │   ├── Encrypted
    │   ├── TooManyStreams
    │   ├── MediaOverLimit              more memory, time or room than a file may cost
    │   ├── UnsupportedContainer
    │   └── MuxRejected                 no copy, or one that failed its own check
    ├── SubtitleError
    │   ├── SubtitleSyntax
    │   ├── TranscriptUnusable          no track of an earlier run with its words
    │   ├── FormatNotInstalled          what writes and reads it is an extra that is not there
    │   └── PoorFit                     subtitles that do not fit what is spoken
    ├── ToolError                       ffmpeg is at fault
    │   ├── ToolMissing
    │   ├── ToolFailed
    │   │   ├── ToolKilled              by somebody else
    │   │   └── ToolOverLimit           more memory, time or room than it may have
    │   ├── ToolTimedOut
    │   ├── SandboxFailed               it could not be confined, so it was not started
    │   └── SandboxMissing              the kernel lacks a layer that is required
    ├── ModelError                      weights are at fault
    │   ├── ModelMissing
    │   ├── ModelDamaged
    │   ├── ModelTooLarge               for the memory that models may have
    │   ├── ModelsTooLarge              together, of what one film needs at the same time
    │   ├── PairNotInstalled
    │   ├── LanguageNotSupported
    │   ├── Offline
    │   └── DownloadFailed
    ├── EngineError                     a model that runs is at fault
    │   ├── DeviceUnavailable
    │   │   └── ClusterUnavailable      those of other machines, for now
    │   ├── NoRoomNow                   models in use take the memory that one more needs
    │   ├── EngineDied                  its process ended, or had to be ended, at work
    │   │   └── PoisonChunk
    │   ├── RecognitionFailed
    │   │   └── OutOfMemory
    │   └── TranslationFailed
    ├── SourceError                     a file of another host is at fault
    │   ├── SourceUnusable
    │   ├── SourceUnreachable
    │   ├── SourceTooLarge
    │   └── SourceTooSlow
    ├── JobError
    │   ├── IllegalTransition
    │   ├── JobNotResumable
    │   ├── LeaseLost                   another server has taken the job
    │   ├── PoisonJob                   whoever works on it dies
    │   └── QueueFull
    ├── TransferError
    │   ├── WriteOffsetMismatch
    │   ├── UploadIncomplete
    │   ├── UploadQuotaExceeded
    │   ├── ChecksumMismatch
    │   ├── TransferStalled
    │   ├── ReaderStalled
    │   └── ReadPastEnd
    ├── StoreError                      what the server keeps on disk is at fault
    │   ├── DataFolderInUse
    │   ├── StoreUnusable
    │   ├── StoreUnavailable            it does not answer now
    │   ├── StorageFull
    │   └── StorageUnavailable
    ├── ListenError                     the server cannot listen where it was told to
    │   ├── InsecureAddress
    │   └── AddressUnusable
    ├── FileError                       a path we may not read or write
    │   ├── Unreadable
    │   ├── Unwritable
    │   ├── AlreadyExists
    │   └── CredentialsUnusable         a certificate, a key or the file of callers
    ├── NotAuthenticated                nobody we know is calling
    │   ├── TokenMissing
    │   ├── TokenUnknown
    │   ├── TokenExpired
    │   └── CertificateUnknown          a good one, and it belongs to no tenant
    ├── QuotaExceeded                   a tenant has all it may have
    ├── DeadlineTooShort                the work would be thrown away unfinished
    ├── TooManyCalls                    as many calls are at work as may be
    └── Draining                        the server is shutting down

    Cancelled                           not an error: work stopped because its owner asked

The class says what happened, its attributes to what. No status codes here:
``polycue.rpc.status`` has the one table.
"""

from collections.abc import Sequence
from pathlib import Path


class PolycueError(Exception):
    """The root; never raised itself. All of the tree crosses from one process to another whole."""

    def __reduce__(self) -> tuple[object, ...]:  # __init__ wants the facts, args are the message
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[PolycueError], args: tuple[object, ...], facts: dict[str, object]
) -> PolycueError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class Cancelled(BaseException):
    """The owner of the work asked it to stop.

    Derived from BaseException, as asyncio's is, so that no ``except Exception`` takes it for one.
    """


class InvalidRequest(PolycueError):
    """A field of a request has a value that cannot be right."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class UnknownLanguage(InvalidRequest):
    """A text is no language tag and no language's name."""

    def __init__(self, text: str, field: str = "language") -> None:
        super().__init__(field, f"{text!r} is not a language; write a tag such as 'es' or 'pt-BR'")
        self.text = text


class RequestIdReused(InvalidRequest):
    """A request id came a second time with another payload."""

    def __init__(self, request_id: str) -> None:
        super().__init__("request_id", f"{request_id} was used before with another request")
        self.request_id = request_id


class SourceRefused(InvalidRequest):
    """A URI leads where the operator lets nobody read."""


class LimitExceeded(InvalidRequest):
    """A request is over a limit that ``GetServerInfo`` announces. ``unit``: 'bytes', 'ms' or ''."""

    def __init__(self, field: str, value: int, limit: int, unit: str, advice: str = "") -> None:
        what = f"{value} {unit}".strip()
        super().__init__(
            field, f"{what} is over the limit of {limit}{'; ' + advice if advice else ''}"
        )
        self.value, self.limit, self.unit = value, limit, unit


class NotFound(PolycueError):
    """Nothing has this name. ``kind`` is 'job', 'upload' or 'artifact'."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name!r}")
        self.kind, self.name = kind, name


class MediaError(PolycueError):
    """A media file cannot give what was asked of it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path.name}: {problem}")
        self.path, self.problem = path, problem


class NotMedia(MediaError):
    """ffmpeg finds no media in the file."""

    def __init__(self, path: Path, reason: str = "") -> None:
        super().__init__(path, "not a media file" + (f" ({reason})" if reason else ""))
        self.reason = reason


class NoAudioStream(MediaError):
    """The file has no audio stream at all."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "has no audio stream, so there is nothing to transcribe")


class NoVideoStream(MediaError):
    """The file has no picture to burn subtitles into."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "has no video stream to burn subtitles into")


class AudioStreamNotFound(MediaError):
    """No audio stream is the one asked for; ``available`` describes those that are there."""

    def __init__(self, path: Path, wanted: str, available: Sequence[str]) -> None:
        super().__init__(path, f"no audio stream is {wanted}; it has {', '.join(available)}")
        self.wanted, self.available = wanted, tuple(available)


class Undecodable(MediaError):
    """The sound is there but ffmpeg cannot decode it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, f"its sound cannot be decoded, it may be damaged ({reason})")
        self.reason = reason


class Encrypted(MediaError):
    """The sound is there for those who have the key."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "is encrypted; send a copy without copy protection")


class TooManyStreams(MediaError):
    """The file has more streams than are looked at."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(
            path, f"has more than {limit} streams; send a copy with the sound and the picture only"
        )
        self.limit = limit


class MediaOverLimit(MediaError):
    """Reading the file costs more than a file may.

    ``kind`` is 'memory', 'cpu_time' or 'file_size', ``limit`` says of that how much, with its unit.
    """

    def __init__(self, path: Path, kind: str, limit: str) -> None:
        super().__init__(
            path,
            f"takes more {kind.replace('_', ' ')} than the {limit} it may; it may be damaged:"
            " write it anew with another program",
        )
        self.kind, self.limit = kind, limit


class UnsupportedContainer(MediaError):
    """Subtitles cannot be muxed into a file of this kind."""

    def __init__(self, path: Path, supported: Sequence[str]) -> None:
        super().__init__(
            path, f"cannot mux subtitles into {path.suffix or 'this'!r}; use {', '.join(supported)}"
        )
        self.supported = tuple(supported)


class MuxRejected(MediaError):
    """No muxed copy could be written, or it is not what was asked for; nothing of it is left."""


class SubtitleError(PolycueError):
    """A subtitle text is at fault."""


class SubtitleSyntax(SubtitleError):
    """A subtitle text breaks the rules of its format. ``line`` counts from 1; 0 means the whole."""

    def __init__(self, format_name: str, line: int, problem: str) -> None:
        super().__init__(
            f"{format_name}, line {line}: {problem}" if line else f"{format_name}: {problem}"
        )
        self.format_name, self.line, self.problem = format_name, line, problem


class TranscriptUnusable(SubtitleError):
    """A file was to stand in for the sound and does not hold what was said; take another one."""

    def __init__(self, filename: str, problem: str, advice: str) -> None:
        super().__init__(f"{filename}: {problem}; {advice}")
        self.filename, self.problem, self.advice = filename, problem, advice


class FormatNotInstalled(SubtitleError):
    """A subtitle format needs a library that is not installed. ``command`` gets it."""

    def __init__(self, format_name: str, command: str) -> None:
        super().__init__(f"{format_name} needs a library that is not there; get it with: {command}")
        self.format_name, self.command = format_name, command


class PoorFit(SubtitleError):
    """Subtitles were to be re-timed and fit nothing that is spoken; ``score`` is within 0..1."""

    def __init__(self, evidence: str, score: float, needed: float) -> None:
        super().__init__(
            f"the subtitles do not fit this film: the best fit onto {evidence} scores {score:.2f},"
            f" and below {needed:.2f} it may be chance; are they of this film, and of this cut?"
            " (force writes that fit all the same)"
        )
        self.evidence, self.score, self.needed = evidence, score, needed


class ToolError(PolycueError):
    """ffmpeg or ffprobe did not do its work."""


class ToolMissing(ToolError):
    """A program is not on the PATH."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"{program} is not installed; get it with 'apt-get install ffmpeg' or the like"
        )
        self.program = program


class ToolFailed(ToolError):
    """A program ended with a non-zero exit status."""

    def __init__(self, argv: Sequence[str], returncode: int, stderr_tail: str) -> None:
        super().__init__(f"{argv[0]} exited with {returncode}: {stderr_tail.strip()[-500:]}")
        self.argv, self.returncode, self.stderr_tail = tuple(argv), returncode, stderr_tail


class ToolKilled(ToolFailed):
    """A program was ended by a signal from outside, such as a system's that is out of memory."""


class ToolOverLimit(ToolFailed):
    """A program needed more than it may have. ``kind`` and ``limit`` as in MediaOverLimit."""

    def __init__(
        self, argv: Sequence[str], returncode: int, stderr_tail: str, kind: str, limit: str
    ) -> None:
        super().__init__(argv, returncode, stderr_tail)
        self.kind, self.limit = kind, limit


class SandboxFailed(ToolError):
    """A program could not be confined to what it may touch, so it was not started."""

    def __init__(self, program: str, problem: str) -> None:
        super().__init__(f"{program} was not started, for it could not be confined: {problem}")
        self.program, self.problem = program, problem


class SandboxMissing(ToolError):
    """This machine lacks layers of the sandbox, and they are required."""

    ADVICE = (
        "use Linux 5.13 or newer with Landlock switched on,"
        " and a container engine that lets it through"
    )

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"this machine has no {' and no '.join(missing)}, which --require-sandbox asks for;"
            f" {self.ADVICE}"
        )
        self.missing = tuple(missing)


class ToolTimedOut(ToolError):
    """A program was killed because it ran past its deadline."""

    def __init__(self, argv: Sequence[str], timeout_s: float) -> None:
        super().__init__(f"{argv[0]} was stopped after {timeout_s:g} s")
        self.argv, self.timeout_s = tuple(argv), timeout_s


class ModelError(PolycueError):
    """Weights on disk cannot serve the request."""


class ModelMissing(ModelError):
    """A model is not installed; ``command`` gets it."""

    def __init__(self, model: str, command: str) -> None:
        super().__init__(f"model {model!r} is not installed; get it with: {command}")
        self.model, self.command = model, command


class ModelDamaged(ModelError):
    """A model's files are not those that were installed."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"model {model!r} is damaged: {problem}")
        self.model, self.problem = model, problem


class ModelTooLarge(ModelError):
    """A model that does not fit into the memory which all models together may have."""

    def __init__(self, model: str, needed_bytes: int, budget_bytes: int) -> None:
        super().__init__(
            f"model {model!r} takes {needed_bytes >> 20} MiB, and all models may have"
            f" {budget_bytes >> 20} MiB: raise --model-memory-bytes, or take a smaller model"
        )
        self.model, self.needed_bytes, self.budget_bytes = model, needed_bytes, budget_bytes


class ModelsTooLarge(ModelError):
    """Two models that one film needs at the same time do not fit into the memory of all models."""

    def __init__(self, model: str, other: str, budget_bytes: int) -> None:
        super().__init__(
            f"models {model!r} and {other!r} are needed together and do not fit into the"
            f" {budget_bytes >> 20} MiB that all models may have: raise --model-memory-bytes, or"
            " take smaller models"
        )
        self.model, self.other, self.budget_bytes = model, other, budget_bytes


class PairNotInstalled(ModelError):
    """No installed Argos package, nor any chain of them, leads from ``source`` to ``target``."""

    def __init__(self, source: str, target: str, command: str) -> None:
        super().__init__(
            f"nothing installed translates {source} to {target}; get it with: {command}"
        )
        self.source, self.target, self.command = source, target, command


class LanguageNotSupported(ModelError):
    """The model does not know the language."""

    def __init__(self, model: str, language: str) -> None:
        super().__init__(f"model {model!r} does not know the language {language!r}")
        self.model, self.language = model, language


class Offline(ModelError):
    """A download was needed and the network is not to be touched."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} would have to be downloaded, and --offline forbids that")
        self.what = what


class DownloadFailed(ModelError):
    """A model could not be fetched; nothing of it is installed. ``advice`` says what to do."""

    def __init__(self, what: str, reason: str, advice: str) -> None:
        super().__init__(f"{what} could not be downloaded: {reason}; {advice}")
        self.what, self.reason, self.advice = what, reason, advice


class EngineError(PolycueError):
    """A model that was loaded did not do its work."""


class DeviceUnavailable(EngineError):
    """The device asked for cannot be used; ``retry_after_s`` is 0 where waiting does not help."""

    def __init__(self, device: str, reason: str, retry_after_s: int = 0) -> None:
        super().__init__(f"device {device!r} cannot be used: {reason}")
        self.device, self.reason = device, reason
        self.retry_after_s = retry_after_s or None


class ClusterUnavailable(DeviceUnavailable):
    """The Ray cluster is not there, does not let us in or has no place; work waits until it does.

    How a model fares on a device of the cluster is told by other errors.
    """

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__("ray", reason, retry_after_s)
        self.args = (f"the Ray cluster cannot be used: {reason}",)


class NoRoomNow(EngineError):
    """Models in use leave no room for one that fits by itself; nothing is wrong with any of them.

    ``never_beside`` are those in use that leave none even where nothing else is there.
    """

    def __init__(
        self, model: str, budget_bytes: int, never_beside: Sequence[str], retry_after_s: int
    ) -> None:
        super().__init__(
            f"models in use leave no room for {model!r} in the {budget_bytes >> 20} MiB that all"
            f" models may have: try again in {retry_after_s} s, or raise --model-memory-bytes"
        )
        self.model, self.budget_bytes = model, budget_bytes
        self.never_beside, self.retry_after_s = tuple(never_beside), retry_after_s


class EngineDied(EngineError):
    """The process that holds the models ended, or had to be ended, while it did a piece of work.

    ``cause`` says how, such as "SIGSEGV" or "it did not answer". ``lost`` means that its machine
    went or the way there, for which no work is to blame.
    """

    def __init__(self, work: str, cause: str, *, lost: bool = False) -> None:
        super().__init__(f"the engine ended at work on {work}: {cause}")
        self.work, self.cause, self.lost = work, cause, lost


class PoisonChunk(EngineDied):
    """A chunk that ended two processes, the second with nothing else at work in it."""

    def __init__(self, model: str, start_ms: int, cause: str) -> None:
        super().__init__(f"the chunk at {start_ms} ms with model {model!r}", cause)
        self.model, self.start_ms = model, start_ms


class RecognitionFailed(EngineError):
    """The recogniser raised; no words of this chunk exist."""

    def __init__(self, start_ms: int, reason: str) -> None:
        super().__init__(f"the chunk at {start_ms} ms could not be transcribed: {reason}")
        self.start_ms, self.reason = start_ms, reason


class OutOfMemory(RecognitionFailed):
    """The device had no memory for the chunk, nor for smaller batches."""


class TranslationFailed(EngineError):
    """The translator raised; no sentence of the batch is translated."""

    def __init__(self, source: str, target: str, reason: str) -> None:
        super().__init__(f"{source} to {target} failed: {reason}")
        self.source, self.target, self.reason = source, target, reason


class SourceError(PolycueError):
    """A file that was to be fetched from ``host`` cannot be had. Never tells more of its URL."""

    def __init__(self, host: str, problem: str) -> None:
        super().__init__(f"the file cannot be fetched from {host}: {problem}")
        self.host, self.problem = host, problem


class SourceUnusable(SourceError):
    """The host will not give us the file."""


class SourceUnreachable(SourceError):
    """The host did not give us the file, and may another time."""

    def __init__(self, host: str, problem: str, retry_after_s: int = 60) -> None:
        super().__init__(host, problem)
        self.retry_after_s = retry_after_s


class SourceTooLarge(SourceError):
    """The file has more bytes than may be fetched."""

    def __init__(self, host: str, limit: int) -> None:
        super().__init__(host, f"it is larger than {limit} bytes")
        self.limit = limit


class SourceTooSlow(SourceError):
    """The file took longer to come than it may."""

    def __init__(self, host: str, limit_s: float) -> None:
        super().__init__(host, f"it did not come within {limit_s:g} s")
        self.limit_s = limit_s


class JobError(PolycueError):
    """A job cannot do what was asked of it."""


class IllegalTransition(JobError):
    """A job in this state cannot take the step asked for."""

    def __init__(self, job: str, state: str, wanted: str) -> None:
        super().__init__(f"job {job} is {state} and cannot become {wanted}")
        self.job, self.state, self.wanted = job, state, wanted


class JobNotResumable(JobError):
    """A job that succeeded was to be resumed."""

    def __init__(self, job: str, state: str) -> None:
        super().__init__(f"job {job} has {state}; there is nothing left to do")
        self.job, self.state = job, state


class LeaseLost(JobError):
    """Whoever worked on the job was held up for so long that it is no longer theirs to change."""

    def __init__(self, job: str) -> None:
        super().__init__(f"job {job} is no longer this worker's; nothing was written")
        self.job = job


class PoisonJob(JobError):
    """A job was taken again and again, and each time its worker died before it got further.

    ``reached`` is the last chunk that was kept, such as "transcribe/12", "" where none was.
    """

    def __init__(self, job: str, attempts: int, reached: str) -> None:
        super().__init__(
            f"its worker died {attempts} times"
            + (f", each time after {reached}" if reached else " before anything was kept")
            + "; the file may be one that no worker survives"
        )
        self.job, self.attempts, self.reached = job, attempts, reached


class QueueFull(JobError):
    """As many jobs wait as may wait; nothing was queued."""

    def __init__(self, waiting: int, retry_after_s: int) -> None:
        super().__init__(f"{waiting} jobs wait already; try again in {retry_after_s} s")
        self.waiting, self.retry_after_s = waiting, retry_after_s


class TransferError(PolycueError):
    """Bytes on their way in or out do not fit together."""


class WriteOffsetMismatch(TransferError):
    """A chunk does not follow what is stored; go on from ``committed_bytes``."""

    def __init__(self, upload: str, offset: int, committed_bytes: int) -> None:
        super().__init__(f"upload {upload} continues at byte {committed_bytes}, not at {offset}")
        self.upload, self.offset, self.committed_bytes = upload, offset, committed_bytes


class UploadIncomplete(TransferError):
    """An upload was used before its last byte came."""

    def __init__(self, upload: str, committed_bytes: int, size_bytes: int) -> None:
        super().__init__(f"upload {upload} has {committed_bytes} of {size_bytes} bytes")
        self.upload, self.committed_bytes, self.size_bytes = upload, committed_bytes, size_bytes


class UploadQuotaExceeded(TransferError):
    """All uploads and jobs would take more room than they may; nothing was reserved."""

    def __init__(self, wanted_bytes: int, free_bytes: int, retry_after_s: int) -> None:
        super().__init__(
            f"{wanted_bytes} bytes do not fit into the {free_bytes} bytes left for an upload;"
            " delete some, or wait until some expire"
        )
        self.wanted_bytes, self.free_bytes = wanted_bytes, free_bytes
        self.retry_after_s = retry_after_s


class ChecksumMismatch(TransferError):
    """The bytes that came are not those that were announced."""

    def __init__(self, name: str, expected: str, actual: str) -> None:
        super().__init__(f"{name} has SHA-256 {actual}, expected {expected}")
        self.name, self.expected, self.actual = name, expected, actual


class TransferStalled(TransferError):
    """No message came for too long; what came before is stored."""

    def __init__(self, idle_s: float) -> None:
        super().__init__(f"no message came for {idle_s:g} s")
        self.idle_s = idle_s


class ReaderStalled(TransferError):
    """The client took nothing for too long of what was sent to it."""

    def __init__(self, idle_s: float) -> None:
        super().__init__(f"the client took nothing for {idle_s:g} s")
        self.idle_s = idle_s


class ReadPastEnd(TransferError):
    """A read starts behind the last byte."""

    def __init__(self, name: str, offset: int, size_bytes: int) -> None:
        super().__init__(f"{name} has {size_bytes} bytes, so byte {offset} cannot be read")
        self.name, self.offset, self.size_bytes = name, offset, size_bytes


class FileError(PolycueError):
    """A path cannot be used as asked."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


class Unreadable(FileError):
    """A file is not there, or may not be read."""


class Unwritable(FileError):
    """A file or folder may not be written."""


class AlreadyExists(FileError):
    """A file is there already and nobody said it may be replaced."""


class CredentialsUnusable(FileError):
    """A certificate, a key or the file of callers is not what a server can use."""


class StoreError(PolycueError):
    """What the server keeps on disk cannot be read or written."""


class DataFolderInUse(StoreError):
    """Another server works in the data folder; two would run each job twice."""

    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(f"{folder} is in use by {owner}; give each server a --data-dir of its own")
        self.folder, self.owner = folder, owner


class StoreUnusable(StoreError):
    """What ``store`` names, the job store or the bucket beside it, is not one to work with.

    It is damaged, another's, newer than this release, or was named wrongly.
    """

    def __init__(self, store: str, problem: str) -> None:
        super().__init__(f"{store}: {problem}")
        self.store, self.problem = store, problem


class StoreUnavailable(StoreError):
    """The job store does not answer, and did not for as long as we wait; nothing was written."""

    def __init__(self, problem: str, retry_after_s: int = 10) -> None:
        super().__init__(f"the job store does not answer: {problem}")
        self.problem, self.retry_after_s = problem, retry_after_s


class StorageFull(StoreError):
    """The disk, or the bucket, has no room left."""

    def __init__(self, what: str, retry_after_s: int = 60) -> None:
        super().__init__(f"no room left where the server keeps {what}")
        self.what, self.retry_after_s = what, retry_after_s


class StorageUnavailable(StoreError):
    """Where the server keeps uploads and results cannot be read or written now."""

    def __init__(self, what: str, problem: str, retry_after_s: int = 5) -> None:
        super().__init__(f"{what} cannot be reached where the server keeps them: {problem}")
        self.what, self.problem, self.retry_after_s = what, problem, retry_after_s


class ListenError(PolycueError):
    """The server cannot listen where it was told to."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"cannot listen on {address}: {problem}")
        self.address, self.problem = address, problem


class InsecureAddress(ListenError):
    """Other machines reach the address, and calls could be read or made by anybody."""

    def __init__(self, address: str, missing: str) -> None:
        super().__init__(
            address,
            f"other machines reach it, and {missing}; use 127.0.0.1:PORT or unix:/PATH, "
            "or add --insecure on a network you trust",
        )
        self.missing = missing


class AddressUnusable(ListenError):
    """The address is malformed, taken, or not this machine's."""


class NotAuthenticated(PolycueError):
    """The server knows nobody by the credentials of this call."""


class TokenMissing(NotAuthenticated):
    """The call brings no token, and the server wants one."""

    def __init__(self) -> None:
        super().__init__("this server wants a token: metadata 'authorization: Bearer TOKEN'")


class TokenUnknown(NotAuthenticated):
    """The token is none of those the server knows."""

    def __init__(self) -> None:
        super().__init__("this server does not know the token")


class TokenExpired(NotAuthenticated):
    """The token was good once."""

    def __init__(self) -> None:
        super().__init__("the token has expired; ask the server's operator for a new one")


class CertificateUnknown(NotAuthenticated):
    """The client's certificate is valid, but says nothing of a tenant."""

    def __init__(self) -> None:
        super().__init__("the client's certificate belongs to no tenant of this server")


class QuotaExceeded(PolycueError):
    """A tenant has as much of ``kind`` as it may have: ``jobs``, ``storage`` or ``media``."""

    def __init__(self, kind: str, used: int, limit: int, unit: str, retry_after_s: int) -> None:
        advice = "delete some, or " if kind == "storage" else ""
        super().__init__(
            f"{used} of {limit} {unit} are in use by this tenant;"
            f" {advice}try again in {retry_after_s} s"
        )
        self.kind, self.used, self.limit, self.unit = kind, used, limit, unit
        self.retry_after_s = retry_after_s


class DeadlineTooShort(PolycueError):
    """The caller's deadline passes before the work can be done; it was stopped at once."""

    def __init__(self, needed_s: float, left_s: float) -> None:
        super().__init__(
            f"this takes {needed_s:.0f} s at least, and the deadline is in {left_s:.0f} s; "
            "give it more time, or use CreateJob"
        )
        self.needed_s, self.left_s = round(needed_s, 1), round(left_s, 1)


class TooManyCalls(PolycueError):
    """As many calls are at work as may be; this one was not begun."""

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(f"{limit} calls are at work already; try again in {retry_after_s} s")
        self.limit, self.retry_after_s = limit, retry_after_s


class Draining(PolycueError):
    """The server is shutting down and takes no new work."""

    def __init__(self, retry_after_s: int = 5) -> None:
        super().__init__("the server is shutting down; another one may take the call")
        self.retry_after_s = retry_after_s
