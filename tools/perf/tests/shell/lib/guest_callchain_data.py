#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write a perf.data file with samples of a KVM guest, and their callchains in
records of their own.

guest_callchain_data.py DIR [SAMPLES [own]] leaves DIR/perf.data, DIR/kallsyms and
DIR/modules; with "own", the guest's kernel is not the default guest's but its own. A
sample is caught in the guest kernel (called from user space), the next in a guest module,
the next in the host, in the exit of the guest."""

import os
import struct
import sys

KERNEL = 2 ** 64 - 128
USER = 2 ** 64 - 512
GUEST_KERNEL = 2 ** 64 - 2176
GUEST_USER = 2 ** 64 - 2560
DEFERRED = 2 ** 64 - 2688

MISC_KERNEL, MISC_GUEST_KERNEL = 1, 4
RECORD_MMAP, RECORD_LOST, RECORD_COMM, RECORD_SAMPLE, RECORD_LOST_SAMPLES = 1, 2, 3, 9, 13
# with a guest's cpumode: of a guest's callchain, as perf writes it into a file
RECORD_EVENT_TYPE = 65

# PERF_ATTR_SIZE_VER7: a perf reads no file with a larger one than its own
ATTR_SIZE = 128
SIG_DATA_AT = 120
# of what was taken along with the recording, as it is in PERFDATA.guests/id
TAKEN_ID = 0xa5
SAMPLE_ID_ALL = 1 << 18
GUEST_CALLCHAIN = 1 << 63
IP, TID, TIME, CALLCHAIN, ID, CPU, PERIOD = 1, 2, 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8
SAMPLE_TYPE = IP | TID | TIME | CALLCHAIN | ID | CPU | PERIOD
EVENT_ID, PID, TID_VCPU = 1000, 100, 101

LEAF, MID, ENTRY = 0xffffffff81000110, 0xffffffff81000210, 0xffffffff81000310
MODULE = 0xffffffffc0000010
MAIN, CALLED = 0x401000, 0x401100

KALLSYMS = """\
ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000100 T guest_leaf
ffffffff81000200 T guest_mid
ffffffff81000300 T guest_entry
ffffffff81000400 T guest_end
ffffffff81000600 T _etext
ffffffff81000700 D _edata
ffffffffc0000000 t mod_leaf\t[guestmod]
ffffffffc0000100 t mod_end\t[guestmod]
"""
MODULES = "guestmod 16384 1 - Live 0xffffffffc0000000 (O)\n"


def words(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def event(kind, misc, body):
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


def sample_id(time, event_id=EVENT_ID, tid=TID_VCPU):
    return struct.pack("<IIQQII", PID, tid, time, event_id, 0, 0)


def sample(time, misc, ip, chain, event_id=EVENT_ID, address=b"", more=b"", tid=TID_VCPU):
    ids = sample_id(time, event_id, tid)
    # as perf writes a cookie into a file: behind all else
    frames = len(chain) - 2 * (chain[-2:-1] == [DEFERRED])
    return event(RECORD_SAMPLE, misc, words(ip) + ids[:16] + address + ids[16:] +
                 words(1, frames, *chain[:frames]) + more + words(*chain[frames:]))


def record(time, cookie, ips, event_id=EVENT_ID, vcpu=3, tid=TID_VCPU):
    return event(RECORD_EVENT_TYPE, MISC_GUEST_KERNEL,
                 words(cookie) + struct.pack("<II", vcpu, 3) + words(0x1000, len(ips), *ips) +
                 sample_id(time, event_id, tid))


def lost(time, nr):
    """Samples, as the kernel counts them: in the buffer, and in the event."""
    return (event(RECORD_LOST, 0, words(EVENT_ID, nr) + sample_id(time)) +
            event(RECORD_LOST_SAMPLES, 0, words(nr) + sample_id(time)))


def comm(time):
    return event(RECORD_COMM, 0,
                 struct.pack("<II", PID, TID_VCPU) + b"vcpu".ljust(8, b"\0") + sample_id(time))


def mmap(time, misc, pid, start, size, offset, name):
    name = name.encode() + b"\0"
    name = name.ljust((len(name) + 7) // 8 * 8, b"\0")
    return event(RECORD_MMAP, misc,
                 struct.pack("<iI", pid, 0) + words(start, size, offset) + name + sample_id(time))


def maps(own):
    pid = PID if own else 0
    # perf record writes modules first: the kernel makes perf load their symbols
    yield mmap(1, MISC_GUEST_KERNEL, pid, 0xffffffffc0000000, 16384, 0, "[guestmod]")
    yield mmap(1, MISC_GUEST_KERNEL, pid, 0xffffffff81000000, 0x700, 0xffffffff81000000,
               f"[guest.kernel.kallsyms{f'.{pid}' if own else ''}]_text")


KERNEL_CHAIN = [GUEST_KERNEL, LEAF, MID, ENTRY, GUEST_USER, CALLED, MAIN]
MODULE_CHAIN = [GUEST_KERNEL, MODULE, ENTRY, GUEST_USER, MAIN]


def samples(nr):
    for i in range(1, nr + 1):
        time = i * 1000
        if i % 3 == 1:
            yield sample(time, MISC_GUEST_KERNEL, LEAF, [DEFERRED, i])
            yield record(time + 1, i, KERNEL_CHAIN)
        elif i % 3 == 2:
            yield sample(time, MISC_GUEST_KERNEL, MODULE, [DEFERRED, i])
            yield record(time + 1, i, MODULE_CHAIN)
        else:
            yield sample(time, MISC_KERNEL, 0x1000,
                         [KERNEL, 0x1000, USER, 0x2000, DEFERRED, i])
            yield record(time + 1, i, KERNEL_CHAIN)


def attr(kind=1, config=0, sample_type=SAMPLE_TYPE, taken_id=TAKEN_ID):
    fields = struct.pack("<II", kind, ATTR_SIZE) + words(
        config, 1, sample_type, 0, SAMPLE_ID_ALL | GUEST_CALLCHAIN)
    return (fields.ljust(SIG_DATA_AT, b"\0") + words(taken_id)).ljust(ATTR_SIZE, b"\0")


def perf_data(events, attrs=(attr(),), features=()):
    """A file; attrs' event ids are EVENT_ID and on, features are (bit, data) by bit."""
    data = b"".join(events)
    ids_at, attrs_at = 104, 104 + 8 * len(attrs)
    attrs_size = (ATTR_SIZE + 16) * len(attrs)
    data_at = attrs_at + attrs_size
    header = b"PERFILE2" + words(104, ATTR_SIZE + 16, attrs_at, attrs_size, data_at, len(data),
                                 0, 0, sum(1 << bit for bit, _ in features), 0, 0, 0)
    ids = words(*range(EVENT_ID, EVENT_ID + len(attrs)))
    attrs = b"".join(a + words(ids_at + 8 * i, 8) for i, a in enumerate(attrs))
    at = data_at + len(data) + 16 * len(features)
    table, sections = b"", b""
    for _, section in features:
        table += words(at + len(sections), len(section))
        sections += section
    return header[:104] + ids + attrs + data + table + sections


def take_along(path, guest="web", kallsyms=KALLSYMS, modules=MODULES):
    """What is beside the recording PATH, of its guest, called so."""
    os.makedirs(f"{path}.guests/{PID}/proc", exist_ok=True)
    for name, content in (("id", f"{TAKEN_ID:016x}\n"), (f"{PID}/proc/kallsyms", kallsyms),
                          (f"{PID}/proc/modules", modules),
                          (f"{PID}/guest", f"name {guest}\nvmm qemu\n")):
        with open(f"{path}.guests/{name}", "w", encoding="utf-8") as file:
            file.write(content)


def main():
    out = sys.argv[1]
    nr = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    with open(f"{out}/perf.data", "wb") as file:
        file.write(perf_data([*maps(len(sys.argv) > 3), comm(1), *samples(nr)]))
    with open(f"{out}/kallsyms", "w", encoding="ascii") as file:
        file.write(KALLSYMS)
    with open(f"{out}/modules", "w", encoding="ascii") as file:
        file.write(MODULES)


if __name__ == "__main__":
    main()
