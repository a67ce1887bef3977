"""Words that no line should end with, to score any system by: not the lists that polycue uses.

Closed classes as grammars have them: articles, possessives, demonstratives, prepositions,
conjunctions, relatives, subject and clitic pronouns, negation, and the auxiliaries in all their
usual forms. Words that are as often a verb, a noun or an adverb of their own (English "like" and
"round", French "plus", "fait" and "avant") are left out: a break after them says nothing.
A word that begins or ends elided counts by both parts, as "qu'il" does.
"""

_ENGLISH = """
a an the
my your his its our their this these those every each no some any another
of to in for on with at by from into onto about between through across against around before
after behind during inside over since toward towards under until upon within without among along
beyond near than as beneath beside besides despite except throughout via
and but or nor
that which who whom whose what where when while why how because if whether although though unless
i we he she they you it
i'm i've i'll i'd we're we've we'll we'd you're you've you'll you'd he's he'll he'd she's she'll
she'd it's it'll they're they've they'll they'd there's that's what's who's let's
am is are was were be been being has have had do does did can could will would shall should may
might must cannot
don't doesn't didn't can't couldn't won't wouldn't isn't aren't wasn't weren't haven't hasn't hadn't
shouldn't mustn't not
mr. mrs. ms. dr.
"""

_FRENCH = """
le la les l' un une des du de d' au aux
mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces chaque quel quelle
quels quelles aucun aucune quelques
à en dans par pour sur avec sans sous entre vers chez contre depuis pendant après dès jusque jusqu'
parmi selon malgré envers hormis outre
et ou mais ni car or
que qu' qui dont où quand lorsque lorsqu' puisque puisqu' comme si quoique quoiqu' pourquoi comment
parce
je j' tu il elle on nous vous ils elles me m' te t' se ne n' c' y lui
ai as a avons avez ont avais avait avions aviez avaient aurai auras aura aurons aurez auront aurais
aurait aurions auriez auraient aie aies ait ayons ayez aient avoir ayant eu
suis es est sommes êtes sont étais était étions étiez étaient serai seras sera serons serez seront
serais serait serions seriez seraient sois soit soyons soyez soient être étant fut furent
peux peut pouvons pouvez peuvent pouvais pouvait pouvaient pourrai pourra pourrons pourrez pourront
pourrais pourrait pourrions pourriez pourraient
dois doit devons devez doivent devais devait devaient devrai devra devrons devrez devront devrais
devrait devrions devriez devraient
veux veut voulons voulez veulent voulais voulait voulaient
vais vas va allons allez vont
faut fallait faudra faudrait
m. mm. mme mlle dr
"""

_LISTS = {"en": frozenset(_ENGLISH.split()), "fr": frozenset(_FRENCH.split())}
_MARKS = "\"'“”‘’«»‹›()[]¿¡-–—"


def function_words(language: str) -> frozenset[str] | None:
    """None where no list is at hand."""
    return _LISTS.get(language.split("-")[0])


def is_function_word(word: str, known: frozenset[str]) -> bool:
    """Whether the word is one or ends with one, as "qu'il" does; with a mark behind it none is."""
    bare = word.lower().replace("’", "'").lstrip(_MARKS)
    return bare in known or bare.rpartition("'")[2] in known
