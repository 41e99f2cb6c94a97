#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write perf.data files for tools that want events of their own, with guests' callchains.

guest_callchain_tools.py DIR leaves DIR/tracepoints.data (locks and task switches),
DIR/memory.data (a cache line), both with a guest's files beside them, and DIR/host, the
host's kallsyms: at the guest's addresses are other functions of the host. Events are of a
vCPU's thread in the host, behind whose frames come the guest's: of its module in a record,
of its kernel inline, or of a record that was lost."""

import struct
import sys

from guest_callchain_data import (
    DEFERRED, EVENT_ID, KERNEL, KERNEL_CHAIN, MISC_KERNEL, MODULE_CHAIN, PID, SAMPLE_TYPE,
    TID_VCPU, attr, comm, maps, mmap, perf_data, record, sample, take_along, words)

ADDR, RAW, WEIGHT, DATA_SRC = 1 << 3, 1 << 10, 1 << 14, 1 << 15
TYPE_TRACEPOINT, TYPE_RAW = 2, 4
TRACING_DATA, NRCPUS, NUMA_TOPOLOGY = 1, 7, 14
# perf data convert takes these to be there: hostname, release, version, arch; cpuid
TEXTS = (3, 4, 5, 6, 9)

HOST = [KERNEL, 0xffffffff81000410, 0xffffffff81000510]
HOST_KALLSYMS = """\
ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000100 T host_not_leaf
ffffffff81000200 T host_not_mid
ffffffff81000300 T host_not_entry
ffffffff81000400 T host_caller
ffffffff81000500 T host_outer
ffffffff81000600 T _etext
"""

COMMON = (("unsigned short", "common_type", 2), ("unsigned char", "common_flags", 1),
          ("unsigned char", "common_preempt_count", 1), ("int", "common_pid", 4))
EVENTS = (
    ("lock", "contention_begin", (("void *", "lock_addr", 8), ("unsigned int", "flags", 4))),
    ("lock", "contention_end", (("void *", "lock_addr", 8), ("int", "ret", 4))),
    ("sched", "sched_switch", (
        ("char", "prev_comm[16]", 16), ("pid_t", "prev_pid", 4), ("int", "prev_prio", 4),
        ("long", "prev_state", 8), ("char", "next_comm[16]", 16), ("pid_t", "next_pid", 4),
        ("int", "next_prio", 4))),
)
BEGIN, END, SWITCH = range(3)
LOCK, MUTEX = 0xffff888000001000, 32


def event_format(number, name, fields):
    lines, at = f"name: {name}\nID: {number}\nformat:\n", 0
    for part in COMMON, fields:
        for kind, field, size in part:
            lines += f"\tfield:{kind} {field};\toffset:{at};\tsize:{size};\tsigned:0;\n"
            at += size
        lines += "\n"
    return f'{lines}print fmt: "%d", REC->common_pid\n'.encode()


def text(string):
    return struct.pack("<I", 64) + string.ljust(64, b"\0")


def sized(data):
    return words(len(data)) + data


def tracing_data():
    """As trace_report() in util/trace-event-read.c reads it."""
    data = b"\x17\x08\x44tracing0.6\0" + struct.pack("<BBI", 0, 8, 4096)
    data += b"header_page\0" + sized(b"\n") + b"header_event\0" + words(0)
    data += struct.pack("<II", 0, len(EVENTS))
    for i, (system, name, fields) in enumerate(EVENTS):
        data += system.encode() + b"\0" + struct.pack("<I", 1) + sized(
            event_format(i + 1, name, fields))
    return data + struct.pack("<IIQ", 0, 0, 0)


def raw(which, *fields):
    data = struct.pack("<HBBi", which + 1, 0, 0, TID_VCPU) + b"".join(fields)
    data = data.ljust((len(data) + 4 + 7) // 8 * 8 - 4, b"\0")
    return struct.pack("<I", len(data)) + data


def with_chain(i, event_id=EVENT_ID, **more):
    """An event in the host, and of the guest what is inline, a record, or a record lost."""
    inline, follows = i // 2 % 3 == 0, i // 2 % 3 == 1
    yield sample(i * 1000, MISC_KERNEL, HOST[1],
                 HOST + (KERNEL_CHAIN if inline else [DEFERRED, i]), event_id, **more)
    if follows:
        yield record(i * 1000 + 1, i, MODULE_CHAIN, event_id)


def tracepoint(i, which, *fields):
    return with_chain(i, EVENT_ID + which, more=raw(which, *fields))


def locks():
    for i in range(1, 5):
        yield from tracepoint(2 * i, BEGIN, struct.pack("<QI", LOCK, MUTEX))
        yield from tracepoint(2 * i + 1, END, struct.pack("<Qi", LOCK, 0))


def switches():
    name = b"vcpu".ljust(16, b"\0")
    for i in range(11, 19):
        before, after = (TID_VCPU, 0) if i % 2 else (0, TID_VCPU)
        yield from tracepoint(i, SWITCH, name, struct.pack("<iiq", before, 1, 1), name,
                              struct.pack("<ii", after, 1))


def loads():
    hitm = 2 | (0x02 | 0x40) << 5 | 0x10 << 19  # a load, from the L3 cache, modified elsewhere
    for i in range(1, 5):
        yield from with_chain(i, address=words(LOCK), more=words(10, hitm))


def put(path, events, attrs, features):
    with open(path, "wb") as file:
        file.write(perf_data([
            mmap(1, MISC_KERNEL, -1, 0xffffffff81000000, 0x700, 0xffffffff81000000,
                 "[kernel.kallsyms]_text"), *maps(True), comm(1), *events], attrs, features))
    take_along(path)


def main():
    out = sys.argv[1]
    with open(f"{out}/host", "w", encoding="ascii") as file:
        file.write(HOST_KALLSYMS)
    put(f"{out}/tracepoints.data", [*locks(), *switches()],
        [attr(TYPE_TRACEPOINT, i + 1, SAMPLE_TYPE | RAW) for i in range(len(EVENTS))],
        [(TRACING_DATA, tracing_data()), *((bit, text(b"x86_64")) for bit in TEXTS)])
    put(f"{out}/memory.data", loads(),
        [attr(TYPE_RAW, 0x1cd, SAMPLE_TYPE | ADDR | WEIGHT | DATA_SRC)],
        [(NRCPUS, struct.pack("<II", 1, 1)),
         (NUMA_TOPOLOGY, struct.pack("<IIQQ", 1, 0, 1, 1) + text(b"0"))])


if __name__ == "__main__":
    main()
