"""The synchronous client against a server that keeps the API's promises."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2

from polycue.api.v1 import catalog_pb2, jobs_pb2, media_pb2, subtitles_pb2
from polycue_client import Polycue, Retry, connect, errors
from polycue_client.retry import Failures
from polycue_client.testing import Event, Refusal, ScriptedServer


def job_event(state: jobs_pb2.JobState.ValueType) -> Event:
    return Event(job=jobs_pb2.Job(state=state))


def progress_event(seconds: int) -> Event:
    event = Event(progress=jobs_pb2.StageProgress(stage=jobs_pb2.JOB_STAGE_TRANSCRIBE))
    event.progress.processed_duration.FromSeconds(seconds)
    return event


def three_steps(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
    return [
        job_event(jobs_pb2.JOB_STATE_RUNNING),
        progress_event(1),
        Event(heartbeat=Event.Heartbeat()),
        progress_event(2),
        job_event(jobs_pb2.JOB_STATE_SUCCEEDED),
    ]


def runs_until_cancelled(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
    return [job_event(jobs_pb2.JOB_STATE_RUNNING), job_event(jobs_pb2.JOB_STATE_CANCELLED)]


def source() -> media_pb2.MediaSource:
    return media_pb2.MediaSource(uri="file:///film.mp4")


def test_lists_are_read_to_their_last_page(polycue: Polycue, server: ScriptedServer) -> None:
    server.models = [catalog_pb2.Model(name=f"models/{n}") for n in range(5)]
    assert [model.name for model in polycue.models()] == [f"models/{n}" for n in range(5)]
    assert len(server.requests["ListModels"]) == 3


def test_presets_are_asked_for_a_language_and_an_audience(
    polycue: Polycue, server: ScriptedServer
) -> None:
    (preset,) = polycue.presets(language="ja", children=True)
    assert preset.name == "netflix"
    (asked,) = server.requests["ListPresets"]
    assert asked == catalog_pb2.ListPresetsRequest(
        language_code="ja", audience=media_pb2.AUDIENCE_CHILDREN
    )


def test_jobs_come_newest_first_over_all_pages(polycue: Polycue) -> None:
    made = [polycue.subtitle(source()).name for _ in range(5)]
    assert [job.name for job in polycue.jobs()] == made[::-1]


def test_a_read_is_tried_again_when_the_server_is_away(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.fail("GetServerInfo")
    assert polycue.server_info().version == "0.0.0"
    assert len(server.requests["GetServerInfo"]) == 2


def test_a_repeated_create_carries_the_same_request_id(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.fail("CreateJob")
    polycue.subtitle(source())
    first, second = server.requests["CreateJob"]
    assert isinstance(first, jobs_pb2.CreateJobRequest)
    assert first.request_id
    assert first == second


def test_a_delete_whose_answer_was_lost_is_asked_for_again_and_may_find_nothing(
    polycue: Polycue, server: ScriptedServer
) -> None:
    job = polycue.subtitle(source())
    server.fail("DeleteJob")
    polycue.delete(job)
    first, second = server.requests["DeleteJob"]
    assert isinstance(first, jobs_pb2.DeleteJobRequest)
    assert isinstance(second, jobs_pb2.DeleteJobRequest)
    assert (first.allow_missing, second.allow_missing) == (False, True)


def test_a_clip_whose_server_is_lost_is_begun_again(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.fail("Transcribe")
    server.fail("Transcribe")
    assert polycue.transcribe(source()).tracks
    assert len(server.requests["Transcribe"]) == 3


def test_a_clip_that_its_servers_are_lost_for_is_given_up(
    polycue: Polycue, server: ScriptedServer
) -> None:
    for _ in range(4):
        server.fail("Transcribe")
    with pytest.raises(errors.ServerUnreachable):
        polycue.transcribe(source())
    assert len(server.requests["Transcribe"]) == 3


def test_a_clip_that_is_told_anew_by_another_server_is_told_once(
    polycue: Polycue, server: ScriptedServer
) -> None:
    whole = list(polycue.stream_transcribe(source()))
    server.fail("StreamTranscribe", after=1)
    assert list(polycue.stream_transcribe(source())) == whole


def test_nobody_at_the_address_is_an_error_of_its_own(tmp_path: Path) -> None:
    with (
        connect(f"unix:{tmp_path / 'nobody.sock'}") as client,
        pytest.raises(errors.ServerUnreachable),
    ):
        client.server_info()


def test_a_call_ends_at_its_deadline(server: ScriptedServer) -> None:
    def waits_for_ever(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        server.cancelled.wait()
        return []

    server.scripts.append(waits_for_ever)
    with (
        connect(server.address, timeout_s=0.05) as client,
        pytest.raises(errors.TimedOut),
    ):
        client.subtitle(source())


def test_watching_leaves_out_heartbeats_and_ends_with_the_job(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.scripts.append(three_steps)
    events = list(polycue.watch(polycue.subtitle(source())))
    assert [event.WhichOneof("event") for event in events] == ["job", "progress", "progress", "job"]
    assert events[-1].job.state == jobs_pb2.JOB_STATE_SUCCEEDED


def test_a_watch_that_breaks_goes_on_after_the_last_event_it_had(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.scripts.append(three_steps)
    server.fail("WatchJob", after=2)
    server.fail("WatchJob", after=0)
    events = list(polycue.watch(polycue.subtitle(source())))
    assert [event.sequence for event in events] == [1, 2, 4, 5]
    asked = [
        r.after_sequence
        for r in server.requests["WatchJob"]
        if isinstance(r, jobs_pb2.WatchJobRequest)
    ]
    assert asked == [0, 2, 2]


def test_patience_counts_failures_in_a_row_only(polycue: Polycue, server: ScriptedServer) -> None:
    server.scripts.append(three_steps)
    for _ in range(4):  # the client gives up at four in a row, and each call here gets one through
        server.fail("WatchJob", after=1)
    events = list(polycue.watch(polycue.subtitle(source())))
    assert [event.sequence for event in events] == [1, 2, 4, 5]


def test_a_watch_gives_up_when_the_server_stays_away(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.scripts.append(three_steps)
    for _ in range(10):
        server.fail("WatchJob", after=0)
    job = polycue.subtitle(source())
    with pytest.raises(errors.ServerUnreachable):
        list(polycue.watch(job))
    assert len(server.requests["WatchJob"]) == 4


def test_an_error_that_will_not_pass_is_not_tried_again(
    polycue: Polycue, server: ScriptedServer
) -> None:
    with pytest.raises(errors.NotFound):
        list(polycue.watch("jobs/none"))
    assert len(server.requests["WatchJob"]) == 1


def test_leaving_a_watch_does_not_cancel_the_job(polycue: Polycue, server: ScriptedServer) -> None:
    server.scripts.append(three_steps)
    for _ in polycue.watch(polycue.subtitle(source())):
        break
    assert not server.cancelled.is_set()


@pytest.mark.parametrize("ask", [Polycue.get_job, Polycue.wait], ids=["a call", "a stream"])
def test_the_traceback_of_an_error_is_not_that_of_all_it_passed(
    polycue: Polycue, ask: Callable[[Polycue, str], object]
) -> None:
    # The way from grpc to here was told twice, in ten frames more.
    with pytest.raises(errors.NotFound) as raised:
        ask(polycue, "jobs/none")
    assert "test_client" in raised.traceback[0].path.name  # type: ignore[union-attr]
    assert len(raised.traceback) <= 6
    assert isinstance(raised.value.__cause__, grpc.RpcError)


def test_a_wrong_argument_is_told_where_it_is_given(polycue: Polycue) -> None:
    # It was not before the first event was asked for, which may be elsewhere or never.
    with pytest.raises(TypeError, match="after"):
        polycue.watch("jobs/1", after=3)  # type: ignore[call-arg]


def test_a_watch_can_be_closed_before_its_end(polycue: Polycue, server: ScriptedServer) -> None:
    server.scripts.append(three_steps)
    with contextlib.closing(polycue.watch(polycue.subtitle(source()))) as events:
        first = next(events)
    assert first.job.state == jobs_pb2.JOB_STATE_RUNNING
    assert next(events, None) is None


def test_an_interrupted_client_ends_what_takes_long_and_nothing_else(
    polycue: Polycue, server: ScriptedServer
) -> None:
    server.scripts.append(runs_until_cancelled)
    job = polycue.subtitle(source())

    def interrupt() -> None:
        server.watched.wait()
        polycue.interrupt()

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(errors.CallCancelled):
        polycue.wait(job)
    interrupting.join()
    with pytest.raises(errors.CallCancelled):
        polycue.wait(job)
    with pytest.raises(errors.CallCancelled):
        polycue.transcribe(b"RIFF")
    assert polycue.cancel(job).state == jobs_pb2.JOB_STATE_CANCELLING


def test_a_client_that_is_closed_says_so(polycue: Polycue, server: ScriptedServer) -> None:
    server.scripts.append(runs_until_cancelled)
    job = polycue.subtitle(source())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(polycue.wait, job)
        server.watched.wait()
        polycue.close()
        with pytest.raises(errors.CallCancelled):
            waiting.result()
    for ask in (polycue.get_job, polycue.wait):  # it was a ValueError of grpc's
        with pytest.raises(errors.CallCancelled, match="closed"):
            ask(job.name)


def test_waiting_returns_the_job_that_succeeded(polycue: Polycue, server: ScriptedServer) -> None:
    server.scripts.append(three_steps)
    assert polycue.wait(polycue.subtitle(source())).state == jobs_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (jobs_pb2.JOB_STATE_FAILED, errors.NotMedia),
        (jobs_pb2.JOB_STATE_CANCELLED, errors.JobCancelled),
    ],
    ids=["failed", "cancelled"],
)
def test_waiting_for_a_job_that_did_not_succeed_raises(
    polycue: Polycue,
    server: ScriptedServer,
    state: jobs_pb2.JobState.ValueType,
    kind: type[errors.PolycueClientError],
) -> None:
    failure = media_pb2.Failure(code=3, reason="NOT_MEDIA", message="film.mp4: not a media file")
    ended = Event(job=jobs_pb2.Job(state=state, failure=failure))
    server.scripts.append(lambda spec: [ended])
    server.cancelled.set()  # a script that ends as cancelled waits for that
    with pytest.raises(kind):
        polycue.wait(polycue.subtitle(source()))


def test_a_failed_job_is_asked_to_go_on(polycue: Polycue, server: ScriptedServer) -> None:
    server.scripts.append(three_steps)
    job = polycue.subtitle(source())
    server.fail("ResumeJob")  # gRPC asks again by itself, and the id keeps that from counting twice
    assert polycue.resume(job).state == jobs_pb2.JOB_STATE_QUEUED
    ids = {request.request_id for request in server.requests["ResumeJob"]}  # type: ignore[attr-defined]
    assert len(ids) == 1


def test_work_is_done_afresh_where_that_is_wished(polycue: Polycue, server: ScriptedServer) -> None:
    spec = jobs_pb2.JobSpec(subtitle=jobs_pb2.SubtitleTask(media=source()))
    polycue.create_job(spec)
    polycue.create_job(spec, fresh=True)
    polycue.subtitle(source(), fresh=True)
    polycue.sync(source(), source(), fresh=True)
    requests = server.requests["CreateJob"]
    assert [request.fresh for request in requests] == [False, True, True, True]  # type: ignore[attr-defined]


def test_a_job_is_asked_for_with_what_was_given(polycue: Polycue, server: ScriptedServer) -> None:
    polycue.subtitle(source(), translate_to=["es", "de"], formats=["srt", "vtt"], mux=["mkv", ""])
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    task = request.spec.subtitle
    assert [t.target_language_code for t in task.translations] == ["es", "de"]
    assert list(task.formats) == [media_pb2.SUBTITLE_FORMAT_SRT, media_pb2.SUBTITLE_FORMAT_VTT]
    assert [m.container for m in task.mux] == [
        jobs_pb2.MUX_CONTAINER_MKV,
        jobs_pb2.MUX_CONTAINER_UNSPECIFIED,
    ]


def test_a_film_that_is_a_path_is_uploaded_and_its_job_labelled(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"moving pictures")
    polycue.subtitle(film)
    (request,) = server.requests["CreateJob"]
    assert isinstance(request, jobs_pb2.CreateJobRequest)
    assert server.uploads[request.spec.subtitle.media.upload] == b"moving pictures"
    assert request.labels == {"file": "film.mp4"}


def test_names_that_do_not_exist_are_refused_before_anything_is_sent(
    polycue: Polycue, server: ScriptedServer
) -> None:
    with pytest.raises(ValueError, match="'doc' is not one of srt, vtt, json"):
        polycue.subtitle(source(), formats=["doc"])
    with pytest.raises(ValueError, match="'avi' is not one of mkv, mp4, mov, webm"):
        polycue.subtitle(source(), mux=["avi"])
    assert not server.requests


def test_a_small_clip_travels_in_the_call(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    tracks = polycue.transcribe(clip, translate_to=["es"]).tracks
    assert [track.language_code for track in tracks] == ["en", "es"]
    assert not server.requests["CreateUpload"]


def test_a_large_clip_is_uploaded_and_removed_again(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    server.limits.max_inline_bytes = 3
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    events = list(polycue.stream_transcribe(str(clip)))
    assert [event.WhichOneof("event") for event in events] == ["started", "finished"]
    assert len(server.requests["CreateUpload"]) == 1
    assert server.uploads == {}


def test_a_clip_that_does_not_arrive_is_not_left_at_the_server(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    # Nobody else knew the name of its upload, which filled the server until it expired.
    server.limits.max_inline_bytes = 3
    server.limits.max_chunk_bytes = 1
    server.fail("WriteUpload", Refusal(grpc.StatusCode.PERMISSION_DENIED, "no more"), after=2)
    server.fail("DeleteUpload", Refusal(grpc.StatusCode.UNIMPLEMENTED, "nor this"))
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    with pytest.raises(errors.NotAllowed, match="no more"):  # and not the error of tidying up
        polycue.transcribe(clip)
    server.uploads.clear()
    server.fail("WriteUpload", Refusal(grpc.StatusCode.PERMISSION_DENIED, "no more"), after=2)
    with pytest.raises(errors.NotAllowed, match="no more"):
        polycue.transcribe(clip)
    assert server.uploads == {}


def test_subtitle_texts_go_and_come_in_one_message(polycue: Polycue) -> None:
    (spanish,) = polycue.translate_subtitles("text", source="en", to=["es"], output_format="vtt")
    assert (spanish.language_code, spanish.text) == ("es", "text")
    assert spanish.format == media_pb2.SUBTITLE_FORMAT_VTT
    assert polycue.convert_subtitles("text", to="json").format == media_pb2.SUBTITLE_FORMAT_JSON


def test_a_files_bytes_are_converted_to_text_or_to_an_archive(
    polycue: Polycue, server: ScriptedServer
) -> None:
    written, document = polycue.convert_file(b"text", to="ass", language="en")
    assert (written, document.format) == (b"text", media_pb2.SUBTITLE_FORMAT_ASS)
    archive, document = polycue.convert_file(b"text", to="hls", written_as="vtt")
    assert (archive, document.text) == (b"text", "")
    first, second = server.requests["ConvertSubtitles"]
    assert isinstance(first, subtitles_pb2.ConvertSubtitlesRequest)
    assert isinstance(second, subtitles_pb2.ConvertSubtitlesRequest)
    assert first.document.format == media_pb2.SUBTITLE_FORMAT_UNSPECIFIED
    assert second.document.format == media_pb2.SUBTITLE_FORMAT_VTT


def test_a_text_is_linted_as_asked(polycue: Polycue, server: ScriptedServer) -> None:
    answer = polycue.lint_subtitles(
        "text", language="de", frame_rate=25, media_s=90.5, rules=["gap"], ignored_rules=["lines"]
    )
    assert answer.report.language_code == "de"
    (request,) = server.requests["LintSubtitles"]
    assert isinstance(request, subtitles_pb2.LintSubtitlesRequest)
    assert request.document.format == media_pb2.SUBTITLE_FORMAT_SRT
    assert request.media_duration.ToMilliseconds() == 90_500
    assert request.frame_rate == 25
    assert list(request.rules) == ["gap"]
    assert list(request.ignored_rules) == ["lines"]
    polycue.lint_subtitles("text", written_as="json")
    plain = server.requests["LintSubtitles"][1]
    assert isinstance(plain, subtitles_pb2.LintSubtitlesRequest)
    assert not plain.HasField("frame_rate")


def failures(retry: Retry, *, chance: float = 0.0) -> tuple[Failures, Callable[[float], None]]:
    """With a clock of their own, and what moves it on."""
    now = [0.0]

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return Failures(retry, clock=lambda: now[0], chance=lambda: chance), pass_by


def away(retry_after_s: float | None = None) -> errors.ServerUnreachable:
    return errors.ServerUnreachable("away", details=errors.Details(retry_after_s=retry_after_s))


def test_waits_grow_to_a_bound_and_differ_by_chance() -> None:
    for chance, expected in [(0.0, [0.5, 1.0, 2.0, 2.0]), (1.0, [0.35, 0.7, 1.4, 1.4])]:
        some, _ = failures(Retry(first_delay_s=0.5, longest_delay_s=2.0), chance=chance)
        assert [some.delay_s(away()) for _ in range(4)] == pytest.approx(expected)


def test_who_has_patience_for_days_waits_no_longer_each_time() -> None:
    patient = Retry(attempts=10_000, patience_s=1e9, first_delay_s=0.5, longest_delay_s=2.0)
    some, _ = failures(patient)
    for _ in range(2_000):
        delay_s = some.delay_s(away())
    assert delay_s == patient.longest_delay_s


def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    some, _ = failures(Retry(first_delay_s=1.0, longest_delay_s=5.0))
    assert [some.delay_s(away(3.0)) for _ in range(4)] == [3.0, 3.0, 4.0, 5.0]
    assert some.delay_s(away(20.0)) == 20.0


def test_patience_ends_after_its_time_and_begins_anew_with_whatever_gets_through() -> None:
    some, pass_by = failures(Retry(patience_s=10.0, first_delay_s=1.0, longest_delay_s=1.0))
    for _ in range(3):
        some.delay_s(away())
        pass_by(9.0)
        some.forget()
    some.delay_s(away())
    pass_by(9.5)
    with pytest.raises(errors.ServerUnreachable):
        some.delay_s(away())


def test_a_full_server_is_asked_again_only_where_it_says_when() -> None:
    some, _ = failures(Retry())
    full = errors.QueueFull("full", details=errors.Details(retry_after_s=7.0))
    assert some.delay_s(full) == 7.0
    too_large = errors.ResourceExhausted("a message over the limit")
    with pytest.raises(errors.ResourceExhausted):
        some.delay_s(too_large)


def test_each_outage_is_told_once() -> None:
    told: list[errors.PolycueClientError] = []
    some, _ = failures(Retry(on_wait=told.append))
    for _ in range(3):
        some.delay_s(away())
    some.forget()
    some.delay_s(away())
    assert len(told) == 2


def test_a_server_that_answered_once_is_waited_for(
    polycue: Polycue, server: ScriptedServer
) -> None:
    polycue.server_info()
    for _ in range(7):  # more than grpc tries by itself
        server.fail("CreateJob")
    polycue.subtitle(source())
    assert len({r.request_id for r in created(server)}) == 1


def test_a_queue_that_is_full_for_a_moment_is_waited_for(
    polycue: Polycue, server: ScriptedServer
) -> None:
    full = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", reason="QUEUE_FULL")
    full.details.append(error_details_pb2.RetryInfo())
    server.fail("CreateJob", full)
    polycue.subtitle(source())
    assert len(created(server)) == 2


def cues_event(*indices: int) -> Event:
    cues = [media_pb2.Cue(index=index, text=str(index)) for index in indices]
    return Event(cues=media_pb2.Track(language_code="en", cues=cues))


def test_a_watch_tells_no_cue_twice_though_another_server_begins_anew(
    polycue: Polycue, server: ScriptedServer
) -> None:
    def begins_anew(spec: jobs_pb2.JobSpec) -> Sequence[Event]:
        return [
            job_event(jobs_pb2.JOB_STATE_RUNNING),
            cues_event(1, 2),
            job_event(jobs_pb2.JOB_STATE_INTERRUPTED),
            job_event(jobs_pb2.JOB_STATE_RUNNING),
            cues_event(1, 2, 3),
            cues_event(3),
            cues_event(4),
            job_event(jobs_pb2.JOB_STATE_SUCCEEDED),
        ]

    server.scripts.append(begins_anew)
    events = list(polycue.watch(polycue.subtitle(source()), include_cues=True))
    assert [cue.index for event in events for cue in event.cues.cues] == [1, 2, 3, 4]
    assert events[-1].job.state == jobs_pb2.JOB_STATE_SUCCEEDED


def created(server: ScriptedServer) -> list[jobs_pb2.CreateJobRequest]:
    return [r for r in server.requests["CreateJob"] if isinstance(r, jobs_pb2.CreateJobRequest)]


def test_old_subtitles_are_sent_with_their_film_or_its_transcript(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    old, stored = tmp_path / "old.srt", tmp_path / "film.en.json"
    old.write_bytes(b"old")
    stored.write_bytes(b"stored")
    film = media_pb2.MediaSource(uri="file:///film.mp4")
    polycue.sync(old, film, language="en", by="speech", force=True)
    polycue.sync(old, transcript=stored, formats=["vtt"])
    first, second = (request.spec.sync for request in created(server))
    assert first.media == film
    assert (first.mode, first.force) == (jobs_pb2.SYNC_MODE_SPEECH, True)
    assert server.uploads[first.subtitle.upload] == b"old"
    assert not second.HasField("media")
    assert server.uploads[second.transcript.upload] == b"stored"
    assert list(second.formats) == [media_pb2.SUBTITLE_FORMAT_VTT]
    with pytest.raises(ValueError, match="'ear' is not one of text, speech"):
        polycue.sync(old, film, by="ear")


def test_a_stored_transcript_is_subtitled_without_its_film(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    stored = tmp_path / "film.en.json"
    stored.write_bytes(b"stored")
    polycue.subtitle(transcript=stored, translate_to=["es"], report_page=True)
    (request,) = created(server)
    assert request.spec.subtitle.report_page
    assert not request.spec.subtitle.HasField("media")
    assert server.uploads[request.spec.subtitle.transcript.upload] == b"stored"
    assert request.labels == {"file": "film.en.json"}
