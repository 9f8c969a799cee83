"""Evidence is joined to the worker that its path or text names."""

from __future__ import annotations

from escalate.model.incident import Incident, TargetFacts, Window

TWO = Incident(
    window=Window(start="2026-01-05T10:00:00Z", end="2026-01-05T10:10:00Z"),
    target=TargetFacts(
        os="linux", instances=("lw1sdlwk0001AA", "lw1sdlwk0001AB"), instance_ids={"10-30-4-1": "ab" * 32}
    ),
)
ODD = (
    "root@3f1c:/# date -u\nMon Jan  5 10:05:00 UTC 2026\n"
    "root@3f1c:/# ls -la\n-????????? ? ?      ?          ?            ? dcg\n"
)


def of(triaged, files, incident=TWO):
    return triaged(files, incident).finding("L22").instances


def test_a_folder_that_names_a_worker_tells_whose_the_transcript_is(triaged):
    assert of(triaged, {"ssh/lw1sdlwk0001AB/session.txt": ODD}) == ("lw1sdlwk0001AB",)


def test_a_part_of_the_file_name_does_as_well(triaged):
    assert of(triaged, {"ssh/session_lw1sdlwk0001AA_1005.txt": ODD}) == ("lw1sdlwk0001AA",)


def test_a_prompt_or_hostname_in_the_text_tells_it(triaged):
    assert of(triaged, {"ssh/session.txt": ODD.replace("3f1c", "lw1sdlwk0001AB")}) == ("lw1sdlwk0001AB",)


def test_an_instance_id_stands_for_its_worker(triaged):
    text = "root@3f1c:/# echo $WEBSITE_INSTANCE_ID\n" + "ab" * 32 + "\n" + ODD
    assert of(triaged, {"ssh/session.txt": text}) == ("10-30-4-1",)


def test_a_text_that_names_two_workers_is_of_neither(triaged):
    text = "root@3f1c:/# cat hosts\nlw1sdlwk0001AA lw1sdlwk0001AB\n" + ODD
    assert of(triaged, {"ssh/session.txt": text}) == ()


def test_a_name_inside_a_longer_name_is_not_that_worker(triaged):
    assert of(triaged, {"ssh/10-30-4-11/session.txt": ODD}) == ()


def test_a_worker_known_from_a_log_name_is_enough(triaged):
    log = "2026-01-05T10:05:00.123456789Z hello\n"
    files = {"LogFiles/2026_01_05_lw1sdlwk0009ZZ_default_docker.log": log, "ssh/lw1sdlwk0009ZZ.txt": ODD}
    assert of(triaged, files, Incident(window=TWO.window)) == ("lw1sdlwk0009ZZ",)
