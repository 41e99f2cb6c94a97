# SPDX-License-Identifier: GPL-2.0
"""A recording made with the module for unpatched hosts: perf.data's samples, and the guests'
chains out of the module's tracepoint. What perfdata does by cookie is done here by the order on
a CPU: a chain is of the samples of the guest since the chain before it.
"""

import collections
import struct

import perfdata

TRACEPOINT = 2	# PERF_TYPE_TRACEPOINT

# In a chain's flags. In other code there may be a segment's base between the two addresses.
MODE, MODE_64 = 3, 3

# after the eight bytes that all tracepoints begin with
FIELDS = struct.Struct("<8xQQIIIIIHH")
Chain = collections.namedtuple("Chain", "ip root vcpu vmm flags samples nr offset size")


def parse(sample):
    """A tracepoint's fields, and its ips."""
    chain = Chain._make(FIELDS.unpack_from(sample.raw))
    if chain.size != 8 * chain.nr:
        raise ValueError(f"{chain.nr} ips in {chain.size} bytes")
    return chain, struct.unpack_from(f"<{chain.nr}Q", sample.raw, chain.offset)


class ModuleData(perfdata.PerfData):
    """samples: without the tracepoints, those of a guest with a cookie; records: the chains.
    strange: chains that are not of the samples before them, by what does not fit.
    chains: all there are, as (Chain, ips). after: samples of guests that were dropped, as they
    are behind the last chain on their CPU: perf had disabled the tracepoint.
    """

    def __init__(self, path):
        super().__init__(path)
        self.strange = collections.Counter()
        self.chains = []
        everything, self.samples = sorted(self.samples, key=lambda s: s.time), []
        waiting = collections.defaultdict(list)
        for sample in everything:
            if self.attrs[sample.event].type == TRACEPOINT:
                self._chain(sample, waiting.pop(sample.cpu, []))
            elif sample.cpumode in perfdata.GUEST_MODES:
                sample = sample._replace(cookie=len(self.samples) + 1)
                waiting[sample.cpu].append(sample)
                self.samples.append(sample)
            else:
                self.samples.append(sample)
        after = {s.cookie for samples in waiting.values() for s in samples}
        self.after = len(after)
        self.samples = [s for s in self.samples if s.cookie is None or s.cookie not in after]

    def _chain(self, at, samples):
        chain, ips = parse(at)
        self.chains.append((chain, ips))
        if len(samples) != chain.samples:
            self.strange[f"of {chain.samples} samples, behind {len(samples)}"] += 1
        elif {(s.ip, s.pid) for s in samples} != {(chain.ip, chain.vmm)}:
            self.strange["of another address or VMM"] += 1
        elif ips and chain.flags & MODE == MODE_64 and ips[1] != chain.ip:
            self.strange["that begin elsewhere"] += 1
        else:
            for s in samples:
                self.records[self.key(s.id, s.cookie)] = perfdata.Record(
                    s.id, s.cookie, chain.vcpu, chain.flags, chain.root, ips, (), s.pid, s.tid,
                    s.time)
