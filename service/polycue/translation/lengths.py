"""How long texts and their translations may be, in a model's own tokens."""

MOST_TOKENS = 512  # CTranslate2 cuts longer input short without a word; a sentence never is
STEPS = (64, 128, 256, MOST_TOKENS)
"""A text may become as long as the longest of its step may: then its translation hangs on itself
alone, though all texts of a call share one limit. Nearly all that is said is in the first."""


def step_of(tokens: int) -> int:
    """The number of the step that a text of so many tokens is in; the last for one too long."""
    return next((n for n, most in enumerate(STEPS) if tokens <= most), len(STEPS) - 1)


def longest_answer(step: int) -> int:
    """Tokens after which a model is not translating but repeating itself."""
    return 2 * STEPS[step] + 32
