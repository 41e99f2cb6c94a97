#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge the chains that perf shows of a guest whose kernel has no frame pointers.

usage: check_orc.py DIR

DIR is a scenario's directory: chains.txt ("perf script --ns -F comm,tid,time,ip,sym"),
perf.data.guest, guestmount/PID, and self.txt.gz, the guest's own perf record -g of the
same time ("perf script -F comm,ip"). Writes DIR/summary.json, prints test lines.

What is right is known from the guest's kallsyms, from its kernel's and modules' code
(guestcode.py), from guestwork's paths, and from the guest's own unwinder, whose chains
have to pass the same tests: else it is these that are wrong.
"""

import collections
import gzip
import json
import pathlib
import random
import re
import sys

import check
import guestcode
import perfdata
from report import Report
import symbols

# Where the kernel was entered from user mode, and where its own tasks begin
SYSCALL = re.compile("entry_SYSCALL_64_after_hwframe|entry_(INT80|SYSENTER|SYSCALL)_compat|"
                     "asm_int80_")
TASK = re.compile("ret_from_fork|secondary_startup_64|common_startup_64")
# The last two are called by these, but have tables that pass over their caller
EXCEPTION = re.compile("asm_(exc|sysvec|common_interrupt|spurious|load_gs)|(error|paranoid)_entry|"
                       "__irqentry_text_start|(irq|spurious)_entries_start")	# the vectors' stubs
INTERRUPT = re.compile("asm_(sysvec_|common_interrupt)")
# The guest's clock goes on while the host does what it wanted there, ours does not
LEAVES_GUEST = {"iowrite16", "vp_notify", "vp_notify_with_data", "native_write_msr",
                "native_read_msr"}
SOFTIRQ = ("handle_softirqs", "__do_softirq")
RETURN_THUNK = re.compile("\\w+_(return_thunk|safe_ret)$")
FALSE = ("no code", "no call", "other function")

# The task's stack is not yet that of the address space
SWITCHING = {"switch_mm_irqs_off", "__switch_to_asm", "__switch_to", "__schedule"}

# The load by the names of the guest's processes, see guest/load.sh
LOAD = {"web": "nginx", "redis": "redis|bio_aof", "files": "tar|dd|cp|rm|sync|mkdir|load|jbd2",
        "guestwork": "guestwork$", "guestwork32": "guestwork32"}

# moment: thread and time, as two CPUs may have samples of the same nanosecond
Chain = collections.namedtuple("Chain", "moment comm kernel user symbols")


def chain(moment, comm, frames):
    """From (address, symbol), innermost first: the kernel's part is before the user's"""
    nr = next((n for n, (address, _) in enumerate(frames) if address < guestcode.KERNEL_HALF),
              len(frames))
    addresses = [address for address, _ in frames]
    return Chain(moment, comm, addresses[:nr], addresses[nr:],
                 [symbol for _, symbol in frames[:nr]])


def read_script(file):
    """perf script's text: a line for each sample, then one for each frame"""
    head, frames = None, []
    for line in file:
        fields = line.split()
        if line[:1].isspace() and head is not None and fields:
            frames.append((int(fields[0], 16), fields[1] if len(fields) > 1 else ""))
        elif fields:
            if head is not None:
                yield chain(*head, frames)
            found = re.search(r"\s(\d+)\s+(\d+)\.(\d{9}):(?:\s+([0-9a-f]+)\s*(\S*))?", line)
            moment = (int(found[1]), int(found[2]) * 10**9 + int(found[3])) if found else None
            head = (moment, fields[0])
            frames = [(int(found[4], 16), found[5])] if found and found[4] else []
    if head is not None:
        yield chain(*head, frames)


class Judge:
    def __init__(self, code):
        self.code, self.functions = code, code.functions
        self.entry = range(self.functions.globals["__entry_text_start"],
                           self.functions.globals["__entry_text_end"])

    def is_named(self, address, pattern):
        start = self.functions.start(address)
        return any(pattern.match(name) for name in self.functions.names.get(start, ()))

    def interrupted(self, kernel, n):
        """Is frame n not a return address, but where an exception came? Code at the
        edges of the entries, where the innermost frame may be, is called by no one."""
        if n == 0 or self.is_named(kernel[n - 1], EXCEPTION):
            return True
        return n == 1 and kernel[0] in self.entry and not self.is_named(kernel[0], SYSCALL) and \
            self.code.judge(self.functions.start(kernel[0]), kernel[1]) in FALSE

    def names(self, kernel):
        """Innermost first. A call may be the last instruction of its function."""
        return [self.functions.name(address - (not self.interrupted(kernel, n)))
                for n, address in enumerate(kernel)]

    def ends_at_root(self, kernel, user):
        last = kernel[-1]
        if self.is_named(last, TASK):
            return True
        return bool(user) and (last in self.entry or self.is_named(last, SYSCALL) or
                               self.is_named(last, EXCEPTION))

    def frames(self, kernel):
        """What each frame but the first is, see Code.judge()"""
        for n in range(1, len(kernel)):
            if self.interrupted(kernel, n):
                yield "interrupted" if self.code.read(kernel[n], 1) else "no code"
            elif n == len(kernel) - 1 and self.is_named(kernel[n], TASK):
                yield "root"	# one of them was pushed, not called
            else:
                callee = self.functions.start(kernel[n - 1] - (not self.interrupted(kernel, n - 1)))
                kind = self.code.judge(callee, kernel[n])
                # A retpoline returns to the function that it calls
                if kind == "no call" and self.is_named(callee, RETURN_THUNK):
                    kind = "retpoline"
                yield kind


def judge_chains(judge, chains):
    """Roots and frames of kernel chains: counts, and the worst of what is wrong"""
    count, kinds = collections.Counter(), collections.Counter()
    short, false = collections.Counter(), collections.Counter()
    for c in chains:
        count["kernel"] += 1
        names = judge.names(c.kernel)
        if judge.ends_at_root(c.kernel, c.user):
            count["rooted"] += 1
        else:
            short[" < ".join(names[:3] + ["..."] + names[-2:])] += 1
        wrong = False
        for n, kind in enumerate(judge.frames(c.kernel)):
            kinds[kind] += 1
            if kind in FALSE:
                wrong = True
                false[f"{kind}: {names[n]} < {names[n + 1]}"] += 1
        count["with_false_frame"] += wrong
        count["frames"] += len(c.kernel)
    return count, kinds, short, false


class Program:
    """One of the programs whose paths are known, and the address spaces it ran in"""

    def __init__(self, binary, records):
        self.table = symbols.program(binary)
        self.text = range(self.table.addresses[0], self.table.addresses[-1] + 4096)
        spans = check.Program(self, records)
        self.ran = spans.ran

    def at_bottom(self, user):
        return [self.table.name(a - 1) for a in user[-2:]] == ["main", "_start"]


def judge_program(judge, program, chains, records):
    """Kernel samples on a program's behalf that go on into its frames, down to main"""
    count, broken = collections.Counter(), collections.Counter()
    for c in chains:
        if not program.ran(records[c.moment]):
            continue
        names = judge.names(c.kernel)
        if not c.user and judge.is_named(c.kernel[-1], TASK) or SWITCHING & set(names[:2]) or \
           "switch_mm_irqs_off" in names:
            continue
        if len(c.kernel) == 1 and c.kernel[0] in judge.entry:
            count["at_entry"] += 1
            continue
        count["kernel"] += 1
        if program.at_bottom(c.user):
            count["through"] += 1
        else:
            broken[" < ".join(names[:3] + ["..."] + names[-1:] +
                              [f"{a:x}" for a in c.user[:2]])] += 1
    return count, broken


def path(judge, kernel):
    """A chain as a path from its root, without the innermost two, at which the two sides'
    interrupts differ. The guest cannot sample what runs with interrupts off, so it is the
    path of what was interrupted; soft interrupts are a path of their own."""
    names = judge.names(kernel)[::-1]
    # more than once, as soft interrupts are interrupted, too
    while entries := [n for n, name in enumerate(names) if INTERRUPT.match(name)]:
        soft = [n for n, name in enumerate(names) if n > entries[-1] and name in SOFTIRQ]
        if soft:
            names = names[soft[0]:]
            break
        names = names[:entries[-1]]
    return [] if "do_idle" in names or LEAVES_GUEST & set(names[-1:]) else names[:-2]


def profile(judge, chains):
    """Number of samples by each path, and by each path's beginnings"""
    count, total = collections.Counter(), 0
    for c in chains:
        names = path(judge, c.kernel)
        total += bool(names)
        for n in range(1, len(names) + 1):
            count[" > ".join(names[:n])] += 1
    return count, total


def missing(one, nr_one, other, nr_other):
    """Paths of one side that the other has not: 2 %, and so many that a dozen are
    to be expected there"""
    least = max(0.02, 12 / max(nr_other, 1)) * nr_one
    return {p: n for p, n in one.items() if n >= least and not other[p]}


class ShareReport(Report):
    def share(self, name, part, whole, least, text, wrong=()):
        percent = check.share(part, whole)
        self.test(whole >= 50 and percent >= least, name,
                  f"{text}: {percent:.2f} % of {whole}, wanted {least} %",
                  *(f"    {n:5} {what}" for what, n in list(wrong)[:8]))
        return round(percent, 2)


def report_chains(report, judge, chains, prefix, summary):
    """The kernel's own unwinder has no tables for retpolines: some of its chains are short"""
    count, kinds, short, false = judge_chains(judge, chains)
    frames_each = count["frames"] / max(1, count["kernel"])
    summary[f"{prefix}root_percent"] = report.share(
        f"{prefix}roots", count["rooted"], count["kernel"], 95 if prefix else 98,
        f"kernel chains that end at a root, of {frames_each:.1f} frames",
        short.most_common())
    wrong = sum(kinds[kind] for kind in FALSE)
    returns = sum(kinds.values()) - kinds["interrupted"] - kinds["root"]
    # the guest's own may be at the same time as what is read of its code
    allowed = max(1, 0.001 * count["kernel"]) if prefix else 0
    report.test(returns >= 500 and count["with_false_frame"] <= allowed,
                f"{prefix}frames",
                f"chains with a false frame: {count['with_false_frame']} of {count['kernel']}; "
                f"frames: {dict(kinds.most_common())}",
                *(f"    {n:5} {what}" for what, n in false.most_common(8)))
    report.test(not kinds["patched"] and kinds["retpoline"] <= 0.005 * count["kernel"],
                f"{prefix}not-judged",
                f"return addresses where the kernel changes its code: {kinds['patched']}, wanted 0; "
                f"in a retpoline: {kinds['retpoline']} of {count['kernel']} chains, at most 0.5 %")
    summary.update({f"{prefix}{k}": v for k, v in count.items()})
    summary[f"{prefix}frame_kinds"] = dict(kinds)
    summary[f"{prefix}false"] = wrong
    summary[f"{prefix}short"] = dict(short.most_common(20))
    summary[f"{prefix}false_frames"] = dict(false.most_common(20))


def spoil(judge, kernel, how, others, rand):
    """A chain with one frame wrong, or None if that makes no difference"""
    n = rand.randrange(1, len(kernel) - 1)
    if how == "dropped":
        return kernel[:n] + kernel[n + 1:] if kernel[n] != kernel[n + 1] else None
    start, code = rand.choice(judge.code.regions)
    address = rand.choice(others) if how == "another caller" else \
        start + rand.randrange(len(code))
    return kernel[:n] + [address] + kernel[n + 1:] if address != kernel[n] else None


def report_power(report, judge, chains, summary):
    """What would be found: right chains, each spoilt in one place"""
    rand = random.Random(1)
    kernels = [list(c.kernel) for c in chains if len(c.kernel) >= 5]
    others = [address for kernel in kernels for address in kernel[1:]]
    found = {}
    for how, least in (("another caller", 85), ("other text", 95), ("dropped", 55)):
        spoilt = list(filter(None, (spoil(judge, k, how, others, rand) for k in kernels)))
        seen = sum(any(kind in FALSE for kind in judge.frames(k)) for k in spoilt)
        found[how] = report.share(f"finds-{how.replace(' ', '-')}", seen, len(spoilt), least,
                                  f"chains with one address wrong ({how}) that are found so")
    summary["finds_percent"] = found


def report_symbols(report, judge, chains, summary):
    right, wrong = 0, collections.Counter()
    for c in chains:
        for n, (address, symbol) in enumerate(zip(c.kernel, c.symbols)):
            names = judge.functions.names[judge.functions.start(address)]
            before = judge.functions.names[judge.functions.start(address - 1)] if n else ()
            if symbol in names or symbol in before:
                right += 1
            else:
                wrong[f"{symbol}, not {names}"] += 1
    summary["symbol_percent"] = report.share(
        "symbols", right, right + sum(wrong.values()), 99,
        "kernel and module frames with the name that the guest has for them", wrong.most_common())


def report_modules(report, judge, chains, summary):
    found = collections.Counter()
    for c in chains:
        found.update({judge.functions.module[judge.functions.start(a)]
                      for a in c.kernel if judge.functions.start(a)} - {""})
    summary["modules"] = dict(found.most_common())
    least = {"virtio_net": found["virtio_net"], "ext4": found["ext4"],
             "nf_tables or nft_*": sum(n for m, n in found.items()
                                       if m.startswith(("nf_tables", "nft_")))}
    report.test(min(least.values()) >= 10, "modules",
                "chains with a module's frames: " +
                ", ".join(f"{m} {n}" for m, n in found.most_common(14)))


def report_load(report, own, summary):
    """Which process a sample is of is what only the guest knows: by its own samples"""
    count = collections.Counter()
    for c in own:
        count[next((part for part, names in LOAD.items() if re.match(names, c.comm)), "other")] += 1
    busy = sum(count.values()) - sum(c.comm == "swapper" for c in own)
    shares = {part: round(check.share(count[part], busy), 1) for part in LOAD}
    summary["load_percent"] = shares
    report.test(min(shares[part] for part in LOAD) >= 5, "load",
                f"parts of the load, in % of the guest's own samples: {shares}")


def report_paths(report, judge, ours, own, summary):
    our_paths, our_nr = profile(judge, ours)
    own_paths, own_nr = profile(judge, own)
    only_ours = missing(our_paths, our_nr, own_paths, own_nr)
    only_own = missing(own_paths, own_nr, our_paths, our_nr)
    report.test(min(our_nr, own_nr) >= 200 and not only_ours and not only_own, "self-paths",
                f"kernel samples compared: {our_nr} of ours, {own_nr} of the guest's own",
                f"least share: {100 * max(0.02, 12 / max(own_nr, 1)):.1f} % of ours, "
                f"{100 * max(0.02, 12 / max(our_nr, 1)):.1f} % of its own",
                *(f"    only ours: {n:5} {p}" for p, n in list(only_ours.items())[:6]),
                *(f"    only its own: {n:5} {p}" for p, n in list(only_own.items())[:6]))
    summary.update(our_paths=our_nr, own_paths=own_nr, only_ours=only_ours, only_own=only_own)


def main():
    directory = pathlib.Path(sys.argv[1])
    files = next((directory / "guestmount").iterdir())
    release = (directory / "release").read_text().strip()
    report = ShareReport(f"lab-debian-{'.'.join(release.split('.')[:2])}")
    code = guestcode.Code(files)
    judge = Judge(code)

    data = perfdata.PerfData(directory / "perf.data.guest")
    guest = {(s.tid, s.time): s.cpumode for s in data.samples
             if s.cpumode in (perfdata.MISC_GUEST_KERNEL, perfdata.MISC_GUEST_USER)}
    records = {(s.tid, s.time): data.record(s) for s in data.samples if data.record(s)}
    with open(directory / "chains.txt", encoding="utf-8", errors="replace") as f:
        shown = [c for c in read_script(f) if c.moment in guest]
    ours = [c for c in shown if guest[c.moment] == perfdata.MISC_GUEST_KERNEL and c.kernel]
    with gzip.open(directory / "self.txt.gz", "rt", errors="replace") as f:
        own = list(read_script(f))
    own_kernel = [c for c in own if c.kernel]

    summary = {"release": release, "guest_samples": len(guest), "shown": len(shown),
               "kernel_samples": sum(m == perfdata.MISC_GUEST_KERNEL for m in guest.values()),
               "own_samples": len(own), "lost": data.lost}
    report.test(len(ours) >= 500 and len(ours) == summary["kernel_samples"] and
                len(own_kernel) >= 200 and not code.without_file, "samples",
                f"{release}: {len(guest)} guest samples, {summary['kernel_samples']} of its "
                f"kernel, {len(ours)} of these shown with it; {len(own)} of the guest's own, "
                f"{len(own_kernel)} of its kernel; modules without a file: {code.without_file}")
    report_load(report, own, summary)
    report_chains(report, judge, ours, "", summary)
    report_chains(report, judge, own_kernel, "self-", summary)
    report_power(report, judge, ours, summary)
    report_symbols(report, judge, ours, summary)
    with_record = [c for c in ours if c.moment in records]
    for name in ("guestwork", "guestwork32"):
        program = Program(files / "usr/local/bin" / name, records.values())
        count, broken = judge_program(judge, program, with_record, records)
        summary[f"{name}_kernel"] = dict(count)
        summary[f"{name}_through_percent"] = report.share(
            f"{name}-to-main", count["through"], count["kernel"], 98,
            f"{name}'s kernel samples that go on down to its main "
            f"({count['at_entry']} more in entry code)", broken.most_common())
    report_modules(report, judge, ours, summary)
    report_paths(report, judge, ours, own_kernel, summary)
    (directory / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    return report.failed


if __name__ == "__main__":
    sys.exit(main())
