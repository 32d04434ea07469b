"""Seeds side by side, a process each."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from learnflow.evaluation.judging import Verdict, judge
from learnflow.evaluation.summary import Summary, summarise
from learnflow.evaluation.world import WORLDS


def evaluate(
    world: str,
    seeds: Sequence[int],
    jobs: int | None = None,
    told: Callable[[Verdict], None] = lambda verdict: None,
) -> Summary:
    """Judge each seed; `told` hears of each in order."""
    jobs = min(jobs or len(os.sched_getaffinity(0)), len(seeds))
    verdicts = []
    if jobs == 1:
        for seed in seeds:
            verdicts.append(judge(WORLDS[world], seed))
            told(verdicts[-1])
        return summarise(world, verdicts)
    # Spawned, not forked: LightGBM's threads do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for verdict in pool.map(judge, [WORLDS[world]] * len(seeds), seeds):
            verdicts.append(verdict)
            told(verdict)
    return summarise(world, verdicts)
