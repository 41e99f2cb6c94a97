#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write recordings of made-up hosts for test.sh.

made-up.py DIR leaves DIR/HOST-HOUR.data, as perf records them with a clock, of guests whose
stacks are known, and DIR/truth.json: what all rows say, counted here."""

import collections
import json
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tools/perf/tests/shell/lib"))
import guest_callchain_data as g  # noqa: E402

BASE = g.LEAF & ~0xffffff
HOSTS, HOURS, VCPUS, MINUTES, SAMPLES = 3, (3, 9, 15, 21), 2, 3, 1500
FUNCTIONS = 12
# 2026-11-30 00:00:00 UTC; the clock of the samples begins somewhere else
DAY, CLOCK = 1795996800, 5000 * 10**9
NS = 10**9
HOSTNAME, CLOCK_DATA = 3, 29
CLOCK_MONOTONIC = 1


def address(function):
    return BASE + 0x100 * (function + 1) + 0x10


def kallsyms():
    end = BASE + 0x100 * (FUNCTIONS + 1)
    yield f"{BASE:x} T _stext\n{BASE:x} T _text\n"
    for i in range(FUNCTIONS):
        yield f"{address(i) & ~0xff:x} T function_{i}\n"
    yield f"{end:x} T _etext\n"


def stack(chosen, hour):
    """Outermost first. After noon there is another kernel, which has more of function_11."""
    depth = chosen.randrange(1, 4)
    stack = [chosen.randrange(3) * 3 + level for level in range(depth)]
    if hour >= 12 and chosen.random() < 0.25:
        stack.append(11)
    return stack


def features(host, start):
    name = host.encode() + b"\0"
    return [(HOSTNAME, struct.pack("<I", len(name)) + name),
            (CLOCK_DATA, struct.pack("<IIQQ", 1, CLOCK_MONOTONIC, start * NS, CLOCK))]


def recording(path, host, guest, hour, truth):
    chosen = random.Random(f"{host} {hour}")
    start = DAY + 3600 * hour
    events = []
    for i in range(SAMPLES):
        after, vcpu = MINUTES * 60 * NS * i // SAMPLES, chosen.randrange(VCPUS)
        frames = stack(chosen, hour)
        chain = [g.GUEST_KERNEL, *map(address, reversed(frames))]
        tid = g.TID_VCPU + vcpu
        time = CLOCK + after
        events.append(g.sample(time, g.MISC_GUEST_KERNEL, chain[1], [g.DEFERRED, i + 1], tid=tid))
        events.append(g.record(time + 1, i + 1, chain, vcpu=vcpu, tid=tid))
        names = [f"[guest/{guest}]", *(f"function_{frame}_[gk]" for frame in frames)]
        truth[(start + after // NS) // 60 * 60, host, guest, vcpu, ";".join(names)] += 1
    end = BASE + 0x100 * (FUNCTIONS + 1)
    kernel = g.mmap(1, g.MISC_GUEST_KERNEL, g.PID, BASE, end - BASE, BASE,
                    f"[guest.kernel.kallsyms.{g.PID}]_text")
    with open(path, "wb") as file:
        file.write(g.perf_data([kernel, g.comm(1), *events], features=features(host, start)))
    g.take_along(path, guest, "".join(kallsyms()), "")


def main():
    out, truth = sys.argv[1], collections.Counter()
    for i in range(HOSTS):
        for hour in HOURS:
            recording(f"{out}/host-{i}-{hour}.data", f"host-{i}", f"web-{i}", hour, truth)
    with open(f"{out}/truth.json", "w", encoding="utf-8") as file:
        json.dump([{"time": key[0], "host": key[1], "guest": key[2], "vcpu": key[3],
                    "stack": key[4], "count": count}
                   for key, count in sorted(truth.items())], file)


if __name__ == "__main__":
    main()
