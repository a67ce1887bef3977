"""Options as people write them."""

import dataclasses
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.api.v1 import media_pb2
from polycue_client import requests
from polycue_client.cli.doubts import DoubtChoice
from polycue_client.cli.inputs import own_format, stem_and_language
from polycue_client.cli.layout import LayoutChoice
from polycue_client.cli.muxing import MuxChoice
from polycue_client.cli.parsing import ForgivingCommand, settled
from polycue_client.cli.speech import SpeechChoice, audio_selector
from polycue_client.cli.subtitle import subtitle
from polycue_client.cli.translate import translate


def parsed(*args: str) -> dict[str, object]:
    """The values click finds in a command line, by parameter name; the files as text."""
    params = subtitle.make_context("subtitle", list(args)).params
    return {**params, "files": [str(path) for path in params["files"]]}


@pytest.mark.parametrize("flag", ["--beam_size", "--beam-size"])
@pytest.mark.parametrize("form", ["{}=3", "{} 3"], ids=["equals", "space"])
def test_underscores_and_hyphens_are_alike(flag: str, form: str) -> None:
    assert parsed(*form.format(flag).split(), "film.mp4")["beam_size"] == 3


@pytest.mark.parametrize(
    ("args", "overwrite"),
    [
        (["--overwrite", "film.mp4"], True),
        (["--overwrite", "True", "film.mp4"], True),
        (["--overwrite", "true", "film.mp4"], True),
        (["--overwrite=True", "film.mp4"], True),
        (["--overwrite", "False", "film.mp4"], False),
        (["--overwrite=false", "film.mp4"], False),
        (["-y", "film.mp4"], True),
        (["film.mp4"], False),
    ],
    ids=str,
)
def test_a_switch_stands_alone_or_takes_true_or_false(args: list[str], overwrite: bool) -> None:
    params = parsed(*args)
    assert params["overwrite"] is overwrite
    assert params["files"] == ["film.mp4"]


@pytest.mark.parametrize(
    ("args", "mux"),
    [
        (["film.mp4"], ()),
        (["--mux", "film.mp4"], ("own",)),
        (["film.mp4", "--mux"], ("own",)),
        (["--mux", "mkv", "film.mp4"], ("mkv",)),
        (["--mux", "mkv,mp4", "film.mp4"], ("mkv", "mp4")),
        (["--mux=MKV", "--mux=webm", "film.mp4"], ("mkv", "webm")),
        (["--embed-subs", "film.mp4"], ("own",)),
        (["--embed_subs", "film.mp4"], ("own",)),
    ],
    ids=str,
)
def test_mux_takes_the_next_word_only_if_that_names_containers(
    args: list[str], mux: tuple[str, ...]
) -> None:
    params = parsed(*args)
    assert params["mux"] == mux
    assert params["files"] == ["film.mp4"]


@pytest.mark.parametrize(
    ("args", "languages"),
    [
        (["--translate-to", "es,de"], ("es", "de")),
        (["--translate_to", "es", "--translate-to=de, es"], ("es", "de")),
        (["-t", "es", "-t", ","], ("es",)),
    ],
    ids=str,
)
def test_lists_are_written_with_commas_or_by_repeating(
    args: list[str], languages: tuple[str, ...]
) -> None:
    assert parsed(*args, "film.mp4")["translate_to"] == languages


def test_all_is_every_format() -> None:
    every = ("srt", "vtt", "json", "ass", "ttml", "txt", "tsv", "hls")
    assert parsed("--output_format", "all", "film.mp4")["formats"] == every
    assert set(every) == set(requests.FORMATS)


@pytest.mark.parametrize(
    "args",
    [
        ["-f", "doc", "film.mp4"],
        ["--mux=avi", "film.mp4"],
        ["--beam-size", "0", "film.mp4"],
        ["--vad-threshold", "2", "film.mp4"],
        ["--task", "sing", "film.mp4"],
        ["--diarize", "film.mp4"],
        ["--overwrite=perhaps", "film.mp4"],
    ],
    ids=str,
)
def test_what_cannot_be_right_is_a_usage_error(args: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parsed(*args)


def test_a_value_that_looks_like_an_option_is_still_a_value() -> None:
    params = parsed("--initial_prompt", "--overwrite", "False", "--beam_size=2")
    assert params["initial_prompt"] == "--overwrite"
    assert params["overwrite"] is False
    assert params["files"] == ["False"]


def test_after_two_hyphens_everything_is_a_file() -> None:
    params = parsed("--", "--mux", "--vad_filter")
    assert params["files"] == ["--mux", "--vad_filter"]


def test_a_copied_command_line_of_another_tool_runs(capsys: pytest.CaptureFixture[str]) -> None:
    line = (
        "film.mp4 --model small --language English --task transcribe --beam_size 5 --best_of 5"
        " --word_timestamps True --vad_filter True --batched --batch_size 8 --temperature 0"
        " --output_format srt --output_dir out --print_progress True"
        " --condition_on_previous_text False"
    )
    params = parsed(*line.split())
    assert params["model"] == "small"
    assert params["files"] == ["film.mp4"]
    assert capsys.readouterr().err.splitlines() == [
        "--best-of has no effect here",
        "--condition-on-previous-text has no effect here",
    ]


def test_asking_for_the_impossible_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    parsed("--vad_filter", "False", "film.mp4")
    expected = "--vad-filter cannot be switched off: silence is always left out\n"
    assert capsys.readouterr().err == expected


@given(st.lists(st.text(st.characters(exclude_characters="-"), max_size=8), max_size=6))
def test_words_that_are_no_options_pass_unchanged(words: list[str]) -> None:
    assert settled(words, subtitle.params) == words


def test_every_command_is_forgiving() -> None:
    assert isinstance(subtitle, ForgivingCommand)
    assert isinstance(translate, ForgivingCommand)


def speech(**given: object) -> SpeechChoice:
    nothing: dict[str, object] = {
        "model": "",
        "language": "",
        "task": "transcribe",
        "beam_size": None,
        "initial_prompt": "",
        "hotwords": (),
        "vad_threshold": None,
        "vad_min_silence_duration_ms": None,
        "vad_speech_pad_ms": None,
        "allowed_languages": (),
        "multilingual": None,
    }
    return SpeechChoice(**{**nothing, **given})  # type: ignore[arg-type]


def test_what_is_not_given_is_left_to_the_server() -> None:
    config = speech().config()
    assert not config.HasField("beam_size")
    assert not config.speech_detection.HasField("threshold")
    assert not config.speech_detection.HasField("padding")
    assert layout_of().config().ByteSize() == 0


def layout_of(*args: str) -> LayoutChoice:
    """The choice as the command gets it, from its own options."""
    params = subtitle.make_context("subtitle", ["film.mp4", *args]).params
    names = [field.name for field in dataclasses.fields(LayoutChoice)]
    return LayoutChoice(**{name: params[name] for name in names})


def test_layout_options_reach_the_request() -> None:
    config = layout_of(
        *("--preset", "bbc", "--audience", "children", "--sdh", "--min_gap", "3"),
        *("--chain-gap", "0.4", "--linger", "1.25", "--max-duration", "6"),
        *("--shots", "off"),
    ).config()
    assert config.shots == media_pb2.SHOT_MODE_OFF
    assert (config.preset, config.custom_preset, config.min_gap_frames) == ("bbc", "", 3)
    assert (config.audience, config.hearing_impaired) == (media_pb2.AUDIENCE_CHILDREN, True)
    assert config.chain_gap.ToMilliseconds() == 400
    assert config.linger.ToMilliseconds() == 1250
    assert config.max_cue_duration.ToMilliseconds() == 6000
    assert not config.HasField("min_cue_duration")


def test_a_preset_of_ones_own_is_sent_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "house.toml"
    file.write_text('extends = "bbc"\n', encoding="utf-8")
    config = layout_of("--preset", str(file)).config()
    assert (config.preset, config.custom_preset) == ("house.toml", 'extends = "bbc"\n')


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"\xff\xfe", "UTF-8"), (b" \n", "empty"), (b"x" * 65_537, "64 KiB")],
)
def test_a_preset_file_that_cannot_be_is_told_at_once(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "house.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(click.BadParameter, match=said):
        layout_of("--preset", str(file))


def test_speech_options_reach_the_request() -> None:
    config = speech(
        model="small",
        language="English",
        task="translate",
        hotwords=("Ada", "Lovelace"),
        vad_threshold=0.0,
        vad_min_silence_duration_ms=1500,
    ).config()
    assert (config.model, config.language_code) == ("models/small", "English")
    assert list(config.hotwords) == ["Ada", "Lovelace"]
    assert config.speech_detection.HasField("threshold")
    assert config.speech_detection.min_silence.ToMilliseconds() == 1500


@pytest.mark.parametrize(
    ("language", "task", "written"),
    [
        ("auto", "transcribe", ""),
        ("", "transcribe", ""),
        ("de", "transcribe", "de"),
        ("de", "translate", "en"),
    ],
)
def test_the_first_tracks_language_is_what_is_written(
    language: str, task: str, written: str
) -> None:
    assert speech(language=language, task=task).written == written


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", "ordinal"),
        ("12", "ordinal"),
        ("es", "language_code"),
        ("pt-BR", "language_code"),
        ("Director's cut", "title"),
        ("commentary", "title"),
        ("", "title"),
        ("²", "title"),
    ],
)
def test_an_audio_track_is_a_number_a_language_or_a_title(text: str, kind: str) -> None:
    assert audio_selector(text).WhichOneof("by") == kind


def test_burning_in_alone_makes_a_copy_in_the_films_own_container() -> None:
    choice = MuxChoice(mux=(), burn="en")
    assert choice.suffixes(Path("film.MOV")) == ["mov"]
    (config,) = choice.configs()
    assert config.burn_in_language_code == "en"
    assert MuxChoice(mux=(), burn="").configs() == []


@pytest.mark.parametrize(
    ("name", "stem", "language"),
    [
        ("film.en.srt", "film", "en"),
        ("film.pt-BR.vtt", "film", "pt-BR"),
        ("film.srt", "film", ""),
        ("my.film.de.srt", "my.film", "de"),
        ("film.2024.srt", "film.2024", ""),
        ("film.director.srt", "film.director", ""),
        ("film.en.sdh.srt", "film", "en"),
        ("film.en.forced.srt", "film", "en"),
        ("film.sdh.srt", "film.sdh", ""),
    ],
)
def test_a_subtitle_files_language_is_in_its_name(name: str, stem: str, language: str) -> None:
    assert stem_and_language(Path(name)) == (stem, language)


def test_a_subtitle_file_keeps_its_format() -> None:
    assert [own_format(Path(name)) for name in ("a.SRT", "a.VTT", "a.txt")] == ["srt", "vtt", "srt"]


def doubts_of(*args: str) -> media_pb2.DefenceConfig:
    """What is sent about words that nobody said, from the command's own options."""
    params = subtitle.make_context("subtitle", ["film.mp4", *args]).params
    names = [field.name for field in dataclasses.fields(DoubtChoice)]
    return DoubtChoice(**{name: params[name] for name in names}).config()


def test_the_thresholds_of_other_tools_reach_the_request() -> None:
    assert doubts_of() == media_pb2.DefenceConfig()
    config = doubts_of(
        *("--compression_ratio_threshold", "2", "--logprob_threshold", "-0.5"),
        *("--no_speech_threshold", "0.75", "--hallucination_silence_threshold", "2"),
    )
    assert (config.compression_ratio_threshold, config.logprob_threshold) == (2, -0.5)
    assert config.no_speech_threshold == 0.75
    assert config.hallucination_silence_threshold.ToMilliseconds() == 2000
    assert doubts_of("--no-defence").off


def test_none_switches_a_rule_off_as_elsewhere() -> None:
    config = doubts_of("--compression_ratio_threshold", "None", "--logprob_threshold", "none")
    assert (config.compression_ratio_threshold, config.logprob_threshold) == (1000, -100)


@pytest.mark.parametrize(("args", "temperatures"), [
    ("--temperature 0", [0.2, 0.4, 0.6, 0.8, 1]),  # what openai-whisper makes of it
    ("--temperature 0.5", [0.5, 0.7, 0.9]),
    ("--temperature 0 --temperature_increment_on_fallback None", [0]),
    ("--temperature_increment_on_fallback 0.5", [0.5, 1]),
    ("--temperature 0,0.3 --temperature 0.9", [0, 0.3, 0.9]),
])  # fmt: skip
def test_further_tries_are_written_as_a_list_or_in_steps(
    args: str, temperatures: list[float]
) -> None:
    assert list(doubts_of(*args.split()).temperatures) == pytest.approx(temperatures)


@pytest.mark.parametrize("args", [
    "--temperature hot", "--temperature 1.5", "--logprob_threshold 1",
    "--temperature_increment_on_fallback 0.01",
])  # fmt: skip
def test_thresholds_that_cannot_be_are_usage_errors(args: str) -> None:
    with pytest.raises(click.UsageError):
        doubts_of(*args.split())


@pytest.mark.parametrize(("args", "multilingual"), [
    ("", None), ("--multilingual", True), ("--multilingual True", True),
    ("--multilingual False", False), ("--no-multilingual", False),
])  # fmt: skip
def test_languages_within_a_film_reach_the_request(args: str, multilingual: bool | None) -> None:
    line = ["film.mp4", "--allowed_languages", "en,es", *args.split()]
    params = subtitle.make_context("subtitle", line).params
    names = [field.name for field in dataclasses.fields(SpeechChoice)]
    config = SpeechChoice(**{name: params[name] for name in names}).config()
    assert list(config.allowed_language_codes) == ["en", "es"]
    given = config.multilingual if config.HasField("multilingual") else None
    assert given == multilingual


@pytest.mark.parametrize("flag", [
    "--min-duration", "--max-duration", "--max-cps", "--linger", "--chain-gap", "--vad-threshold",
    "--hallucination-silence-threshold", "--logprob-threshold",
])  # fmt: skip
@pytest.mark.parametrize("word", ["nan", "inf", "-inf"])
def test_what_is_no_number_is_a_usage_error_where_one_is_wanted(flag: str, word: str) -> None:
    with pytest.raises(click.BadParameter):
        subtitle.make_context("subtitle", ["film.mp4", f"{flag}={word}"])
