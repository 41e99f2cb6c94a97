# SPDX-License-Identifier: GPL-2.0
"""A reader of perf.data that shares nothing with perf: the samples, the guest
callchain records, and both put together by cookie. Only what the lab records is
understood: little endian, not compressed, no pipe format.
"""

import collections
import re
import struct

RECORD_LOST, RECORD_SAMPLE, RECORD_LOST_SAMPLES = 2, 9, 13
# with the cpumode of a guest: a guest's callchain
RECORD_EVENT_TYPE = 65

CONTEXT_GUEST_DEFERRED = (1 << 64) - 2688
CONTEXT_GUEST_KERNEL = (1 << 64) - 2176
CONTEXT_GUEST_USER = (1 << 64) - 2560
CONTEXT_MAX = (1 << 64) - 4095
# and those of a hypervisor, the host's kernel and user, a guest
CONTEXTS = {CONTEXT_GUEST_DEFERRED, CONTEXT_GUEST_KERNEL, CONTEXT_GUEST_USER,
            *((1 << 64) - context for context in (32, 128, 512, 2048))}

MISC_CPUMODE, MISC_GUEST_KERNEL, MISC_GUEST_USER = 7, 4, 5
GUEST_MODES = MISC_GUEST_KERNEL, MISC_GUEST_USER

# sample_type bits, in the order of their words in a sample
(IP, TID, TIME, ADDR, READ, CALLCHAIN, ID, CPU, PERIOD, STREAM_ID, RAW) = (1 << n for n in range(11))
STACK_USER = 1 << 13
IDENTIFIER = 1 << 16

# of an event's flags: exclude_kernel, exclude_callchain_kernel and _user, guest_stack_words
GUEST_WANTS = 1 << 5 | 1 << 21 | 1 << 22 | 1 << 62

SHORT = {
    0x00000100: "MAX_STACK", 0x00000200: "UNMAPPED", 0x00000400: "BAD_PTE",
    0x00000800: "UNREADABLE", 0x00001000: "NONCANONICAL", 0x00002000: "MISALIGNED",
    0x00004000: "BACKWARD", 0x00008000: "BAD_RETURN", 0x00010000: "BUDGET",
    0x00020000: "NO_WALK", 0x00040000: "DEVICE", 0x00080000: "STALE",
}
NESTED, PROTECTED, SECTIONS, PREEMPTED = 0x4, 0x8, 0x10, 0x20
STALE = 0x80000
STACK_WORDS, USER_STACK = 2, 4  # types of sections

Attr = collections.namedtuple("Attr", "type config sample_type flags ids wants")
Sample = collections.namedtuple("Sample", "event id cpumode ip pid tid time cpu chain cookie raw")
Record = collections.namedtuple("Record", "id cookie vcpu flags root ips sections pid tid time")


class PerfData:
    """samples: list of Sample in file order; records: {key(): Record};
    lost: what the kernel says it could not write; attrs: list of Attr;
    duplicates: records whose cookie was taken already.
    """

    def __init__(self, path):
        with open(path, "rb") as f:
            self.blob = f.read()
        if self.blob[:8] != b"PERFILE2":
            raise ValueError(f"{path}: not a perf.data file")
        header = struct.unpack_from("<8Q", self.blob, 8)
        _, attr_size, attrs_at, attrs_len, data_at, data_len = header[:6]
        self.attrs = [self._attr(attrs_at + n * attr_size, attr_size)
                      for n in range(attrs_len // attr_size)]
        self.by_id = {i: n for n, attr in enumerate(self.attrs) for i in attr.ids}
        self.samples, self.records, self.lost, self.duplicates = [], {}, 0, 0
        self._read(data_at, data_at + data_len)

    def _attr(self, at, size):
        type_, _, config, _, sample_type, _, flags = struct.unpack_from("<IIQQQQQ", self.blob, at)
        ids_at, ids_len = struct.unpack_from("<QQ", self.blob, at + size - 16)
        max_stack = struct.unpack_from("<H", self.blob, at + 108)[0]
        user_stack = struct.unpack_from("<I", self.blob, at + 88)[0] if sample_type & STACK_USER else 0
        return Attr(type_, config, sample_type, flags,
                    struct.unpack_from(f"<{ids_len // 8}Q", self.blob, ids_at),
                    (flags & GUEST_WANTS, max_stack, user_stack))

    def _read(self, at, end):
        while at < end:
            kind, misc, size = struct.unpack_from("<IHH", self.blob, at)
            if size < 8:
                raise ValueError(f"record of {size} bytes at {at}")
            if kind == RECORD_SAMPLE:
                self._sample(at + 8, at + size, misc)
            elif is_guest_callchain(kind, misc):
                self._record(at + 8, at + size)
            elif kind == RECORD_LOST:
                self.lost += struct.unpack_from("<Q", self.blob, at + 16)[0]
            elif kind == RECORD_LOST_SAMPLES:
                self.lost += struct.unpack_from("<Q", self.blob, at + 8)[0]
            at += size

    def _words(self, at, sample_type, bits):
        """The words of the given sample_type bits that are there, in order."""
        found = {}
        for bit in bits:
            if sample_type & bit:
                found[bit] = struct.unpack_from("<Q", self.blob, at)[0]
                at += 8
        return found, at

    def _event(self, at):
        """Index of the event a sample belongs to."""
        sample_type = self.attrs[0].sample_type
        if sample_type & IDENTIFIER:
            before = 0
        elif sample_type & ID:
            before = sum(bool(sample_type & bit) for bit in (IP, TID, TIME, ADDR))
        else:
            return 0
        return self.by_id[struct.unpack_from("<Q", self.blob, at + 8 * before)[0]]

    def _sample(self, at, end, misc):
        event = self._event(at)
        sample_type = self.attrs[event].sample_type
        if sample_type & READ:
            raise ValueError("samples with PERF_SAMPLE_READ")
        word, at = self._words(at, sample_type, (IDENTIFIER, IP, TID, TIME, ADDR, ID,
                                                 STREAM_ID, CPU, PERIOD))
        chain = ()
        if sample_type & CALLCHAIN:
            nr = struct.unpack_from("<Q", self.blob, at)[0]
            chain = struct.unpack_from(f"<{nr}Q", self.blob, at + 8)
            at += 8 + 8 * nr
        raw = b""
        if sample_type & RAW:
            size = struct.unpack_from("<I", self.blob, at)[0]
            raw = self.blob[at + 4:at + 4 + size]
        mark, cookie = struct.unpack_from("<QQ", self.blob, end - 16)
        if mark != CONTEXT_GUEST_DEFERRED:
            cookie = None
        tid = word.get(TID, 0)
        self.samples.append(Sample(event, word.get(IDENTIFIER, word.get(ID, 0)),
                                   misc & MISC_CPUMODE, word.get(IP, 0),
                                   tid & 0xffffffff, tid >> 32, word.get(TIME, 0),
                                   word.get(CPU, 0) & 0xffffffff, chain, cookie, raw))

    def _record(self, at, end):
        cookie, vcpu, flags, root, nr = struct.unpack_from("<QIIQQ", self.blob, at)
        ips = struct.unpack_from(f"<{nr}Q", self.blob, at + 32)
        sections = self._sections(at + 32 + 8 * nr) if flags & SECTIONS else ()
        # sample_id is at the end, its layout that of the event; the id is last in it
        # where events differ (perf sees to that)
        bits = (TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER)
        sample_type = self.attrs[0].sample_type
        if sample_type & IDENTIFIER:
            event = self.by_id[struct.unpack_from("<Q", self.blob, end - 8)[0]]
            sample_type = self.attrs[event].sample_type
        start = end - 8 * sum(bool(sample_type & bit) for bit in bits)
        word, _ = self._words(start, sample_type, bits)
        ident = word.get(IDENTIFIER, word.get(ID, 0))
        tid = word.get(TID, 0)
        key = self.key(ident, cookie)
        if key in self.records:
            self.duplicates += 1
        self.records[key] = Record(ident, cookie, vcpu, flags, root, ips, sections,
                                   tid & 0xffffffff, tid >> 32, word.get(TIME, 0))

    def key(self, ident, cookie):
        """What a sample and its record have in common: events that want the same share one."""
        return self.attrs[self.by_id[ident] if ident else 0].wants, cookie

    def _sections(self, at):
        """The types of a record's sections."""
        end = at + 8 + struct.unpack_from("<Q", self.blob, at)[0]
        at += 8
        types = []
        while at < end:
            kind, size = struct.unpack_from("<II", self.blob, at)
            types.append(kind)
            at += size
        return tuple(types)

    def record(self, sample):
        """The record that belongs to a sample, or None."""
        return None if sample.cookie is None else self.records.get(self.key(sample.id, sample.cookie))

    def merged(self, sample):
        """A sample's chain with the guest's in its place, marks included."""
        record = self.record(sample)
        if sample.cookie is None:
            return sample.chain
        return sample.chain + (record.ips if record else ())


def is_guest_callchain(kind, misc):
    """Is a record of that type a guest's callchain?"""
    return kind == RECORD_EVENT_TYPE and misc & MISC_CPUMODE in GUEST_MODES


def field(path, name):
    """A reader of a tracepoint's field, by the kernel's description of it in the file."""
    offset, size = re.search(rf"\b{name};\s*offset:(\d+);\s*size:(\d+);",
                             path.read_text()).groups()
    kind = {"8": "<Q", "4": "<I"}[size]
    return lambda sample: struct.unpack_from(kind, sample.raw, int(offset))[0]


def guest_frames(ips):
    """Split a record's ips into kernel and user addresses, innermost first."""
    kernel, user, into = [], [], None
    for ip in ips:
        if ip == CONTEXT_GUEST_KERNEL:
            into = kernel
        elif ip == CONTEXT_GUEST_USER:
            into = user
        elif into is None:
            raise ValueError(f"address {ip:#x} without a context")
        else:
            into.append(ip)
    return kernel, user


def short_reasons(flags):
    return [name for bit, name in SHORT.items() if flags & bit]
