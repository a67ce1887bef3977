"""What the ways of calling need to know of lists and streams, whatever these are of."""

from typing import Protocol, TypeVar

_Asked = TypeVar("_Asked", covariant=True)
_Message = TypeVar("_Message", contravariant=True)
_Item = TypeVar("_Item", covariant=True)


class PageRequest(Protocol):
    page_token: str


class Page(Protocol):
    @property
    def next_page_token(self) -> str: ...


class Resumable(Protocol[_Asked, _Message, _Item]):
    """How far a stream came, over all the calls that it took."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing; False where only the server knows."""

    def request(self) -> _Asked:
        """For what is missing."""

    def take(self, message: _Message) -> _Item | None:
        """What is new in the message, if anything."""
