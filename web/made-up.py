#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write recordings for test.sh.

made-up.py DIR leaves DIR/hostile.data, of a guest whose names are out to be anything but
text, and DIR/large.data, with 100,000 different stacks. Both have two threads. DIR/HOST.data,
of the hosts north and south, are as perf records: with build-ids, and callchains in records of
their own. DIR/timed.data has two vCPUs and the host, and DIR/timed.json what each was doing: samples
by category, in the order of the page's timeline. DIR/before.data and DIR/after.data are to be
compared."""

import json
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tools/perf/tests/shell/lib"))
import guest_callchain_data as g  # noqa: E402

BASE = g.LEAF & ~0xffffff
NAMES = ["</script><script>alert(1)</script>", "<img/src=x/onerror=alert(2)>", "a;b\"c\\d'e&lt;",
         "\u202eturned\u2066", "x" * 60000, "--><!--", "${alert(3)}", "plain"]
LARGE, DEPTH, FUNCTIONS = 100000, 20, 2000
HOST, MISC_GUEST_USER = 0xffffffff90000000, 5
MS = 1000000


def address(function):
    return BASE + 0x100 * (function + 1) + 0x10


def sample(time, functions, tid, misc=g.MISC_GUEST_KERNEL, pid=g.PID):
    frames = [*map(address, reversed(functions))]
    host = [g.KERNEL, HOST] if misc == g.MISC_KERNEL else []
    chain = [*host, *([g.GUEST_KERNEL, *frames] if frames else [])]
    made = bytearray(g.sample(time, misc, HOST if host else frames[0], chain))
    # behind the header and the address
    struct.pack_into("<II", made, 8 + 8, pid, tid)
    return bytes(made)


def named(tid, name):
    return g.event(g.RECORD_COMM, 0, struct.pack("<II", g.PID, tid) +
                   name.encode().ljust(16, b"\0") + g.sample_id(1))


def put(path, names, guest, samples):
    end = BASE + 0x100 * (len(names) + 1)
    kernel = g.mmap(1, g.MISC_GUEST_KERNEL, g.PID, BASE, end - BASE, BASE,
                    f"[guest.kernel.kallsyms.{g.PID}]_text")
    with open(path, "wb") as file:
        file.write(g.perf_data([kernel, g.comm(1), *samples]))
    kallsyms = [f"{BASE:x} T _stext\n{BASE:x} T _text\n", f"{end:x} T _etext\n"]
    kallsyms[1:1] = (f"{address(i) & ~0xff:x} T {name}\n" for i, name in enumerate(names))
    g.take_along(path, guest, "".join(kallsyms), "")


def hostile():
    for i in range(80):
        first = i % len(NAMES)
        yield sample(1000 + i, [*range(first, len(NAMES)), first], 101 + (i % 4 == 0))


def large():
    chosen = random.Random(1)
    for i in range(LARGE):
        stack = []
        for depth in range(DEPTH):
            # few next to the root, as in stacks that are real
            last = stack[-1] if stack else 0
            stack.append((last * 31 + depth + chosen.randrange(2 if depth < 12 else 6)) %
                         FUNCTIONS)
        yield sample(1000 + i, stack, 101 + i % 2)


def header_string(text):
    text = text.encode() + b"\0"
    return struct.pack("<I", len(text)) + text


def labelled(path, host, nr):
    build_id = g.event(67, g.MISC_GUEST_KERNEL, struct.pack(
        "<i24s64s", g.PID, bytes(range(1, 21)) + bytes([20, 0, 0, 0]),
        f"[guest.kernel.kallsyms.{g.PID}]".encode()))
    features = [(2, build_id), (3, header_string(host))]
    with open(path, "wb") as file:
        file.write(g.perf_data([*g.maps(True), g.comm(1), *g.samples(nr)], features=features))
    g.take_along(path, f"{host}-web")


def timed():
    """4 s, vCPU 0 busy in turns of 1 s in its kernel, in exits and nothing, vCPU 1 in user code."""
    yield named(101, "CPU 0/KVM")
    yield named(102, "CPU 1/KVM")
    done = {"web, vCPU 0": [0] * 6, "web, vCPU 1": [0] * 6, "other threads": [0] * 6}

    def note(row, category, nr=1):
        done[row][category] += nr

    for i in range(2000):
        time = (1000 + 2 * i) * MS
        if i < 500 or i >= 1500:
            yield sample(time, [0, 1, 2 if i < 500 else 3], 101)
            note("web, vCPU 0", 1)
        elif i < 1000:
            yield sample(time, [0, 4], 101, g.MISC_KERNEL)
            note("web, vCPU 0", 2)
        else:
            yield sample(time, [], 0, g.MISC_KERNEL, 0)
            note("other threads", 4)
        if i % 4 == 3:
            yield sample(time + MS // 2, [], 102, g.MISC_KERNEL)
        else:
            # a leaf that has other callers on the other vCPU
            yield sample(time + MS // 2, [0, 2] if i % 4 else [5], 102, MISC_GUEST_USER)
        note("web, vCPU 1", 3 if i % 4 == 3 else 0)
        if i == 1600:
            yield g.event(g.RECORD_LOST, 0, g.words(g.EVENT_ID, 7) + g.sample_id(time + 1))
            note("web, vCPU 0", 5, 7)
    with open(f"{sys.argv[1]}/timed.json", "w", encoding="ascii") as file:
        json.dump(done, file)


def stacks(*counts):
    """So many of each of some stacks, in turns as even as can be."""
    some = [[0, 1, 2], [0, 1, 3], [0, 4], [0, 5]]
    turns = sorted((i / nr, stack) for nr, stack in zip(counts, some) for i in range(nr))
    for i, (_, stack) in enumerate(turns):
        yield sample((1000 + i) * MS, stack, 101)


def main():
    out = sys.argv[1]
    put(f"{out}/hostile.data", NAMES, "<b>web</b>;\"'", hostile())
    labelled(f"{out}/north.data", "north", 9)
    labelled(f"{out}/south.data", "south", 30)
    put(f"{out}/large.data", [f"function_{i}" for i in range(FUNCTIONS)], "web", large())
    put(f"{out}/timed.data", [f"function_{i}" for i in range(6)], "web", timed())
    for when, counts in ("before", (500, 300, 0, 200)), ("after", (1500, 1200, 300, 0)):
        put(f"{out}/{when}.data", [f"function_{i}" for i in range(6)], "web", stacks(*counts))


if __name__ == "__main__":
    main()
