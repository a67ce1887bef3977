"""Sentences of a film that speaks several languages, each translated from its own."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import PairNotInstalled
from polycue.domain.language import name, primary
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.transcript import Sentence, Word
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.ports import Translator
from polycue.pipeline.translating import Part, Translated, translate_sentences

Route = tuple[str, ...]

_NO_WISHES = Wishes()


class Tongues:
    """Translates into ``target``. ``own`` is the language of words that name none.

    A sentence in the target language stays as it is; so does, and is told of, one from whose
    language no installed pair leads there: a foreign line does not cost the whole film.
    """

    def __init__(
        self, translator: Translator, own: str, target: str, *, cancel: CancelToken
    ) -> None:
        self._translator, self._cancel = translator, cancel
        self._own, self._target = own, target
        self._routes: dict[str, Route] = {}
        self._missing: dict[str, PairNotInstalled] = {}
        self._kept_count: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"Tongues({', '.join(self._routes)} to {self._target})"

    def translate(self, sentences: Sequence[Sentence], wishes: Wishes = _NO_WISHES) -> Translated:
        """The sentences in their order; each language's in one call."""
        numbers: dict[str, list[int]] = defaultdict(list)
        for number, sentence in enumerate(sentences):
            numbers[sentence.words[0].language or self._own].append(number)
        parts = [Part(()) for _ in sentences]
        for language, mine in numbers.items():
            rooms = tuple(wishes.rooms[number] for number in mine if wishes.rooms)
            own = replace(wishes, rooms=rooms)
            done = self._from(language, [sentences[number] for number in mine], own)
            for number, part in zip(mine, done.sentences, strict=True):
                parts[number] = _as_suspect(part, sentences[number])
        return Translated(tuple(parts))

    def route(self, language: str) -> Route:
        """The languages to go through from this one; none where no way leads to the target.

        Itself alone where it is at home there, such as Spanish in Latin American Spanish; but from
        one script of Chinese to the other there may be a pair.
        """
        if language not in self._routes:
            self._routes[language] = self._found(language)
        return self._routes[language]

    def _found(self, language: str) -> Route:
        if language == self._target:
            return (language,)
        try:
            return self._translator.route(language, self._target)
        except PairNotInstalled as error:
            if primary(language) == primary(self._target):
                return (language,)
            self._missing[language] = error
            return ()

    def notices(self) -> Iterator[Notice]:
        """One for each language that could not be translated at all."""
        for language, error in self._missing.items():
            count = self._kept_count[language]
            message = (
                f"{count} {'sentence stays' if count == 1 else 'sentences stay'} in "
                f"{name(language)}: {error}"
            )
            facts = {
                "count": str(count),
                "source": error.source,
                "target": error.target,
                "command": error.command,
            }
            yield Notice(NoticeReason.NOT_TRANSLATED, message, facts)

    def _from(self, language: str, sentences: list[Sentence], wishes: Wishes) -> Translated:
        route = self.route(language)
        if len(route) == 1:
            return Translated(tuple(Part(_at_home(sentence)) for sentence in sentences))
        if not route:
            self._kept_count[language] += len(sentences)
            return Translated(tuple(Part(sentence.words, kept=True) for sentence in sentences))
        return translate_sentences(self._translator, sentences, route, wishes, cancel=self._cancel)


def _at_home(sentence: Sentence) -> tuple[Word, ...]:
    """Its words in a track of their own language, where they are foreign no more."""
    return tuple(replace(word, language="") for word in sentence.words)


def _as_suspect(part: Part, sentence: Sentence) -> Part:
    """A translation is as doubtful as what it was made from."""
    if not any(word.suspect for word in sentence.words):
        return part
    return replace(part, words=tuple(replace(word, suspect=True) for word in part.words))
