"""Rows of the fault table: clocks, crashes, callers and callbacks."""

from __future__ import annotations

from typing import Final

from tests.faults.ways import Row

CRASH: Final = "tests/faults/test_crash.py::"

AFTER_A_KILL: Final = f"{CRASH}test_after_a_kill_there_is_one_create_and_the_right_file"

AGAIN: Final = f"{CRASH}test_the_same_program_run_again_does_not_pay_again"

HERE: Final = "tests/faults/test_elsewhere.py::"
ROUTES: Final = "tests/wire/test_routes.py::"
SECRETS: Final = "tests/wire/test_secrets.py::"
CALLBACKS: Final = "tests/gateway/test_callbacks.py::"
CREDENTIALS: Final = "tests/gateway/test_credentials.py::"

JOURNAL: Final = "tests/jobs/test_journal.py::"
FIELDS: Final = "tests/rules/test_fields.py::"
BRUSH: Final = "tests/rules/test_brush.py::"

PROCESS = (
    Row(
        "K01",
        "a clock that is wrong by minutes or an hour",
        "S P",
        "tokens are signed by the gateway's clock, up to a day away",
        shown_by=(f"{HERE}test_k01_a_wrong_clock_is_corrected_by_the_gateways",),
    ),
    Row(
        "K02",
        "the clock is set back during a wait",
        "P",
        "deadlines hold on a clock that never goes back",
        shown_by=(f"{HERE}test_k02_deadlines_do_not_hang_on_the_time_of_day",),
    ),
    Row(
        "K03",
        "a job that runs longer than a token lives",
        "P",
        "each call is signed anew",
        shown_by=(f"{HERE}test_k03_each_call_is_signed_anew",),
    ),
    Row(
        "K04",
        "kill -9 before the intent",
        "S",
        "nothing sent, nothing recorded",
        (),
        (AFTER_A_KILL,),
    ),
    Row(
        "K05",
        "kill -9 after the intent, before the POST",
        "S R",
        "reported; posted once, if the request is handed to `resume` or run again",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K06",
        "kill -9 during the POST",
        "S R",
        "found by the external id; one create",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K07",
        "kill -9 after the answer, before it is recorded",
        "S R",
        "the same",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K08",
        "kill -9 while polling",
        "P R",
        "goes on polling; one create",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K09",
        "kill -9 during the download, before and after the rename",
        "D R",
        "no part under the final name; no second create; at most one more download",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K10",
        "a damaged journal; one of a newer version; a file of something else",
        "B R",
        "`JournalError` that names the file; the file is left as it is",
        (),
        (
            f"{JOURNAL}test_a_damaged_journal_is_named",
            f"{JOURNAL}test_a_newer_journal_is_refused_and_not_touched",
            f"{JOURNAL}test_a_database_of_something_else_is_not_touched",
        ),
    ),
    Row(
        "K11",
        "the journal can't be written",
        "B",
        "refused before the POST",
        (),
        (f"{JOURNAL}test_nothing_is_sent_without_the_journal",),
    ),
    Row(
        "K12",
        "Ctrl-C, or a task that is cancelled",
        "S P D",
        "the note of the exception has the id; the job goes on at the gateway",
        (),
        (
            f"{HERE}test_k12_an_interruption_leaves_the_id",
            f"{HERE}test_k12_cancellation_leaves_the_id_and_no_socket",
        ),
    ),
    Row(
        "K13",
        "a fork after the client was made; threads that share one",
        "all",
        "the child makes connections of its own; no job is made twice",
        (),
        (f"{HERE}test_k13_a_fork_takes_new_connections", f"{HERE}test_k13_threads_share_a_client"),
    ),
    Row(
        "K14",
        "two processes resume the same journal",
        "R",
        "a row is claimed in a transaction; the second reports it as taken",
        (),
        (
            f"{CRASH}test_two_processes_never_take_the_same_row",
            f"{JOURNAL}test_two_processes_share_the_rows_of_one_journal",
        ),
    ),
    Row(
        "K15",
        "an exception that is not ours while a call is under way: TLS, the program's alarm, the "
        "event loop, memory",
        "S P D",
        "S: looked up, never posted again; P: asked again; D: taken up again",
        shown_by=(
            "tests/faults/test_foreign.py::test_an_exception_of_any_class_costs_nothing_twice",
            "tests/faults/test_foreign.py::test_an_alarm_of_the_program_is_no_bad_picture",
            "tests/jobs/test_verdicts.py::test_each_row_of_the_table",
        ),
    ),
    Row(
        "K16",
        "two programs with the same order, one of which waits for hours",
        "S R",
        "a claim lasts as long as its owner lives; of another machine, as long as it is renewed",
        shown_by=(
            "tests/faults/test_foreign.py::test_two_programs_with_one_order_pay_once",
            "tests/jobs/test_claims.py::test_a_living_process_keeps_its_claim",
            "tests/jobs/test_claims.py::test_whoever_waits_renews_all_claims_of_the_process",
        ),
    ),
    Row(
        "K17",
        "a process that was away for so long that another one took its row over",
        "S P D",
        "posts nothing and writes nothing: its claim has too low a number",
        shown_by=(
            "tests/jobs/test_claims.py::test_who_has_lost_the_row_posts_nothing_and_writes_nothing",
        ),
    ),
    Row(
        "K18",
        "killed after an upload that took longer than the grace time, and run again at once",
        "S R",
        "each create is noted before it leaves; the grace time counts from the last that may have",
        shown_by=(
            "tests/faults/test_foreign.py::"
            "test_grace_counts_from_the_create_and_not_from_the_intent",
        ),
    ),
    Row(
        "K19",
        "a row that says refused, of a job that was made all the same",
        "R",
        "looked up once before it is posted again",
        shown_by=(
            "tests/faults/test_foreign.py::"
            "test_a_row_that_says_refused_is_looked_up_before_it_is_posted",
        ),
    ),
    Row(
        "K20",
        "a journal: forked amid threads, made by twelve processes at once, moved, damaged",
        "all",
        "no hang; one journal; nothing is sent that could not be noted; an error names the row",
        shown_by=(
            "tests/jobs/test_journal_file.py::test_a_fork_amid_threads_hangs_no_child",
            "tests/jobs/test_journal_file.py::test_twelve_processes_open_a_fresh_file_at_once",
            "tests/jobs/test_journal_file.py::"
            "test_nothing_is_paid_for_that_is_noted_where_nobody_reads",
            "tests/jobs/test_journal_file.py::test_a_damaged_value_is_an_error_that_names_the_row",
        ),
    ),
)

CALLERS = (
    Row(
        "X01",
        "an API key with a line end, spaces, foreign letters, or nothing in it",
        "B",
        "refused when the client is made; the key is not shown",
        (),
        (f"{HERE}test_x01_a_key_that_can_be_none_is_refused_unseen",),
    ),
    Row(
        "X02",
        "`repr`, `vars`, `pickle`, `copy`, `asdict`, tracebacks with locals",
        "all",
        "no secret in them",
        (),
        (f"{HERE}test_x02_nothing_that_can_be_printed_has_the_key",),
    ),
    Row(
        "X03",
        "logging at DEBUG, of httpx and httpcore too",
        "all",
        "no key, no signed address, no picture",
        (),
        ("tests/faults/test_table.py::test_every_fault_ends_as_the_table_says",),
    ),
    Row(
        "X04",
        "pictures that are too large, cut off, of another kind",
        "B",
        "refused here, before money is spent",
        (),
        (f"{HERE}test_x04_a_picture_that_is_none_is_refused_before_the_create",),
    ),
    Row(
        "X05",
        "a base URL of `http:`",
        "B",
        "refused, but for loopback or where it is allowed in so many words",
        (),
        (f"{HERE}test_x05_http_only_to_this_machine",),
    ),
    Row(
        "X13",
        "a proxy in the environment, and a gateway on this machine",
        "S P D",
        "never asked by the proxy; IPv6 in `NO_PROXY` and SOCKS addresses have a cure",
        (),
        (
            f"{ROUTES}test_this_machine_is_never_reached_by_a_proxy_of_the_environment",
            f"{ROUTES}test_a_client_works_though_no_proxy_has_ipv6_in_it",
            f"{ROUTES}test_a_proxy_that_cannot_be_used_names_its_cure",
        ),
    ),
    Row(
        "X14",
        "a key pair, or a key of Kling's console, and no gateway named",
        "B",
        "sent to Kling's own host, to no third party",
        (),
        ("tests/gateway/test_addresses.py::test_klings_own_keys_go_to_klings_own_host",),
    ),
    Row(
        "X15",
        "the key or a signed address in a gateway's words; an interruption while a head is written",
        "all",
        "stars and dots in their place; no frame with a head is left",
        (),
        (
            f"{SECRETS}test_a_gateway_that_repeats_the_key_does_not_bring_it_out",
            f"{SECRETS}test_a_signed_address_in_a_reason_is_cut",
            f"{SECRETS}test_whatever_ends_an_exchange_leaves_the_key_behind",
            f"{SECRETS}test_the_logs_of_other_clients_are_left_as_they_are",
        ),
    ),
    Row(
        "X16",
        "a base URL in capitals, with a line end or a path; a key with quotes or `Bearer`",
        "B",
        "read as meant; a key is refused with what is wrong with it",
        (),
        (
            "tests/gateway/test_addresses.py::test_an_address_is_read_however_it_is_written",
            f"{CREDENTIALS}test_what_is_wrong_with_a_key_is_told_without_the_key",
        ),
    ),
    Row(
        "X17",
        "bodies and headers of callbacks as frameworks have them, and what they have by mistake",
        "C",
        "taken; the rest is `CallbackRefused`",
        (),
        (
            f"{CALLBACKS}test_headers_are_taken_as_frameworks_have_them",
            f"{CALLBACKS}test_what_is_no_body_is_refused",
            f"{CALLBACKS}test_a_forged_callback_makes_no_real_one_look_repeated",
        ),
    ),
    Row(
        "X20",
        "text with half a surrogate pair, in a prompt or anywhere else",
        "B",
        "refused, before anything is sent; the message can be printed",
        (),
        (
            f"{FIELDS}test_text_is_refused_if_and_only_if_it_is_no_utf_8",
            f"{FIELDS}test_a_problem_can_be_printed_whatever_it_quotes",
            f"{HERE}test_x20_text_that_can_not_be_sent_never_leaves",
        ),
    ),
    Row(
        "X21",
        "a mask that is none: the photograph, an erased layer, inverted, 0 and 1, stray paint",
        "B",
        "told with figures and what to write; an empty one is refused, and says where it lies",
        (),
        (
            f"{BRUSH}test_a_mask_that_is_no_mask_is_told_with_figures",
            f"{BRUSH}test_a_region_without_pixels_is_refused_by_its_name",
            f"{BRUSH}test_pixels_that_are_held_and_moved_are_counted",
        ),
    ),
    Row(
        "X22",
        "an array interface that lies about its memory",
        "B",
        "refused; no memory is read that is not the object's own",
        (),
        ("tests/builders/test_regions.py::test_a_wrong_array_interface_is_refused",),
    ),
    Row(
        "X23",
        "a misspelt model, camera move, region or path",
        "B",
        "refused with the name that was meant",
        (),
        (
            f"{FIELDS}test_a_misspelt_model_is_answered_with_the_right_one",
            "tests/builders/test_near_names.py::test_a_wrong_name_is_answered_with_the_right_one",
        ),
    ),
    Row(
        "X24",
        "a misspelt limit, mode, price or rule in a catalogue of the user's own",
        "B",
        "refused with its line; nothing of the file counts",
        (),
        ("tests/catalog/test_form.py::test_what_means_nothing_is_refused_with_its_line",),
    ),
    Row(
        "X07",
        "a forged callback",
        "C",
        "ids only are read from it; the gateway is asked; no address in it is fetched",
        (),
        ("tests/gateway/test_callbacks.py::test_a_forged_callback_only_makes_us_look",),
    ),
    Row(
        "X08",
        "callbacks repeated, replayed, out of order",
        "C",
        "a signed one whose work is done is called repeated; the look-up decides",
        (),
        ("tests/gateway/test_callbacks.py::test_a_callback_is_repeated_once_its_work_is_done",),
    ),
    Row(
        "X09",
        "a callback of 50 MB, of no JSON, of an unknown job",
        "C",
        "`CallbackRefused`, with the status to answer",
        (),
        ("tests/gateway/test_callbacks.py::test_what_is_no_callback_is_refused",),
    ),
    Row(
        "X10",
        "a token that is forged, pickled, of another host, of a newer version",
        "R",
        "refused; no address is taken from it",
        (),
        ("tests/gateway/test_job_token.py::test_what_is_no_token_of_ours_is_refused",),
    ),
    Row(
        "X11",
        "a thousand jobs at once",
        "all",
        "bounded creates and questions, no two clients aligned",
        (),
        ("tests/jobs/test_wait.py::test_gaps_grow_to_a_cap_and_are_jittered_downwards",),
    ),
    Row(
        "X12",
        "1303 for an hour",
        "S",
        "waits, in flat memory, up to the caller's deadline",
        (),
        ("tests/jobs/test_submit.py::test_a_full_account_is_waited_for_until_the_deadline_only",),
    ),
)
