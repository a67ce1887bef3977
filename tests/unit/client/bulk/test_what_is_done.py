"""Which files are films, which of those are done, and what is remembered of them."""

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.api.v1 import catalog_pb2, jobs_pb2
from polycue_client.cli.bulk import keys
from polycue_client.cli.bulk.ahead import Ahead
from polycue_client.cli.bulk.folders import FolderTree, OneFile
from polycue_client.cli.bulk.journal import Journal
from polycue_client.cli.bulk.listing import Passed, count, listed
from polycue_client.cli.bulk.memory import Memory
from polycue_client.cli.bulk.standing import Standing, standing
from polycue_client.cli.bulk.trees import Entry, Film, Glance, Shelf, Tree
from polycue_client.cli.outputs import Placement
from polycue_client.cli.results import Item

FILM = Entry(1, "v", 100.0)


def there(*names: str, changed_s: float = 200.0) -> Mapping[str, Entry]:
    return {name: Entry(1, "v", changed_s) for name in names}


def item(*expected: str, unnamed: tuple[str, ...] = ()) -> Item:
    place = Placement(Path(), "film")
    paths = tuple(map(Path, expected))
    return Item(Path("film.mkv"), place, lambda *_: jobs_pb2.JobSpec(), (), paths, True, unnamed)


def tree(top: Path, *names: str) -> FolderTree:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(b"x")
    return FolderTree(top)


def beside(tree: Tree, path: str) -> Shelf:
    return tree.shelf(path)


def test_films_come_folder_by_folder_in_the_order_of_their_names(tmp_path: Path) -> None:
    films = tree(tmp_path, "b.mkv", "a.MP4", "s2/x.mkv", "s1/z.mkv", "s1/deep/y.mkv", "notes.txt")
    found = list(listed([films], beside))
    assert [f.name for f in found if isinstance(f, Film)] == [
        "a.MP4",
        "b.mkv",
        "s1/z.mkv",
        "s1/deep/y.mkv",
        "s2/x.mkv",
    ]
    assert count([films], beside) == len(found)


def test_what_is_no_whole_film_is_passed_over_with_a_word(tmp_path: Path) -> None:
    films = tree(
        tmp_path,
        ".hidden.mkv",
        "late.mkv.part",
        "half.mp4",
        "half.mp4.aria2",
        "film.subtitled.mkv",
        ".polycue-0123.part",
        ".git/x.mkv",
    )
    found = list(listed([films], beside))
    assert {Path(each.address).name: each.why for each in found if isinstance(each, Passed)} == {
        ".hidden.mkv": "is hidden",
        "half.mp4": "is not whole yet: aria2 is at it",
        "late.mkv.part": "is not whole yet, by its name",
    }
    assert len(found) == 3


def test_a_file_that_is_named_is_a_film_whatever_its_suffix_and_missed_where_it_is_not_there(
    tmp_path: Path,
) -> None:
    tree(tmp_path, "sound.dat", "other.mkv")
    named = [OneFile(tmp_path / "sound.dat"), OneFile(tmp_path / "flims")]
    film, missed = listed(named, beside)
    assert isinstance(film, Film)
    assert film.name == "sound.dat"
    assert isinstance(missed, Passed)
    assert missed.is_fault
    assert missed.address == str(tmp_path / "flims")


def test_links_that_lead_round_or_nowhere_do_no_harm(tmp_path: Path) -> None:
    films = tree(tmp_path / "films", "a.mkv")
    (tmp_path / "films" / "round").symlink_to(tmp_path / "films")
    (tmp_path / "films" / "nowhere.mkv").symlink_to(tmp_path / "gone.mkv")
    (tmp_path / "films" / "b.mkv").symlink_to(tmp_path / "films" / "a.mkv")
    found = list(listed([films], beside))
    assert [each.name for each in found if isinstance(each, Film)] == ["a.mkv", "b.mkv"]


def test_a_film_is_done_when_all_its_results_are_there_and_none_is_older() -> None:
    wanted = item("film.en.srt", "film.es.srt")
    both = there("film.en.srt", "film.es.srt")
    assert standing(wanted, both, FILM) is Standing.DONE
    assert standing(wanted, there("film.en.srt"), FILM) is Standing.OPEN
    assert standing(wanted, {}, FILM) is Standing.OPEN
    late = {**both, **there("film.es.srt", changed_s=99.0)}
    assert standing(wanted, late, FILM) is Standing.OLDER


def test_where_no_language_is_named_any_but_the_translations_counts_as_the_films_own() -> None:
    wanted = item("film.es.srt", "film.es.vtt", unnamed=("srt", "vtt"))
    translations = there("film.es.srt", "film.es.vtt")
    assert standing(wanted, translations, FILM) is Standing.OPEN
    own = there("film.en.srt", "film.en.vtt")
    assert standing(wanted, {**translations, **own}, FILM) is Standing.DONE
    assert standing(wanted, {**translations, **there("film.en.srt")}, FILM) is Standing.OPEN
    forced = there("film.en.forced.srt", "film.two.en.srt", "film.notes.txt")
    assert standing(item(unnamed=("srt",)), forced, FILM) is Standing.OPEN


def test_a_journal_remembers_what_was_done_whatever_else_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "run.jsonl"
    Journal(path, replaces=False).done("a", {"cues": 3})
    with path.open("a") as file:
        file.write('[1]\n{"line": "film", "key": "half')
    assert Journal(path, replaces=False).rows == {"a": {"line": "film", "key": "a", "cues": 3}}


def test_a_run_that_replaces_has_one_word_until_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Journal(path, replaces=False).done("before", {})
    first = Journal(path, replaces=True)
    first.done("a", {})
    again = Journal(path, replaces=True)
    assert again.generation == first.generation
    assert list(again.rows) == ["a"]
    again.ended()
    anew = Journal(path, replaces=True)
    assert anew.generation != first.generation
    assert anew.rows == {}
    assert set(Journal(path, replaces=False).rows) == {"before", "a"}


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Journal(path, replaces=False).done("a", {})
    path.write_bytes(path.read_bytes() + b'{"line": "film", "key": "\xff')
    Journal(path, replaces=False).done("b", {})
    assert set(Journal(path, replaces=False).rows) == {"a", "b"}


def test_a_journal_grows_with_the_films_and_not_with_the_runs(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for run in range(50):
        journal = Journal(path, replaces=True)
        for film in "abc":
            journal.done(f"{film}, changed {run} times", {"film": film, "run": run})
        journal.ended()
    assert len(path.read_bytes().splitlines()) <= 12
    assert [row["run"] for row in Journal(path, replaces=False).rows.values()] == [49] * 3


def test_a_run_that_goes_on_is_whole_in_a_journal_that_was_tidied(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for _ in range(9):
        Journal(path, replaces=False).done("before", {"film": "before"})
    first = Journal(path, replaces=True)
    first.done("a", {"film": "a"})
    for _ in range(9):
        first.done("b", {"film": "b"})
    again = Journal(path, replaces=True)
    assert (again.generation, list(again.rows)) == (first.generation, ["a", "b"])
    assert set(Journal(path, replaces=False).rows) == {"before", "a", "b"}


def test_a_state_folder_that_cannot_be_written_costs_the_journal_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "run.jsonl", replaces=True)
    journal.done("a", {})
    assert journal.generation


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])))


@given(TEXTS, TEXTS)
def test_request_ids_are_equal_only_of_equal_parts(one: list[str], other: list[str]) -> None:
    assert (keys.request_id(*one) == keys.request_id(*other)) is (one == other)


def test_a_film_has_another_key_once_it_was_changed(tmp_path: Path) -> None:
    films = tree(tmp_path, "a.mkv", "b.mkv")

    def found() -> list[str]:
        return [keys.film_key(f) for f in listed([films], beside) if isinstance(f, Film)]

    before = found()
    assert before == found()
    os.utime(tmp_path / "b.mkv", (1, 1))
    after = found()
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
    assert len({*before, *after}) == 3


LIMITS = catalog_pb2.ServerLimits(max_queued_jobs=100)


def test_more_wait_whenever_the_server_ran_dry_and_never_more_than_half_of_what_may() -> None:
    ahead = Ahead(LIMITS, sent=False, at_once=None)
    rooms = []
    for _ in range(6):
        rooms.append(ahead.room(waiting=0, running=0))
        ahead.ran_dry()
    assert rooms == [8, 16, 32, 50, 50, 50]
    assert ahead.room(waiting=60, running=0) == 0


def test_as_many_wait_as_are_at_work_so_that_all_may_end_together() -> None:
    ahead = Ahead(LIMITS, sent=False, at_once=None)
    assert ahead.room(waiting=0, running=30) == 30
    assert ahead.room(waiting=20, running=30) == 10
    assert ahead.room(waiting=0, running=1000) == 50


@pytest.mark.parametrize(("jobs", "tenant", "bound"), [(3, 0, 3), (None, 5, 5), (9, 4, 4)])
def test_no_more_are_there_at_once_than_was_said(jobs: int | None, tenant: int, bound: int) -> None:
    limits = catalog_pb2.ServerLimits(max_queued_jobs=100, max_tenant_jobs=tenant)
    ahead = Ahead(limits, sent=True, at_once=jobs)
    assert ahead.room(waiting=0, running=0) == bound
    assert ahead.room(waiting=1, running=bound - 1) == 0


def test_a_journals_lines_are_json(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run.jsonl", replaces=True)
    journal.done("a", {"film": "fil\udce9m.mkv"})
    lines = (tmp_path / "run.jsonl").read_text().splitlines()
    assert [json.loads(line)["line"] for line in lines] == ["begin", "film"]


def test_of_a_large_folder_only_what_is_named_after_a_film_is_looked_at(tmp_path: Path) -> None:
    names = ("a.mkv", "a.en.srt", "a.b.en.srt", "ab.en.srt", "a-b.srt", "é.en.srt")
    glance = Glance(tree(tmp_path, *names).shelf(""))
    assert set(glance.about("a")) == {"a.mkv", "a.en.srt", "a.b.en.srt"}
    assert set(glance.about("é")) == {"é.en.srt"}


def test_of_two_runs_that_begin_together_one_has_what_the_last_one_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with closing(Memory("run", is_embedded=True)) as first:
        assert first.data_dir
        with closing(Memory("run", is_embedded=True)) as second:
            assert second.data_dir is None
        with closing(Memory("other", is_embedded=True)) as other:
            assert other.data_dir
    with closing(Memory("run", is_embedded=True)) as third:
        assert third.data_dir == first.data_dir
