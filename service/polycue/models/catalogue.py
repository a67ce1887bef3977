"""The Whisper models that can be pulled by name, each pinned to a commit of its repository.

A name means what it means in faster-whisper. Revisions and sizes were gathered in November 2026
from the lock files of public projects, each revision from at least two that do not depend on one
another; so was the SHA-256 of the weights. Where only one was found it is left empty: then what the
first pull brings is recorded and held to.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """A model in the format of CTranslate2. ``size_bytes`` is what is downloaded, about.

    ``weights_sha256`` is that of ``model.bin``, "" where it is not known for sure.
    """

    name: str
    repository: str
    revision: str
    size_bytes: int
    weights_sha256: str = ""
    aliases: tuple[str, ...] = ()
    licence: str = "MIT"

    @property
    def english_only(self) -> bool:
        """Distilled models are, too, whatever their vocabulary: their cards list English alone."""
        return self.name.endswith(".en") or self.name.startswith("distil-")


WHISPER_MODELS = (
    WhisperModel(
        name="tiny",
        repository="Systran/faster-whisper-tiny",
        revision="d90ca5fe260221311c53c58e660288d3deb8d356",
        size_bytes=78_203_619,
        weights_sha256="dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1",
    ),
    WhisperModel(
        name="tiny.en",
        repository="Systran/faster-whisper-tiny.en",
        revision="0d3d19a32d3338f10357c0889762bd8d64bbdeba",
        size_bytes=78_090_594,
        weights_sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    WhisperModel(
        name="base",
        repository="Systran/faster-whisper-base",
        revision="ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        size_bytes=147_882_941,
        weights_sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    WhisperModel(
        name="base.en",
        repository="Systran/faster-whisper-base.en",
        revision="3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        size_bytes=147_769_510,
        weights_sha256="2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
    ),
    WhisperModel(
        name="small",
        repository="Systran/faster-whisper-small",
        revision="536b0662742c02347bc0e980a01041f333bce120",
        size_bytes=486_212_372,
        weights_sha256="3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
    ),
    WhisperModel(
        name="small.en",
        repository="Systran/faster-whisper-small.en",
        revision="d1d751a5f8271d482d14ca55d9e2deeebbae577f",
        size_bytes=486_098_798,
        weights_sha256="62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
    ),
    WhisperModel(
        name="medium",
        repository="Systran/faster-whisper-medium",
        revision="08e178d48790749d25932bbc082711ddcfdfbc4f",
        size_bytes=1_530_571_735,
        weights_sha256="9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae",
    ),
    WhisperModel(
        name="medium.en",
        repository="Systran/faster-whisper-medium.en",
        revision="a29b04bd15381511a9af671baec01072039215e3",
        size_bytes=1_530_457_748,
        weights_sha256="11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b",
    ),
    WhisperModel(
        name="large-v1",
        repository="Systran/faster-whisper-large-v1",
        revision="b07c8d4be0be90092aa01a29c975077acb8d15c9",
        size_bytes=3_089_578_414,
    ),
    WhisperModel(
        name="large-v2",
        repository="Systran/faster-whisper-large-v2",
        revision="f0fe81560cb8b68660e564f55dd99207059c092e",
        size_bytes=3_089_578_858,
        weights_sha256="bf2a9746382e1aa7ffff6b3a0d137ed9edbd9670c3b87e5d35f5e85e70d0333a",
    ),
    WhisperModel(
        name="large-v3",
        repository="Systran/faster-whisper-large-v3",
        revision="edaa852ec7e145841d8ffdb056a99866b5f0a478",
        size_bytes=3_090_835_702,
        weights_sha256="69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1",
        aliases=("large",),
    ),
    WhisperModel(
        name="large-v3-turbo",
        repository="mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        revision="0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        size_bytes=1_621_665_983,
        weights_sha256="e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
        aliases=("turbo",),
    ),
    WhisperModel(
        name="distil-small.en",
        repository="Systran/faster-distil-whisper-small.en",
        revision="ef77d90526ccd62cde3808ee70626a01e5cf83e4",
        size_bytes=335_542_354,
        weights_sha256="1187de3982cdcf962a2fb8f797e429fb4651b875b18fe9ce50b58b52fc9072b7",
    ),
    WhisperModel(
        name="distil-medium.en",
        repository="Systran/faster-distil-whisper-medium.en",
        revision="80ddfce281f77766d8943d63109199fc8145dfa5",
        size_bytes=792_060_626,
        weights_sha256="d4cb75d823dcd2647191064da76f026774c06c036908f38456165368d0e2d66a",
    ),
    WhisperModel(
        name="distil-large-v2",
        repository="Systran/faster-distil-whisper-large-v2",
        revision="fe9b404fc56de3f7c38606ef9ba6fd83526d05e4",
        size_bytes=1_516_000_000,
    ),
    WhisperModel(
        name="distil-large-v3",
        repository="Systran/faster-distil-whisper-large-v3",
        revision="c3058b475261292e64a0412df1d2681c06260fab",
        size_bytes=1_516_479_628,
        weights_sha256="b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5",
    ),
    WhisperModel(
        name="distil-large-v3.5",
        repository="distil-whisper/distil-large-v3.5-ct2",
        revision="9793ccc07920e0f830e1dba0343efcdf0ef8c903",
        size_bytes=1_516_479_656,
    ),
)


def find_whisper(name: str) -> WhisperModel | None:
    """The model of this name or alias."""
    return next((m for m in WHISPER_MODELS if name == m.name or name in m.aliases), None)
