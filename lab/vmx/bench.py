#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""bench.py LOG: the cost of a guest walk beside that of a host user callchain.

Under Bochs the TSC advances by one with each instruction, in the guest too, so
what takes how long is counted in instructions and comes out the same each time.
Both chains have 21 entries: 20 functions and the root.

host_callchain_20 is what PERF_SAMPLE_CALLCHAIN adds to a sampled page fault in
a host process. guest_walk_20 is what guest callchains add to a VM exit with
a sampled kvm:kvm_exit: request, walk and record. worst_walk is that where each
frame is on a page with page tables of its own, until the walk has no page left.

With --plan alone: print what to run.
"""

import json
import re
import sys

sys.dont_write_bytecode = True     # nothing is built beside the sources

from check import runs

TRACE = "/record -e kvm/kvm_exit"
FAULT = "/record -e page-faults"
PLAN = {
    "exit-walk": f"{TRACE} /tinyvmm /guest64 16",
    "exit-flat": f"{TRACE} -f /tinyvmm /guest64 16",
    "fault-chain": f"{FAULT} -f /hostwork",
    "fault-bare": f"{FAULT} -c /hostwork",
    # the same with chains cut to one frame, for what each frame costs
    "exit-walk-1": f"{TRACE} -s 1 /tinyvmm /guest64 16",
    "exit-flat-1": f"{TRACE} -s 1 -f /tinyvmm /guest64 16",
    "exit-worst": f"{TRACE} /tinyvmm -t 3000 -w /guest64 20",
    "exit-worst-flat": f"{TRACE} -f /tinyvmm -t 3000 -w /guest64 20",
    "fault-chain-1": f"{FAULT} -s 1 -f /hostwork",
}
FRAMES = 21
BUDGET = 0x10000


def median(run):
    return int(re.search(r"median (\d+)", run.text).group(1))


def main():
    found = runs(sys.argv[1])
    for name in PLAN:
        if name not in found:
            sys.exit(f"bench-walk: {name} did not run to its end")
    # a walk that was short, or not made, would look cheap
    depths = {len(ips) - 1 for _, _, ips in found["exit-walk"].chains}
    if FRAMES not in depths or found["fault-chain"].counts["host-words"] != FRAMES + 1:
        sys.exit(f"bench-walk: no {FRAMES} frames in the chains")
    if not any(flags & BUDGET for _, flags, _ in found["exit-worst"].chains):
        sys.exit("bench-walk: the worst walk was none")
    cost = {name: median(found[name]) for name in PLAN}
    host = cost["fault-chain"] - cost["fault-bare"]
    guest = cost["exit-walk"] - cost["exit-flat"]
    host_1 = cost["fault-chain-1"] - cost["fault-bare"]
    guest_1 = cost["exit-walk-1"] - cost["exit-flat-1"]
    print(json.dumps({
        "host_callchain_20": host,
        "guest_walk_20": guest,
        "ratio": round(guest / host, 2),
        "worst_walk": cost["exit-worst"] - cost["exit-worst-flat"],
        "host_per_frame": round((host - host_1) / (FRAMES - 1), 1),
        "guest_per_frame": round((guest - guest_1) / (FRAMES - 1), 1),
    }))
    return guest > 3 * host


if __name__ == "__main__":
    if sys.argv[1] == "--plan":
        print("\n".join(f"{name} {command}" for name, command in PLAN.items()))
        sys.exit(0)
    sys.exit(main())
