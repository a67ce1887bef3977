"""Every fault we know of, and the tests that hold us to outliving it.

The numbers are those of our own list; what must be true after each is in ``support.aftermath``. A
test sees to it that each one named here exists. ``make test-faults`` runs those below this folder
and below ``ray``, ``make test`` the others and the short ones of these, ``make test-bad-inputs``
the bad inputs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Fault:
    """``tests`` are named as ``path::name`` below tests/; ``left_out`` says what they leave out."""

    number: int
    what: str
    tests: tuple[str, ...]
    left_out: str


# A line of a fault, then its tests by file, then, after a dash, what is left out.
_TABLE = """
1 a server killed again and again at random while it works
  faults/test_killed_servers.py
    test_many_kills_lose_no_job_and_cost_no_more_than_what_was_in_hand
  faults/test_failover.py
    test_both_take_from_one_queue
    test_a_watch_goes_on_through_the_death_of_each
    test_a_download_goes_on_through_the_death_of_each
    test_jobs_are_made_once_each_while_each_dies
    test_clips_are_answered_while_each_dies
    test_the_asyncio_client_notices_a_pause_too
  faults/test_names.py
    test_servers_that_took_the_places_of_all_others_are_found
    test_a_replica_that_came_later_gets_its_part_of_the_calls
  - a thousand kills: `make soak` (benchmarks/results/soak.json)
2 an engine child killed in the middle of a chunk
  faults/test_engine_children.py
    test_a_film_whose_engine_ends_or_hangs_comes_out_to_the_byte
  integration/engine/test_engine_children.py
    test_a_child_killed_in_the_middle_of_a_batch_costs_its_callers_nothing
    test_a_child_killed_with_several_batches_at_work_costs_none_of_their_callers_anything
3 ffmpeg killed
  faults/test_real_work.py
    test_a_film_whose_ffmpeg_is_killed_gets_the_same_bytes
  integration/media/test_decode.py
    test_a_killed_ffmpeg_is_no_loss
    test_an_ffmpeg_that_is_killed_twice_is_given_up
4 a server stopped for longer than its lease, then going on
  faults/test_replicas.py
    test_a_server_that_slept_past_its_lease_writes_nothing_any_more
  unit/jobs/store/test_leases.py
    test_a_job_whose_worker_died_is_taken_over_and_the_late_one_writes_nothing
5 SIGTERM under load
  faults/test_killed_servers.py
    test_a_server_told_to_stop_lets_go_and_the_next_goes_on_at_once
  faults/test_replicas.py
    test_a_rolling_restart_loses_nothing_and_its_watchers_notice_a_pause
6 a kill around the instant a result appears
  faults/test_killed_servers.py
    test_a_kill_around_the_instant_a_result_appears_leaves_it_whole
    test_a_kill_at_any_step_is_made_good
7 the store copied at any instant
  faults/test_killed_servers.py
    test_a_copy_of_the_store_at_any_instant_opens_and_lacks_no_commit
8 a full disk
  faults/test_disks_and_clocks.py
    test_an_upload_that_finds_no_room_is_refused_and_goes_on_when_there_is
    test_a_job_that_finds_no_room_waits_for_it_and_loses_nothing
  faults/test_bulk.py
    test_a_full_disk_stops_the_run_with_a_word_and_costs_no_work
9 a disk or a bucket that fails
  faults/test_disks_and_clocks.py
    test_a_disk_that_fails_ends_a_job_with_a_reason_after_a_few_tries
  faults/test_buckets.py
    test_a_bucket_that_is_away_costs_a_job_a_pause
    test_a_bucket_that_is_away_is_told_by_health_and_to_callers
  - a failing block device (dm-flakey) wants a kernel module; EIO is given instead
10 a store that another program holds
  faults/test_disks_and_clocks.py
    test_a_store_that_another_program_holds_is_waited_for
    test_a_store_that_is_held_for_too_long_is_told_and_nothing_is_lost
11 a damaged or truncated database
  faults/test_refused_starts.py
    test_a_damaged_database_is_refused_and_left_as_it_is
  unit/jobs/store/test_sqlite.py
    test_a_file_cut_short_anywhere_is_refused_and_left_as_it_is
12 PostgreSQL restarted, or behind a network that swallows all
  faults/test_replicas.py
    test_a_database_that_restarts_is_waited_for
    test_a_database_out_of_reach_is_waited_for
    test_a_database_that_is_away_is_told_by_health_and_to_callers_and_costs_no_work
    test_a_database_that_is_away_for_longer_than_work_waits_costs_a_pause_alone
  unit/jobs/store/test_postgres.py
    test_work_waits_for_a_server_that_restarts_and_is_kept_once
  - a failover to another host wants one
13 a clock that jumps by an hour
  faults/test_disks_and_clocks.py
    test_a_clock_that_jumps_runs_nothing_twice_and_expires_nothing
  unit/jobs/store/test_sqlite.py
    test_a_clock_that_is_set_ends_no_lease_and_lengthens_none
14 a batch that the device's memory does not hold
  unit/engine/batching/test_batcher.py
    test_a_batch_that_memory_does_not_hold_is_done_in_halves_and_so_are_those_behind
    test_a_row_too_large_for_the_memory_by_itself_fails
  - a true CUDA device that is too small
15 an abort, or an error that lasts, in an engine child
  integration/engine/test_engine_children.py
    test_a_chunk_that_ends_two_children_fails_by_itself
  - a true CUDA error
16 a model that hangs
  integration/engine/test_engine_children.py
    test_a_child_that_hangs_is_ended_at_its_deadline
17 a GPU that is gone
  faults/test_refused_starts.py
    test_a_server_that_wants_a_gpu_does_not_start_without
  unit/engine/test_devices.py
    test_auto_falls_back_to_the_processor
  integration/engine/test_engine_children.py
    test_a_child_that_does_not_start_is_an_unavailable_device
  ray/test_refusals.py
    test_a_gpu_that_no_node_has_is_named
  - a driver that does not match its device
18 a chunk that always ends whoever works on it
  faults/test_killed_servers.py
    test_a_chunk_that_always_kills_its_server_fails_its_job_and_no_other
  integration/engine/test_engine_children.py
    test_a_chunk_that_ends_two_children_fails_by_itself
19 a model that is truncated, changed or missing
  unit/models/test_checked.py
    test_a_flipped_bit_is_found_and_its_file_named
    test_a_file_cut_short_is_found
    test_a_model_that_is_gone_is_missing
  ray/test_refusals.py
    test_a_model_that_a_node_does_not_have_is_named_with_the_node
20 a hostile Argos archive
  unit/models/test_imports.py
    test_an_archive_that_writes_elsewhere_is_refused
    test_an_archive_with_a_link_is_refused
    test_an_archive_that_grows_without_measure_is_refused
    test_sentence_splitters_that_could_run_code_are_left_out
21 a look for the network
  engines/test_offline.py
    test_a_film_becomes_subtitles_without_a_look_for_the_network
22 a cancel, or a caller who leaves, at each stage
  faults/test_ends_of_jobs.py
    test_a_cancel_is_heard_at_every_stage
    test_a_watcher_who_goes_away_stops_nothing
  faults/test_real_work.py
    test_a_cancel_reaches_ffmpeg_and_the_models
23 a watch that ends at its deadline
  faults/test_callers.py
    test_a_watch_that_ends_at_its_deadline_goes_on_and_misses_nothing
24 one request fifty times at once
  faults/test_callers.py
    test_a_request_that_comes_fifty_times_at_once_makes_one_job
25 an upload cut at any byte
  faults/test_callers.py
    test_an_upload_that_is_cut_at_any_byte_arrives_whole
    test_an_upload_goes_on_with_a_server_that_was_killed_under_it
  faults/test_failover.py
    test_an_upload_goes_on_through_the_death_of_each
  integration/rpc/test_serving_uploads.py
    test_cut_anywhere_it_is_taken_up_without_loss
26 callers that stall, crawl, or only connect
  faults/test_callers.py
    test_an_upload_that_stalls_or_crawls_is_ended_and_can_go_on
    test_ten_thousand_connections_do_not_keep_a_caller_out
27 messages over the limit, and bombs of gzip
  faults/test_callers.py
    test_a_message_over_the_limit_costs_no_memory
28 a reader that does not read
  faults/test_callers.py
    test_a_reader_that_does_not_read_is_no_burden
29 ffmpeg that hangs
  integration/media/test_probe.py
    test_an_ffprobe_that_hangs_is_stopped
  unit/media/test_command.py
    test_a_command_that_runs_too_long_is_killed
30 ffmpeg that floods its stderr
  unit/media/test_command.py
    test_a_flood_of_complaints_takes_no_memory
31 ffmpeg past its memory, time or file size
  integration/media/test_sandbox.py
    test_a_child_that_asks_for_too_much_memory_is_told_from_others
    test_a_child_that_computes_too_long_is_told_from_others
    test_a_child_that_writes_too_much_is_told_from_others
32 the hundred bad inputs, one by one and eight at a time
  bad_inputs/test_bad_inputs.py
    test_bad_inputs_come_to_what_they_must
33 each layer of defence alone against the canaries
  bad_inputs/test_bad_inputs.py
    test_each_defence_alone_keeps_an_attack_off
  integration/media/test_sandbox.py
    test_without_landlock_the_rest_still_holds
34 a tenant with another's id
  integration/rpc/test_tenants.py
    test_another_tenants_names_are_unknown_to_every_call
35 bad, missing, foreign and rotated credentials
  integration/rpc/test_who_may_call.py
    test_every_call_of_every_shape_wants_a_token
  integration/rpc/test_tls.py
    test_certificates_are_changed_without_a_restart
    test_the_authority_of_clients_is_changed_without_a_restart
36 a tenant over its quota, and fair shares of two
  integration/rpc/test_tenants_limits.py
    test_jobs_and_bytes_of_a_tenant_are_bounded_and_no_others
  unit/rpc/test_places.py
    test_two_tenants_that_always_want_more_get_the_same
37 a job deleted while it waits, works, or is done
  faults/test_ends_of_jobs.py
    test_a_job_can_be_deleted_in_every_state
38 a result removed while it is read
  faults/test_ends_of_jobs.py
    test_a_result_that_is_removed_while_it_is_read_comes_whole_or_ends_cleanly
39 a thousand waiting jobs and a restart
  faults/test_killed_servers.py
    test_a_thousand_waiting_jobs_survive_a_kill_in_their_order
  unit/jobs/store/test_jobs.py
    test_a_thousand_waiting_jobs_are_taken_in_their_order
40 a database of the version before, and a job of another plan
  faults/test_killed_servers.py
    test_another_plan_begins_anew_and_mixes_nothing
  unit/jobs/store/test_sqlite.py
    test_a_file_of_the_first_release_is_brought_up_to_date
41 Ray: an actor, a node, the head or the driver killed
  ray/test_losses.py
    test_a_batch_whose_place_is_lost_is_done_in_another_and_no_other_is_done_again
    test_a_chunk_that_ends_actor_after_actor_fails_by_itself
    test_a_film_under_which_actors_nodes_and_the_driver_are_killed_gets_the_same_bytes
    test_a_film_whose_head_is_lost_goes_on_when_there_is_another
  ray/test_refusals.py
    test_jobs_wait_for_a_cluster_that_is_absent
    test_a_cluster_that_does_not_know_the_token_lets_nobody_in
    test_a_cluster_of_another_ray_is_refused
    test_a_node_with_another_polycue_is_refused
42 a chunk delivered twice
  unit/jobs/store/test_leases.py
    test_chunks_are_kept_once_each_by_stage_and_in_order
  ray/test_losses.py
    test_a_batch_that_its_node_answers_too_late_is_done_once_more_and_told_once
43 two servers on one SQLite file
  faults/test_refused_starts.py
    test_a_second_server_on_one_folder_is_refused
44 a day and a night of work
  - 24 hours; `make soak` has a server stand through hundreds of jobs and gives its slope
45 a killed run beside one that was not
  faults/test_real_work.py
    test_a_film_whose_server_is_killed_again_and_again_gets_the_same_bytes
    test_a_film_under_which_everything_is_killed_in_turn_gets_the_same_bytes
"""


def _read(table: str) -> Iterator[Fault]:
    number, what, path, tests, left_out = 0, "", "", [""], ""
    for line in (*dedent(table).strip().splitlines(), "0 the end"):
        match len(line) - len(line.lstrip()), line.strip():
            case 0, begun:
                if number:
                    yield Fault(number, what, tuple(tests), left_out)
                (digits, _, what), tests, left_out = begun.partition(" "), [], ""
                number = int(digits)
            case 2, text if text.startswith("- "):
                left_out = text.removeprefix("- ")
            case 2, text:
                path = text
            case _, name:
                tests.append(f"{path}::{name}")


FAULTS = tuple(_read(_TABLE))
