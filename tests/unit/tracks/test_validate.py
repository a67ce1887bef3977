import pytest

from polycue.tracks.validate import validate
from polycue.tracks.violation import Rule, Violation

CUE = "00:01.000 --> 00:02.000\nHello\n"

VALID = [
    "WEBVTT\n\n",
    "\ufeffWEBVTT title --> x\n\n",
    f"WEBVTT\n\n{CUE}",
    f"WEBVTT\r\n\r\n1\r\n{CUE}".replace("\r\n", "\n").replace("\n", "\r\n"),
    f"WEBVTT\r\r1\r{CUE}".replace("\n", "\r"),
    f"WEBVTT\n\nNOTE\nquiet\n\nSTYLE\n::cue {{}}\n\nREGION\nid:a width:40%\nlines:3\n\n{CUE}",
    f"WEBVTT\n\nNOTE\n\n{CUE}\nNOTE x\n",
    "WEBVTT\n\n00:01.000\t-->  100:00:02.000 align:start line:-1 position:5.5%,center region:a\n\n",
    "WEBVTT\n\n00:01.000 --> 00:02.000 vertical:rl line:0%,end size:100% \nx\n",
    f"WEBVTT\n\n{CUE}\n{CUE}",  # the same start twice is in order
    "WEBVTT\n\n00:01.000 --> 00:09.000\n<v.loud Ann &amp; Bob>Hi\nthere <i>you</i>\n",
    "WEBVTT\n\n00:01.000 --> 00:09.000\n<v Ann>Hi</v> <v Bob>Ho</v>\n",
    "WEBVTT\n\n00:01.000 --> 00:09.000\n<ruby>a<rt>b</rt>c<rt>d</ruby> <lang pt-BR>x</lang>\n",
    "WEBVTT\n\n00:01.000 --> 00:09.000\na <00:02.000>b <00:00:03.000>c &#39; &#x27; &nbsp; > ;\n",
]


@pytest.mark.parametrize("text", VALID)
def test_valid_files_are_accepted(text: str) -> None:
    assert validate(text) == []


def in_cue(payload: str) -> str:
    return f"WEBVTT\n\n00:01.000 --> 00:09.000\n{payload}\n"


def with_times(times: str) -> str:
    return f"WEBVTT\n\n{times}\nHello\n"


INVALID = [
    ("", 1, Rule.SIGNATURE),
    ("webvtt\n\n", 1, Rule.SIGNATURE),
    ("WEBVTT1\n\n", 1, Rule.SIGNATURE),
    ("\ufeff\ufeffWEBVTT\n\n", 1, Rule.SIGNATURE),
    (f"1\n{CUE}", 1, Rule.SIGNATURE),
    ("WEBVTT\n", 2, Rule.HEADER),
    (f"WEBVTT\nKind: captions\n\n{CUE}", 2, Rule.HEADER),
    (f"WEBVTT\n{CUE}", 2, Rule.HEADER),
    (f"WEBVTT\n\n{CUE}".rstrip(), 4, Rule.LAST_LINE),
    (in_cue("a\0b"), 4, Rule.CHARACTER),
    (in_cue("a\ud800b"), 4, Rule.CHARACTER),
    (in_cue("a --> b"), 4, Rule.ARROW),
    (f"WEBVTT\n\n{CUE}{CUE}", 5, Rule.ARROW),  # no blank line between cues
    (f"WEBVTT\n\nNOTE\na\nb --> c\n\n{CUE}", 5, Rule.ARROW),
    (f"WEBVTT\n\nstray\n\n{CUE}", 3, Rule.BLOCK),
    (f"WEBVTT\n\nNOTES\n\n{CUE}", 3, Rule.BLOCK),
    (f"WEBVTT\n\n{CUE}\nrest of a cue\n", 6, Rule.BLOCK),  # a blank line inside a cue
    (f"WEBVTT\n\n{CUE}\nSTYLE\n::cue {{}}\n", 6, Rule.PLACE),
    (f"WEBVTT\n\n{CUE}\nREGION\nid:a\n", 6, Rule.PLACE),
    (with_times("00:01,000 --> 00:02,000"), 3, Rule.TIMES),
    (with_times("00:01.000-->00:02.000"), 3, Rule.TIMES),
    (with_times(" 00:01.000 --> 00:02.000"), 3, Rule.TIMES),
    (with_times("0:00:01.000 --> 0:00:02.000"), 3, Rule.TIMES),
    (with_times("00:60.000 --> 01:02.000"), 3, Rule.TIMES),  # stable-ts writes 00:00:60.000
    (with_times("00:01.00 --> 00:02.00"), 3, Rule.TIMES),
    (with_times("00:01.000 --> 00:01.000"), 3, Rule.DURATION),
    (with_times("00:02.000 --> 00:01.000"), 3, Rule.DURATION),
    (f"WEBVTT\n\n00:05.000 --> 00:06.000\nx\n\n{CUE}", 6, Rule.ORDER),
    (f"WEBVTT\n\na\n{CUE}\na\n{CUE}", 7, Rule.IDENTIFIER),
    (f"WEBVTT\n\nREGION\nwidth:40%\n\n{CUE}", 3, Rule.IDENTIFIER),
    (f"WEBVTT\n\nREGION\nid:a\n\nREGION\nid:a\n\n{CUE}", 6, Rule.IDENTIFIER),
    (f"WEBVTT\n\nREGION\nid:a lines:1.5\n\n{CUE}", 3, Rule.SETTING),
    (with_times("00:01.000 --> 00:02.000 align:middle"), 3, Rule.SETTING),
    (with_times("00:01.000 --> 00:02.000 align:start align:start"), 3, Rule.SETTING),
    (with_times("00:01.000 --> 00:02.000 size:101%"), 3, Rule.SETTING),
    (with_times("00:01.000 --> 00:02.000 position:50"), 3, Rule.SETTING),
    (with_times("00:01.000 --> 00:02.000 colour:red"), 3, Rule.SETTING),
    (with_times("00:01.000 --> 00:02.000 align: start"), 3, Rule.SETTING),
    (in_cue("Tom & Jerry"), 4, Rule.REFERENCE),
    (in_cue("&nosuchname;"), 4, Rule.REFERENCE),
    (in_cue("&#0; &#xD800;"), 4, Rule.REFERENCE),
    (in_cue("a\nI &lt 3"), 5, Rule.REFERENCE),
    (in_cue("<v Tom & Jerry>Hi"), 4, Rule.REFERENCE),
    (in_cue("I < 3"), 4, Rule.TAG),
    (in_cue("a\n<font color=red>b</font>"), 5, Rule.TAG),
    (in_cue("<v>Hello"), 4, Rule.TAG),
    (in_cue("<v  >Hello"), 4, Rule.TAG),
    (in_cue("<i loud>Hello</i>"), 4, Rule.TAG),
    (in_cue("<lang no_such_tag>Hello</lang>"), 4, Rule.TAG),
    (in_cue("<00:99.000>"), 4, Rule.TAG),
    (in_cue("<i>Hello"), 4, Rule.NESTING),
    (in_cue("<i>Hello\nthere"), 5, Rule.NESTING),
    (in_cue("Hello</i>"), 4, Rule.NESTING),
    (in_cue("<i><b>Hello</i></b>"), 4, Rule.NESTING),
    (in_cue("a <v Ann>Hello"), 4, Rule.NESTING),  # only a voice that is all of the cue stays open
    (in_cue("<rt>x</rt>"), 4, Rule.NESTING),
    (in_cue("<00:01.000>x"), 4, Rule.CUE_TIME),
    (in_cue("<00:09.000>x"), 4, Rule.CUE_TIME),
    (in_cue("<00:03.000>x<00:02.000>y"), 4, Rule.CUE_TIME),
]


@pytest.mark.parametrize(("text", "line", "rule"), INVALID)
def test_a_broken_rule_is_named_with_its_line(text: str, line: int, rule: Rule) -> None:
    assert Violation(line, rule) in validate(text)


def test_every_rule_is_broken_by_some_example() -> None:
    assert {rule for _, _, rule in INVALID} == set(Rule)


def test_one_fault_is_one_violation() -> None:
    assert validate(in_cue("Tom & Jerry")) == [Violation(4, Rule.REFERENCE)]
    assert str(validate(in_cue("Tom & Jerry"))[0]).startswith("line 4: & begins")


def test_violations_come_in_the_order_of_lines() -> None:
    lines = [violation.line for violation in validate("x\ny\n\n<\n\n00:02.000 --> 00:01.000\n&<\0")]
    assert lines == sorted(lines)
    assert len(lines) > 5
