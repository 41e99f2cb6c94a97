#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check what the module for unpatched hosts says of guests whose call paths are known.

usage: check_module.py --plan		what the scenario runs: a name, and tinyvmm's arguments
       check_module.py PARTS DIR	PARTS has the guests' ELF files (build/lab/vmx)

DIR is a scenario's directory: perf.data has samples of cpu-clock and of the module's
tracepoint, script.txt what the distribution's perf prints of the latter, vmms.txt which
process ran which guest; callchain.data has what perf kvm-callchain recorded, chains.txt and
report.txt what it shows of that. Each tracepoint must be behind the samples of the guest that it says
it is of, on their CPU and at their address. The chains are judged as on VMX (../vmx/check.py).
"""

import collections
import pathlib
import re
import sys

sys.dont_write_bytecode = True     # nothing is built beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vmx"))

import check
import moduledata
import perfdata
import report
import scriptdata
from scenarios import SCENARIOS

SLOWER = 4	# than the host's kernel made for the lab

# frames alone, of all the guest has, and no device
PLAN = [s for s in SCENARIOS
        if not (s.record or s.tracepoint or s.frames or s.events > 1 or "-d" in s.vmm)]


def plan():
    for s in PLAN:
        base = f"-b {s.base:#x}" if s.base else ""
        print(f"{s.name} -t {s.milliseconds * SLOWER} {s.vmm} {base} {s.elf} {s.number}")


def by_vmm(data):
    """The chains, as (samples, flags, ips), and the address spaces of each VMM's guest."""
    chains, roots = collections.defaultdict(list), collections.defaultdict(set)
    for record in filter(None, map(data.record, data.samples)):
        chains[record.pid].append((1, record.flags, list(record.ips)))
        roots[record.pid].add(record.root)
    return chains, roots


def printed(path):
    """The ips that perf script prints of each tracepoint."""
    found = re.findall(r"guest_callchain:.* ips=([0-9 ]*)$", path.read_text(), re.MULTILINE)
    return collections.Counter(tuple(map(int, ips.split())) for ips in found)


def check_callchains(directory, out):
    """perf kvm-callchain has put the tracepoint's chains into the samples, of the first and the
    last one, too."""
    data = moduledata.ModuleData(directory / "callchain.data")
    of_guests = [s for s in data.samples if s.cpumode in perfdata.GUEST_MODES]
    alone = sum(not data.record(s) for s in of_guests) + data.after
    other = scriptdata.mismatches(data, directory / "chains.txt")
    out.test(len(of_guests) >= 100 and not other and not alone and not data.lost,
             "kvm-callchain-shows-the-tracepoints-chains",
             f"{len(of_guests)} samples of guests, {alone} without a chain, {other} with another one; "
             f"{data.lost} lost")
    shown = (directory / "report.txt").read_text()
    out.test(re.search(r"^ +---0x[0-9a-f]+\n( +0x[0-9a-f]+\n){3}", shown, re.MULTILINE),
             "kvm-callchain-reports-them")


def main():
    if sys.argv[1:] == ["--plan"]:
        plan()
        return 0
    parts, directory = map(pathlib.Path, sys.argv[1:])
    data = moduledata.ModuleData(directory / "perf.data")
    chains, roots = by_vmm(data)
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
        for chain in chains[pid]:
            verdict.chain(*chain)
        verdict.tables()
        verdict.need(verdict.in_leaf, "no sample in the leaf")
        verdict.need(len(roots[pid]) == 1, "the address-space root is missing or changes")
        out.test(not verdict.errors, s.name, f"{verdict.right} right, {verdict.wrong} wrong, "
                 f"{verdict.apart} apart", *verdict.errors[:5])
    of_guests = [s for s in data.samples if s.cpumode in perfdata.GUEST_MODES]
    alone = sum(not data.record(s) for s in of_guests)
    out.test(not data.strange and not alone and not data.lost, "each-sample-has-its-chain",
             f"{len(of_guests)} samples of guests, {alone} without a chain; {data.lost} lost",
             *(f"{n} chains {what}" for what, n in data.strange.items()))
    ips = collections.Counter(ips for _, ips in data.chains)
    out.test(ips and ips == printed(directory / "script.txt"), "printed-by-the-distributions-perf")
    check_callchains(directory, out)
    return out.failed


if __name__ == "__main__":
    sys.exit(main())
