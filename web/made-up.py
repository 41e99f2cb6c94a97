#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write recordings for test.sh.

made-up.py DIR leaves DIR/hostile.data, of a guest whose names are out to be anything but
text, and DIR/large.data, with 100,000 different stacks. Both have two threads. DIR/HOST.data,
of the hosts north and south, are as perf records: with build-ids, and callchains in records of
their own."""

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


def address(function):
    return BASE + 0x100 * (function + 1) + 0x10


def sample(time, functions, tid):
    chain = [g.GUEST_KERNEL, *map(address, reversed(functions))]
    made = bytearray(g.sample(time, g.MISC_GUEST_KERNEL, chain[1], chain))
    # behind the header and the address: pid and tid
    struct.pack_into("<I", made, 8 + 8 + 4, tid)
    return bytes(made)


def put(path, names, guest, samples):
    end = BASE + 0x100 * (len(names) + 1)
    kernel = g.mmap(1, g.MISC_GUEST_KERNEL, g.PID, BASE, end - BASE, BASE,
                    f"[guest.kernel.kallsyms.{g.PID}]_text")
    proc = f"{path}.guests/{g.PID}/proc"
    os.makedirs(proc, exist_ok=True)
    with open(path, "wb") as file:
        file.write(g.perf_data([kernel, g.comm(1), *samples]))
    with open(f"{proc}/kallsyms", "w", encoding="utf-8") as file:
        file.write(f"{BASE:x} T _stext\n{BASE:x} T _text\n")
        for i, name in enumerate(names):
            file.write(f"{address(i) & ~0xff:x} T {name}\n")
        file.write(f"{end:x} T _etext\n")
    for name, content in (("id", f"{g.TAKEN_ID:016x}\n"), (f"{g.PID}/proc/modules", ""),
                          (f"{g.PID}/guest", f"name {guest}\nvmm qemu\n")):
        with open(f"{path}.guests/{name}", "w", encoding="utf-8") as file:
            file.write(content)


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
    os.makedirs(f"{path}.guests/{g.PID}/proc", exist_ok=True)
    build_id = g.event(67, g.MISC_GUEST_KERNEL, struct.pack(
        "<i24s64s", g.PID, bytes(range(1, 21)) + bytes([20, 0, 0, 0]),
        f"[guest.kernel.kallsyms.{g.PID}]".encode()))
    features = [(2, build_id), (3, header_string(host))]
    with open(path, "wb") as file:
        file.write(g.perf_data([*g.maps(True), g.comm(1), *g.samples(nr)], features=features))
    for name, content in (("id", f"{g.TAKEN_ID:016x}\n"), (f"{g.PID}/proc/modules", g.MODULES),
                          (f"{g.PID}/proc/kallsyms", g.KALLSYMS),
                          (f"{g.PID}/guest", f"name {host}-web\nvmm qemu\n")):
        with open(f"{path}.guests/{name}", "w", encoding="utf-8") as file:
            file.write(content)


def main():
    out = sys.argv[1]
    put(f"{out}/hostile.data", NAMES, "<b>web</b>;\"'", hostile())
    labelled(f"{out}/north.data", "north", 9)
    labelled(f"{out}/south.data", "south", 30)
    put(f"{out}/large.data", [f"function_{i}" for i in range(FUNCTIONS)], "web", large())


if __name__ == "__main__":
    main()
