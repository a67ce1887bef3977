"""Text without spaces between words, and text from right to left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.breaks import TORN, WITHIN_PHRASE, break_costs, phrase_runs
from polycue.cues.layout import break_lines, layout
from polycue.cues.measure import clusters, width
from polycue.cues.phrases import phrase_ends
from polycue.cues.presets import rules_for
from polycue.cues.sentences import sentences
from polycue.cues.template import words_of
from polycue.cues.tokens import tokens
from polycue.domain.cue import Cue
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word, text_of

JAPANESE = (
    "今日は天気がいいので、公園まで散歩に行きました。それから図書館で「雪国」を借りて帰りました。"
)
CHINESE = (
    "他说这个问题其实并不像我们想象的那么复杂，只要大家愿意一起努力，就一定能够找到解决的办法。"
)
THAI = "วันนี้อากาศดีมากเราจึงไปเดินเล่นที่สวนสาธารณะแล้วก็กลับบ้านไปทำอาหารกินด้วยกันกับเพื่อนบ้านที่เพิ่งย้ายมา"
KHMER = "ថ្ងៃនេះអាកាសធាតុល្អណាស់ពួកយើងទៅដើរលេងនៅសួនច្បារហើយត្រឡប់មកផ្ទះវិញធ្វើម្ហូបញ៉ាំ"
NEVER_FIRST = set("、。」』）っゃゅょぁーッャュョァ々ゝ？！…・")
NEVER_LAST = set("「『（【")
BOUND = set("?Ab1「")  # what is not parted from such a mark either
BIDI = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def spoken(text: str, *, piece_ms: int = 150) -> list[Word]:
    """The pieces of a text one after another."""
    return [
        Word(token.text, piece_ms * index, piece_ms * (index + 1), joined=token.joined)
        for index, token in enumerate(tokens(text))
    ]


def lines_of(text: str, language: str) -> list[str]:
    rules = rules_for(LayoutOptions(), language, None)
    return [line for cue in layout(spoken(text), rules) for line in cue.lines]


def phrases_of(text: str, language: str) -> list[str]:
    words = spoken(text)
    return [text_of(words[first:after]) for first, after in phrase_runs(words, language)]


def test_phrases_are_those_that_a_reader_would_find() -> None:
    assert phrases_of("公園まで散歩に行きました", "ja") == ["公園まで", "散歩に", "行きました"]
    assert phrases_of("我们去公园散步", "zh") == ["我们", "去", "公园", "散步"]
    assert phrases_of("我們去公園散步", "zh-TW") == ["我們", "去", "公園", "散步"]
    assert phrases_of("เราไปเดินเล่น", "th") == ["เรา", "ไป", "เดิน", "เล่น"]


def test_a_number_is_one_with_its_counter_though_budoux_parts_it() -> None:
    assert sorted(phrase_ends("東京は2021年に", "ja") or ()) == [3, 6]
    assert phrases_of("東京は2021年に", "ja") == ["東京は", "2021年に"]


@pytest.mark.parametrize(("text", "language"), [("今日は雨です", "und"), ("อากาศดีมาก", "en")])
def test_the_script_decides_where_the_language_is_unknown(text: str, language: str) -> None:
    assert phrase_ends(text, language)


def test_nothing_is_known_of_phrases_of_khmer() -> None:
    assert phrase_ends(KHMER, "km") is None


def test_a_break_between_phrases_is_cheaper_than_one_within() -> None:
    words = spoken("公園まで散歩に行きました")
    costs = break_costs(words, "ja")
    border, inner = costs[3], costs[1]
    assert text_of(words[:4]) == "公園まで"
    assert 2 * border <= WITHIN_PHRASE == inner


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("今日は天気がいいので、公園まで散歩に行きました。", "ja",
         ("今日は天気がいいので、", "公園まで散歩に行きました。")),
        ("ラーメンを食べながらコンピューターゲームで", "ja",
         ("ラーメンを食べながら", "コンピューターゲームで")),
        ("今天天气很好，我们去公园散步，然后在图书馆借了一本书回家。", "zh",
         ("今天天气很好，我们去公园散步，", "然后在图书馆借了一本书回家。")),
        ("他說這個問題其實並不像我們想像的那麼複雜，", "zh-Hant",
         ("他說這個問題其實並不像", "我們想像的那麼複雜，")),
        ("เขาบอกว่าปัญหานี้ไม่ได้ซับซ้อน ถ้าทุกคนช่วยกันก็จะแก้ไขได้", "th",
         ("เขาบอกว่าปัญหานี้ไม่ได้ซับซ้อน", "ถ้าทุกคนช่วยกันก็จะแก้ไขได้")),
        ("오늘은 날씨가 좋아서 공원까지 산책을 갔어요.", "ko",
         ("오늘은 날씨가 좋아서", "공원까지 산책을 갔어요.")),
        ("הילדים חזרו הביתה לפני הערב כי מחר בבוקר יש להם מבחן.", "he",
         ("הילדים חזרו הביתה לפני הערב", "כי מחר בבוקר יש להם מבחן.")),
        ("ذهبنا إلى الحديقة القديمة ثم عدنا إلى البيت قبل المطر.", "ar",
         ("ذهبنا إلى الحديقة القديمة", "ثم عدنا إلى البيت قبل المطر.")),
        ("हम सब लोग सुबह पार्क में टहलने गए और फिर शाम को अपने घर लौट आए।", "hi",
         ("हम सब लोग सुबह पार्क में टहलने गए", "और फिर शाम को अपने घर लौट आए।")),
    ],
)  # fmt: skip
def test_lines_end_where_a_reader_would_breathe(
    text: str, language: str, expected: tuple[str, ...]
) -> None:
    assert break_lines(text, rules_for(LayoutOptions(), language, None)) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("あ" * 200, "ja"),
        ("の" * 100 + "ー" * 100, "ja"),
        ("龍" * 200, "zh"),
        ("ก" * 300, "th"),
        ("น้ำ" * 100, "th"),
        (THAI * 3, "th"),
        (KHMER * 3, "km"),
    ],
)
def test_long_text_without_spaces_keeps_to_its_lines(text: str, language: str) -> None:
    rules = rules_for(LayoutOptions(), language, None)
    lines = lines_of(text, language)
    assert "".join(lines) == text
    assert max(width(line, language) for line in lines) <= rules.max_line_chars


@given(
    st.text(
        alphabet="日本語は、。「」っゃーッュ々のでしたがAb1?！・…",
        min_size=1,
        max_size=60,
    )
)
def test_kinsoku_holds_wherever_the_line_is_long_enough(text: str) -> None:
    """A mark begins a line only where a line would have nothing but such marks on it."""
    lines = lines_of(text, "ja")
    assert "".join(lines) == text
    for line in lines[1:]:
        assert line[0] not in NEVER_FIRST or longest_run(text, NEVER_FIRST | BOUND) >= 6
    for line in lines[:-1]:
        assert line[-1] not in NEVER_LAST or longest_run(text, NEVER_LAST | NEVER_FIRST) >= 6


def longest_run(text: str, of: set[str]) -> int:
    longest = here = 0
    for character in text:
        here = here + 1 if character in of else 0
        longest = max(longest, here)
    return longest


@pytest.mark.parametrize(("text", "language"), [(JAPANESE, "ja"), (CHINESE, "zh"), (THAI, "th")])
def test_lines_of_real_text_break_between_phrases_only(text: str, language: str) -> None:
    ends = phrase_ends(text, language)
    assert ends is not None
    passed = 0
    for line in lines_of(text, language)[:-1]:
        passed += len(line)
        assert passed in ends


def test_a_letter_is_not_torn_though_the_recogniser_heard_its_parts_apart() -> None:
    """Whisper's tokens end anywhere: before the vowel "am", before a mark, within a syllable."""
    pieces = [*"กำลังเดินทางไปน้ำตกสวยมากที่สุดแห่งหนึ่งของประเทศไทยและนอนค้างคืน"]
    words = [Word(p, 100 * i, 100 * i + 100, joined=i > 0) for i, p in enumerate(pieces)]
    narrow = rules_for(LayoutOptions(max_line_chars=6), "th", None)
    lines = [line for cue in layout(words, narrow) for line in cue.lines]
    whole = [*clusters("".join(pieces))]
    assert [cluster for line in lines for cluster in clusters(line)] == whole
    assert not any(line[-1] in "เแโใไ" for line in lines)


@pytest.mark.parametrize(
    "pieces",
    [["👩", "\u200d", "🚀"], ["e", "\u0301"], ["🇫", "🇷"], ["한", "\u11ab"], ["ស", "្", "រ"]],
)
def test_what_is_one_sign_is_dearer_to_tear_than_to_let_over_the_edge(pieces: list[str]) -> None:
    words = [Word(piece, 0, 0, joined=True) for piece in pieces]
    assert all(cost > 100 for cost in break_costs(words, "und")[:-1])


def test_a_word_that_came_in_parts_is_dear_to_tear() -> None:
    words = [Word("sub", 0, 0), Word("title", 0, 0, joined=True)]
    assert break_costs(words, "en") == [TORN, 0.0]


def test_thai_of_a_file_comes_in_syllables_without_spaces() -> None:
    words = words_of([Cue(0, 4000, ("เราไปเดินเล่น", "ที่สวน")), Cue(4000, 8000, ("OK ครับ",))])
    assert text_of(words) == "เราไปเดินเล่นที่สวน OK ครับ"
    assert [word.text for word in words][:5] == ["เรา"[:2], "า", "ไป", "เดิ", "น"]


def test_a_long_sentence_without_spaces_is_cut_as_late_as_one_with_them() -> None:
    text = "今日は天気がいいので公園まで散歩に行きました" * 5  # 110 characters, some fifty words
    assert len(sentences(spoken(text), "ja")) == 1
    assert len(sentences(spoken(text * 2), "ja")) == 2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("قال لي صديقي Ahmed إن الفيلم سيبدأ في الساعة 8:30 مساءً، ثم ضحك (كعادته) ومضى.", "ar"),
        ("הוא אמר לי שהסרט The Matrix יתחיל בשעה 8:30 בערב, ואז צחק (כהרגלו) והלך הביתה.", "he"),
    ],
)
def test_right_to_left_stays_in_the_order_it_is_read_without_controls(
    text: str, language: str
) -> None:
    lines = lines_of(text, language)
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert not BIDI & set("".join(lines))
