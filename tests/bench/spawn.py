"""Timing children: posix_spawn and wait, the same few microseconds of ours for everybody."""
import os
import statistics
import time


def timed_spawn(path, arguments, environment=None, actions=()):
    """Runs a program to its end. Returns seconds; raises when it does not end with status 0."""
    environment = os.environ if environment is None else environment
    started = time.perf_counter()
    pid = os.posix_spawn(path, arguments, environment, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - started
    if status != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with wait status {status:#x}")
    return took


def alternate(rounds, contenders, warm_up=3):
    """Runs {name: function(round)} in turns, so that a noisy moment hits all of them alike.

    A function returns its own seconds. Returns {name: seconds of each round}.
    """
    taken = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(-warm_up, rounds):
        for name in names[number % len(names):] + names[: number % len(names)]:
            seconds = contenders[name](number + warm_up)
            if number >= 0:
                taken[name].append(seconds)
    return taken


def summary(seconds):
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "median_ms": round(statistics.median(ordered) * 1e3, 3),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1e3, 3),
        "min_ms": round(ordered[0] * 1e3, 3),
    }
