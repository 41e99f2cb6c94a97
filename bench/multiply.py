#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make a large guest recording of a small one, and the host recording like it.

usage: multiply.py RECORDING SAMPLES GUEST HOST

RECORDING is what perf kvm --guest record -g wrote. Its samples of the guest and
their PERF_RECORD_GUEST_CALLCHAIN are repeated, with new cookies and with times
that go on rising, until GUEST has SAMPLES of them. The order of the records and
the places of the FINISHED_ROUND ones stay as recorded: perf sorts and holds
back as much as it would for a recording of that length. Other records come
once. Left out are samples of the host, which a report of the guest hides.

HOST is for a perf that knows nothing of guest callchains: what it would have
recorded had the guest been the host. Same samples, times, threads and events,
but each with its guest's frames as its own callchain, and the guest kernel's
MMAP records as those of the host's kernel. With --kallsyms= of the guest all
addresses have the symbols they have in GUEST.
"""

import array
import itertools
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab/lib"))
import perfdata

RECORD_MMAP, RECORD_MMAP2, RECORD_FINISHED_ROUND = 1, 10, 68
MISC_KERNEL, MISC_USER = 1, 2
HOST_MODE = {perfdata.MISC_GUEST_KERNEL: MISC_KERNEL, perfdata.MISC_GUEST_USER: MISC_USER}
HOST_CONTEXT = {perfdata.CONTEXT_GUEST_KERNEL: (1 << 64) - 128,
                perfdata.CONTEXT_GUEST_USER: (1 << 64) - 512}

# Of perf_event_attr's flags: exclude_host, and the two that are ours
EXCLUDE_HOST, STACK_WORDS, GUEST_CALLCHAIN = 1 << 19, 1 << 62, 1 << 63
ATTR_FLAGS_AT = 40

SECTIONS = 0x10		# PERF_GUEST_CALLCHAIN_SECTIONS
# Of the header's sections two would be wrong in a copy: build-ids (of guests), sample times
FEATURES_AT, FEATURE_BUILD_ID, FEATURE_SAMPLE_TIME = 72, 2, 21

# Samples of a guest that a recording needs for its mix of stacks to be a real one
ENOUGH = 500

# Words before the callchain, and of the sample_id behind other records
SAMPLE_WORDS = (perfdata.IDENTIFIER, perfdata.IP, perfdata.TID, perfdata.TIME, perfdata.ADDR,
                perfdata.ID, perfdata.STREAM_ID, perfdata.CPU, perfdata.PERIOD)
ID_WORDS = (perfdata.TID, perfdata.TIME, perfdata.ID, perfdata.STREAM_ID, perfdata.CPU,
            perfdata.IDENTIFIER)


def words_before(sample_type, bit, order):
    return sum(bool(sample_type & b) for b in order[:order.index(bit)])


class Block:
    """Records to be repeated, as words, and which of these change each time."""

    def __init__(self):
        self.words = array.array("Q")
        self.times = []		# (index of the word, time as recorded)
        self.cookies = []	# (index of the word, number of the cookie in the block)

    def add(self, record, time_at, cookie_at=None, cookie=None):
        start = len(self.words)
        self.words.frombytes(record)
        self.times.append((start + time_at,
                           struct.unpack_from("<Q", record, 8 * time_at)[0]))
        if cookie_at is not None:
            self.cookies.append((start + cookie_at, cookie))

    def add_plain(self, record):
        self.words.frombytes(record)

    def repeat(self, time, cookie):
        for at, first in self.times:
            self.words[at] = first + time
        for at, number in self.cookies:
            self.words[at] = cookie + number
        return self.words


class Multiplier:
    def __init__(self, path):
        self.data = perfdata.PerfData(path)
        self.blob = self.data.blob
        self.once = {"guest": [], "host": []}
        self.seen, self.cookie_numbers = 0, {}
        header = struct.unpack_from("<8Q", self.blob, 8)
        self.attr_size, self.attrs_at, self.attrs_len, self.at, self.len = header[1:6]
        # sample_id is alike in all events: perf could not read the others' records else
        self.id_type = self.data.attrs[0].sample_type
        self.wanted = self._wanted()
        self.pids = {self.data.samples[n].pid for n in self.wanted}
        self.step = self._duration()

    def _wanted(self):
        """The guest's samples that have a record, by their place in the file."""
        wanted = {}
        for n, sample in enumerate(self.data.samples):
            record = self.data.record(sample)
            if sample.cpumode not in HOST_MODE or record is None:
                continue
            if record.flags & (SECTIONS | perfdata.NESTED) or not record.ips:
                raise ValueError("stack words, nested or empty chains: not for this")
            if record.ips[0] not in HOST_CONTEXT:
                raise ValueError("a chain without a context in front")
            wanted[n] = record
        if len(wanted) < ENOUGH:
            raise ValueError(f"only {len(wanted)} samples of a guest with callchains")
        if not all(attr.sample_type & perfdata.IDENTIFIER for attr in self.data.attrs):
            raise ValueError("events without PERF_SAMPLE_IDENTIFIER: not for this")
        return wanted

    def _duration(self):
        times = [sample.time for sample in self.data.samples]
        return max(times) - min(times) + 1000000

    def records(self):
        at = self.at
        while at < self.at + self.len:
            kind, misc, size = struct.unpack_from("<IHH", self.blob, at)
            yield kind, misc, self.blob[at:at + size]
            at += size

    def cookie(self, ident, cookie):
        return self.cookie_numbers.setdefault((ident, cookie), len(self.cookie_numbers))

    def blocks(self, limit):
        """The guest's and the host's block, with the first @limit samples."""
        guest, host, kept, taken = Block(), Block(), set(), 0
        numbers = itertools.count()
        self.once = {"guest": [], "host": []}
        for kind, misc, raw in self.records():
            if kind == perfdata.RECORD_SAMPLE:
                n = next(numbers)
                if n in self.wanted and taken < limit:
                    self._sample(guest, host, self.data.samples[n], raw, misc)
                    kept.add((self.wanted[n].id, self.wanted[n].cookie))
                    taken += 1
            elif perfdata.is_guest_callchain(kind, misc):
                self._callchain(guest, raw, kept)
            elif kind == RECORD_FINISHED_ROUND:
                guest.add_plain(raw)
                host.add_plain(raw)
            else:
                self.once["guest"].append(raw)
                self.once["host"].append(self._host_record(kind, misc, raw))
        return guest, host

    def _sample(self, guest, host, sample, raw, misc):
        sample_type = self.data.attrs[sample.event].sample_type
        time_at = 1 + words_before(sample_type, perfdata.TIME, SAMPLE_WORDS)
        chain_at = 1 + sum(bool(sample_type & bit) for bit in SAMPLE_WORDS)
        cookie_at = len(raw) // 8 - 1
        guest.add(raw, time_at, cookie_at, self.cookie(sample.id, sample.cookie))

        chain = [HOST_CONTEXT.get(ip, ip) for ip in self.data.merged(sample)]
        rest = raw[8 * (chain_at + 1 + len(sample.chain)):-16]
        body = raw[8:8 * chain_at] + struct.pack(f"<{len(chain) + 1}Q", len(chain), *chain) + rest
        misc = misc & ~perfdata.MISC_CPUMODE | HOST_MODE[sample.cpumode]
        host.add(struct.pack("<IHH", perfdata.RECORD_SAMPLE, misc, 8 + len(body)) + body, time_at)

    def _callchain(self, guest, raw, kept):
        cookie = struct.unpack_from("<Q", raw, 8)[0]
        ident = struct.unpack_from("<Q", raw, len(raw) - 8)[0]
        if (ident, cookie) not in kept:
            return
        id_at = (len(raw) - self._id_size()) // 8
        time_at = id_at + words_before(self.id_type, perfdata.TIME, ID_WORDS)
        guest.add(raw, time_at, 1, self.cookie(ident, cookie))

    def _id_size(self):
        return 8 * sum(bool(self.id_type & bit) for bit in ID_WORDS)

    def _host_record(self, kind, misc, raw):
        """The guest kernel's and its modules' MMAP in place of the host's. Programs in
        the guest have no names: the VMM's files must not lend them any."""
        mode = misc & perfdata.MISC_CPUMODE
        if kind not in (RECORD_MMAP, RECORD_MMAP2):
            return raw
        if mode != perfdata.MISC_GUEST_KERNEL:
            pid = struct.unpack_from("<I", raw, 8)[0]
            return b"" if mode == MISC_KERNEL or pid in self.pids else raw
        id_at = len(raw) - self._id_size()
        name = raw[40:id_at].split(b"\0")[0]
        if name.startswith(b"[guest.kernel.kallsyms"):
            name = b"[kernel.kallsyms]" + name[name.index(b"]") + 1:]
        name += b"\0" * (8 - len(name) % 8)
        body = struct.pack("<iI", -1, 0) + raw[16:40] + name + raw[id_at:]
        misc = misc & ~perfdata.MISC_CPUMODE | MISC_KERNEL
        return struct.pack("<IHH", kind, misc, 8 + len(body)) + body

    def _head(self, host):
        """Everything in front of the data, for a host without what is ours."""
        head = bytearray(self.blob[:self.at])
        for n in range(self.attrs_len // self.attr_size if host else 0):
            at = self.attrs_at + n * self.attr_size + ATTR_FLAGS_AT
            flags = struct.unpack_from("<Q", head, at)[0]
            struct.pack_into("<Q", head, at,
                             flags & ~(EXCLUDE_HOST | STACK_WORDS | GUEST_CALLCHAIN))
        return head

    def _features(self, data_end, drop):
        """Bitmap and sections of the header, as they are behind @data_end."""
        bits = int.from_bytes(self.blob[FEATURES_AT:FEATURES_AT + 32], "little")
        old_table, sections = self.at + self.len, []
        for bit in (b for b in range(256) if bits >> b & 1):
            at, size = struct.unpack_from("<QQ", self.blob, old_table)
            old_table += 16
            if bit not in drop:
                sections.append((bit, self.blob[at:at + size]))
        at, table, body = data_end + 16 * len(sections), b"", b""
        for _, section in sections:
            table += struct.pack("<QQ", at + len(body), len(section))
            body += section
        return sum(1 << bit for bit, _ in sections).to_bytes(32, "little"), table + body

    def _write(self, path, host, chunks):
        with open(path, "wb") as f:
            head = self._head(host)
            f.write(head)
            for chunk in chunks:
                f.write(chunk)
            end = f.tell()
            drop = {FEATURE_SAMPLE_TIME} | ({FEATURE_BUILD_ID} if host else set())
            bitmap, features = self._features(end, drop)
            f.write(features)
            head[FEATURES_AT:FEATURES_AT + 32] = bitmap
            struct.pack_into("<Q", head, 48, end - self.at)
            f.seek(0)
            f.write(head)
            return end

    def write(self, samples, guest_path, host_path):
        """Write both; return what is in them."""
        full, rest = divmod(samples, len(self.wanted))
        blocks = self.blocks(len(self.wanted)), self.blocks(rest)
        cookies = len(self.cookie_numbers)

        def chunks(which):
            yield from self.once[("guest", "host")[which]]
            for n in range(full + bool(rest)):
                block = blocks[n == full][which]
                yield block.repeat(n * self.step, 1 + n * cookies)

        sizes = [self._write(guest_path, False, chunks(0)),
                 self._write(host_path, True, chunks(1))]
        lengths = [sum(ip < perfdata.CONTEXT_MAX for ip in record.ips)
                   for record in self.wanted.values()]
        return {"samples": samples, "frames": full * sum(lengths) + sum(lengths[:rest]),
                "guest_bytes": sizes[0], "host_bytes": sizes[1]}


def main():
    if len(sys.argv) != 5:
        print(__doc__.split("\n\n")[1])
        return 2
    recording, samples, guest, host = sys.argv[1:]
    try:
        made = Multiplier(recording).write(int(samples), guest, host)
    except ValueError as error:
        print(f"{recording}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
