# SPDX-License-Identifier: GPL-2.0
"""The chains that perf script prints with -F time,ip, beside those of the recording."""

import collections

import perfdata


def read_script(path):
    """The chains perf script printed with -F time,ip: a list of (time, addresses)."""
    chains = []
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            if ":" in line:
                head, _, flat = line.partition(": ")
                sec, _, nsec = head.strip().partition(".")
                chains.append((int(sec) * 10**9 + int(nsec), [int(a, 16) for a in flat.split()]))
            elif line.strip():
                chains[-1][1].append(int(line, 16))
    return chains


def mismatches(data, path):
    """Number of chains perf shows that are not those in the file."""
    def plain(sample):
        merged = data.merged(sample)
        marks = {a for a in merged if a >= perfdata.CONTEXT_MAX}
        # A process of the host without frame pointers has anything for a frame. perf takes
        # what would be a context mark, and is none, for a sign of a damaged file.
        if sample.cookie is None and not marks <= perfdata.CONTEXTS:
            return []
        return [a for a in merged if a < perfdata.CONTEXT_MAX] or [sample.ip]

    want = collections.Counter((s.time, tuple(plain(s))) for s in data.samples)
    got = collections.Counter((t, tuple(a)) for t, a in read_script(path))
    return sum(((want - got) + (got - want)).values())
