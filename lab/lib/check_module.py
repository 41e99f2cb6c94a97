#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check what the module for unpatched hosts says of guests whose call paths are known.

usage: check_module.py --plan		what the scenario runs: a name, and tinyvmm's arguments
       check_module.py PARTS DIR	PARTS has the guests' ELF files (build/lab/vmx)

DIR is a scenario's directory: perf.data has samples of cpu-clock and of the module's
tracepoint, script.txt what the distribution's perf prints of the latter, vmms.txt which
process ran which guest. Each tracepoint must be behind the samples of the guest that it says
it is of, on their CPU and at their address. The chains are judged as on VMX (../vmx/check.py).
"""

import collections
import pathlib
import re
import struct
import sys

sys.dont_write_bytecode = True     # nothing is built beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vmx"))

import check
import perfdata
import report
from scenarios import SCENARIOS

TRACEPOINT = 2	# PERF_TYPE_TRACEPOINT
SLOWER = 4	# than the host's kernel made for the lab

# after the eight bytes that all tracepoints begin with
FIELDS = struct.Struct("<8xQQIIIIIHH")
Chain = collections.namedtuple("Chain", "ip root vcpu vmm flags samples nr offset size")

# frames alone, of all the guest has, and no device
PLAN = [s for s in SCENARIOS
        if not (s.record or s.tracepoint or s.frames or s.events > 1 or "-d" in s.vmm)]


def plan():
    for s in PLAN:
        base = f"-b {s.base:#x}" if s.base else ""
        print(f"{s.name} -t {s.milliseconds * SLOWER} {s.vmm} {base} {s.elf} {s.number}")


def parse(sample):
    """A tracepoint's fields, and its ips."""
    chain = Chain._make(FIELDS.unpack_from(sample.raw))
    if chain.size != 8 * chain.nr:
        raise ValueError(f"{chain.nr} ips in {chain.size} bytes")
    return chain, struct.unpack_from(f"<{chain.nr}Q", sample.raw, chain.offset)


class Matched:
    """chains: (samples, flags, ips) by VMM; strange: what does not fit; alone: samples of a
    guest that have no chain; roots: the address spaces of each VMM."""

    def __init__(self, data):
        waiting = collections.defaultdict(list)
        self.chains, self.roots = collections.defaultdict(list), collections.defaultdict(set)
        self.printable, self.strange = collections.Counter(), 0
        for sample in sorted(data.samples, key=lambda s: s.time):
            if data.attrs[sample.event].type != TRACEPOINT:
                if sample.cpumode in perfdata.GUEST_MODES:
                    waiting[sample.cpu].append(sample)
                continue
            chain, ips = parse(sample)
            self.printable[ips] += 1
            mine = waiting.pop(sample.cpu, [])
            if len(mine) != chain.samples or {(s.ip, s.pid) for s in mine} != {(chain.ip, chain.vmm)}:
                self.strange += 1
                continue
            self.roots[chain.vmm].add(chain.root)
            self.chains[chain.vmm].append((chain.samples, chain.flags, list(ips)))
        self.alone = sum(map(len, waiting.values()))


def printed(path):
    """The ips that perf script prints of each tracepoint."""
    found = re.findall(r"guest_callchain:.* ips=\{([0-9a-fx, ]*)\}", path.read_text())
    return collections.Counter(tuple(int(ip, 16) for ip in re.findall("[0-9a-fx]+", ips))
                               for ips in found)


def main():
    if sys.argv[1:] == ["--plan"]:
        plan()
        return 0
    parts, directory = map(pathlib.Path, sys.argv[1:])
    matched = Matched(perfdata.PerfData(directory / "perf.data"))
    out = report.Report("lab-module")
    symbols = {elf: check.Symbols(parts / elf) for elf in ("guest64", "guest32")}
    vmms = {}
    for text in (directory / "vmms.txt").read_text().split("=== ")[1:]:
        lines = text.splitlines()
        pid, name = lines[0].split()
        vmms[name] = int(pid), check.Run(lines[1:])
    for s in PLAN:
        pid, run = vmms.get(s.name, (0, check.Run([])))
        verdict = check.Check(s, symbols[s.elf], run)
        for chain in matched.chains[pid]:
            verdict.chain(*chain)
        verdict.tables()
        verdict.need(verdict.in_leaf, "no sample in the leaf")
        verdict.need(len(matched.roots[pid]) == 1, "the address-space root is missing or changes")
        out.test(not verdict.errors, s.name, f"{verdict.right} right, {verdict.wrong} wrong, "
                 f"{verdict.apart} apart", *verdict.errors[:5])
    total = sum(matched.printable.values())
    out.test(not matched.strange and not matched.alone, "each of its samples",
             f"{total} chains, {matched.strange} not of the samples before them, "
             f"{matched.alone} samples without")
    out.test(total and matched.printable == printed(directory / "script.txt"),
             "printed by the distribution's perf")
    return out.failed


if __name__ == "__main__":
    sys.exit(main())
