#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""bench_off.py WITHOUT-LOG LOG: what guest callchains cost an exit that nobody samples.

The same exit of the same guest, counted in instructions as bench.py does, on a kernel
without guest callchains and on ours: before there was an event that wants them, while there
is one that does not sample, and after it has gone.

With --plan alone: print what to run.
"""

import json
import sys

sys.dont_write_bytecode = True     # nothing is built beside the sources

from bench import median
from check import runs

EXITS = "/tinyvmm /guest64 16"
# an event is gone for good a second after it was closed
PLAN = {
    "before": EXITS,
    "with": f"/record -F 1 {EXITS}",
    "wait": "/tinyvmm -t 2500 /guest64 0",
    "after": EXITS,
}
# where the code is that an event switches on: with interrupts still on and then right before
# the entry, after the exit, and after the interrupts of the exit
NOPS = 4


def costs(log):
    found = runs(log)
    for name in PLAN:
        if name not in found:
            sys.exit(f"bench-off: {name} did not run to its end, see {log}")
    return {name: median(found[name]) for name in PLAN if name != "wait"}


def main():
    without, ours = map(costs, sys.argv[1:])
    more = {name: ours[name] - without[name] for name in ours}
    print(json.dumps({"exit_without": without["before"], "more_before": more["before"],
                      "more_with_an_event": more["with"], "more_after": more["after"],
                      "of_them_nops": NOPS}))
    return more["before"] > NOPS or more["after"] > NOPS


if __name__ == "__main__":
    if sys.argv[1] == "--plan":
        print("\n".join(f"{name} {command}" for name, command in PLAN.items()))
        sys.exit(0)
    sys.exit(main())
