import os

import pytest
from tests.experiments.replicates.jobs import square, square_or_die

from shoal.experiments.replicates.crew import Crew, Died


@pytest.mark.parametrize("processes", [1, 2])
def test_every_job_is_answered_and_what_it_tells_is_heard(processes: int) -> None:
    heard: list[tuple[int, object]] = []
    crew: Crew[int, int] = Crew(square, processes=processes, heard=lambda job, told: heard.append((job, told)))
    for job in range(5):
        crew.submit(job)
    assert dict(crew.answers()) == {job: job * job for job in range(5)}
    assert sorted(heard) == [(job, ("at", job)) for job in range(5)]


@pytest.mark.parametrize("processes", [1, 2])
def test_jobs_may_be_added_while_answers_are_taken(processes: int) -> None:
    crew: Crew[int, int] = Crew(square, processes=processes, heard=lambda job, told: None)
    crew.submit(1)
    found = {}
    for job, answer in crew.answers():
        found[job] = answer
        if job == 1:
            crew.submit(10)
            crew.submit(20, first=True)
    assert found == {1: 1, 20: 400, 10: 100}
    if processes == 1:
        assert list(found) == [1, 20, 10]


def test_a_process_that_dies_takes_only_its_own_job() -> None:
    crew: Crew[int, int] = Crew(square_or_die, processes=2, heard=lambda job, told: None)
    for job in range(8):
        crew.submit(job)
    found = dict(crew.answers())
    assert found == {**{job: job * job for job in range(8)}, 3: Died(-9), 4: Died(5)}
    assert str(found[3]) == "its process was ended by signal 9"
    assert str(found[4]) == "its process ended with exit code 5 before it was done"


def test_leaving_early_ends_the_processes() -> None:
    crew: Crew[int, int] = Crew(square, processes=2, heard=lambda job, told: None)
    for job in range(50):
        crew.submit(job)
    answers = crew.answers()
    next(answers)
    pids = [member.process.pid for member in crew._members]
    answers.close()
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
