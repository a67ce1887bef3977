"""What a call passes before it is answered: is the server open, who is it, is there a place."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from polycue.rpc.access.authority import Authority
from polycue.rpc.access.callers import Kind
from polycue.rpc.access.places import Places
from polycue.rpc.gate import Gate

# The calls not named here are a moment of the store's.
_KINDS = {
    "Transcribe": Kind.CLIPS,
    "StreamTranscribe": Kind.CLIPS,
    "TranslateSubtitles": Kind.TEXTS,
    "ConvertSubtitles": Kind.TEXTS,
    "LintSubtitles": Kind.TEXTS,
    "WatchJob": Kind.WATCHES,
    "WriteUpload": Kind.TRANSFERS,
    "ReadArtifact": Kind.TRANSFERS,
}


class Door:
    """``places`` are for kinds of calls that hold one from beginning to end.

    The others take theirs from the workers, which keep it until their thread has let go.
    """

    def __init__(self, gate: Gate, authority: Authority, places: Mapping[Kind, Places]) -> None:
        self.gate, self._authority, self._places = gate, authority, places

    def tenant_of(self, context: Any) -> str:
        """Raises NotAuthenticated where nobody we know is calling."""
        return self._authority.tenant_of(context)

    @asynccontextmanager
    async def place(self, method: str, tenant: str) -> AsyncIterator[None]:
        """Hold a place for a call of ``method`` for the length of the block.

        Raises:
            TooManyCalls: there is none.
        """
        places = self._places.get(_KINDS.get(method, Kind.REQUESTS))
        if places is None:
            yield
            return
        async with places.held(tenant):
            yield
