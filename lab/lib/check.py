#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare the guest callchains of a recording with what is known of them.

usage: check.py DIR [PERF.DATA] [--depth N] [--program guestwork|guestwork32] [--module]

DIR is a scenario's directory: perf.data.guest, guestmount/PID (the guest's
kallsyms and programs), and, where they are there, chains.txt (perf script's
chains, which must be those of the file) and counters.txt (the kernel's). Writes
DIR/summary.json and prints the figures that have targets. Debian's programs, as sshd, have no
frame pointers: samples of their code count apart (other_programs). With --module the chains are
those of the module for unpatched hosts, out of its tracepoint.

The program's stacks are known by construction (see guest/guestwork.c): a sample
in a leaf must show step_1 to step_N, work, main and _start, in this order, and
nothing else. Whether a kernel sample was taken on behalf of the program is told
by the address space in its record, not by its chain.
"""

import argparse
import collections
import json
import pathlib
import sys

import moduledata
import perfdata
import scriptdata
import symbols

USER_LEAVES = ("leaf_add", "leaf_shift", "leaf_memory", "leaf_read", "leaf_write", "leaf_pipe",
               "leaf_getpid", "leaf_module_read", "leaf_module_ioctl")
MODULE_PATHS = {
    "gw_leaf_mix": ["gw_read_inner", "gw_read_outer", "gw_read"],
    "gw_leaf_sum": ["gw_ioctl_inner", "gw_ioctl_middle", "gw_ioctl_outer", "gw_ioctl"],
}
MODULE_CALLERS = {"gw_leaf_mix": "leaf_module_read", "gw_leaf_sum": "leaf_module_ioctl"}

# Where a kernel stack without user frames begins: idle tasks and kernel threads,
# which run on the address space of whoever ran before.
KERNEL_ROOTS = {"ret_from_fork_asm", "ret_from_fork", "secondary_startup_64",
                "secondary_startup_64_no_verify", "cpu_startup_entry"}


class Guest:
    """What is known of the guest's code."""

    def __init__(self, directory, program, depth):
        mounts = sorted((directory / "guestmount").iterdir())
        self.kernel = symbols.kallsyms(mounts[0] / "proc/kallsyms")
        binary = mounts[0] / "usr/local/bin" / program
        self.user = symbols.program(binary)
        self.text = range(self.user.addresses[0], self.user.addresses[-1] + 4096)
        self.bare = symbols.frameless(binary, USER_LEAVES)
        module = next((mounts[0] / "lib/modules").glob("*/extra/guestwork.ko"))
        self.bare.update(symbols.frameless(module, MODULE_PATHS))
        self.path = [f"step_{n}" for n in range(1, depth + 1)] + ["work", "main", "_start"]

    def has_frame(self, name, ip, table):
        return ip - table.by_name[name] not in self.bare[name]

    def user_names(self, addresses):
        """The first is where the program was, the others are return addresses."""
        return [self.user.name(a - bool(n)) if a in self.text else "?"
                for n, a in enumerate(addresses)]

    def kernel_names(self, addresses):
        return [self.kernel.name(a - bool(n)) for n, a in enumerate(addresses)]


def ends_in_program(guest, user):
    """Interrupted user frames down to the program's main, in order."""
    names = guest.user_names(user)
    return names[-2:] == ["main", "_start"]


def check_leaf(guest, kernel, user, count):
    """Samples in a leaf: the whole path, exactly."""
    if kernel:
        names = guest.kernel_names(kernel)
        leaf = names[0]
        if leaf not in MODULE_PATHS:
            return
        table, ip = guest.kernel, kernel[0]
        expected = MODULE_PATHS[leaf]
        right = names[1:1 + len(expected)] == expected and \
            guest.user_names(user) == [MODULE_CALLERS[leaf]] + guest.path
    else:
        names = guest.user_names(user)
        leaf = names[0]
        if leaf not in USER_LEAVES:
            return
        table, ip = guest.user, user[0]
        right = names[1:] == guest.path
    if not guest.has_frame(leaf, ip, table):
        count["leaf_prologue"] += 1
        count["leaf_prologue_complete"] += right
        return
    count["leaf"] += 1
    count["leaf_complete"] += right
    if not right:
        count[f"wrong in {leaf}"] += 1


class Program:
    """When which address space was the program's: from its first to its last user
    sample. Before and after that, the same page may be another process's table."""

    def __init__(self, guest, records):
        self.spans = {}
        for record in records:
            if record.ips[:1] == (perfdata.CONTEXT_GUEST_USER,) and record.ips[1] in guest.text:
                root = record.root
                first, last = self.spans.get(root, (record.time, record.time))
                self.spans[root] = min(first, record.time), max(last, record.time)

    def ran(self, record):
        first, last = self.spans.get(record.root, (1, 0))
        return first <= record.time <= last


def at_root(guest, kernel, user):
    """The last frame is where a stack is known to begin: the program's, or a kernel thread's."""
    if user:
        return ends_in_program(guest, user)
    return bool(kernel) and guest.kernel.name(kernel[-1] - 1) in KERNEL_ROOTS


def check_sample(guest, record, program, count, broken):
    kernel, user = perfdata.guest_frames(record.ips)
    # where the guest was is in every record: alone and cut short, it is no chain
    if kernel or not user or user[0] in guest.text:
        count["with_callchain"] += len(kernel) + len(user) > 1 or \
            not record.flags & sum(perfdata.SHORT)
    else:
        count["other_programs"] += 1
    count["complete_to_root"] += at_root(guest, kernel, user)
    count["kernel"] += bool(kernel)
    count["user"] += bool(user) and not kernel
    count["through_both"] += bool(kernel) and bool(user)
    count["frames"] += len(kernel) + len(user)
    for reason in perfdata.short_reasons(record.flags):
        count[f"short: {reason}"] += 1
    if not program.ran(record):
        return
    check_leaf(guest, kernel, user, count)
    if not kernel:
        return
    names = guest.kernel_names(kernel)
    if not user and KERNEL_ROOTS & set(names):
        count["kernel_thread"] += 1
        return
    if {"switch_mm_irqs_off", "__switch_to_asm"} & set(names):	# the address space of one, the stack of another
        count["switching"] += 1
        return
    through = ends_in_program(guest, user)
    count["program_kernel"] += 1
    count["program_kernel_through"] += through
    if len(kernel) == 1 and names[0].startswith(("asm_", "entry_")):
        count["program_entry"] += 1	# registers not all saved yet
        count["program_entry_through"] += through
    if not through:
        broken[" < ".join(names[:4] + ["..."] + names[-1:] + guest.user_names(user)[:3])] += 1


def check(data, guest, event=None):
    """All samples' chains, or those of the event with that number."""
    count, broken = collections.Counter(), collections.Counter()
    in_guest = [s for s in data.samples
                if s.cpumode in (perfdata.MISC_GUEST_KERNEL, perfdata.MISC_GUEST_USER)]
    program = Program(guest, filter(None, map(data.record, in_guest)))
    in_guest = [s for s in in_guest if event in (None, s.event)]
    for record in filter(None, map(data.record, in_guest)):
        check_sample(guest, record, program, count, broken)
    count["samples"] = len(data.samples)
    count["guest_samples"] = len(in_guest)
    count["asked"] = sum(s.cookie is not None for s in data.samples)
    count["sample_without_record"] = sum(s.cookie is not None and not data.record(s)
                                         for s in data.samples)
    wanted = {data.key(s.id, s.cookie) for s in data.samples}
    count["records"] = len(data.records)
    count["record_without_sample"] = sum(key not in wanted for key in data.records)
    count["duplicate_records"] = data.duplicates
    count["strange_chains"] = sum(getattr(data, "strange", {}).values())
    count["after_last_chain"] = getattr(data, "after", 0)
    count["lost"] = data.lost
    return count, broken


def per_event(data):
    """For each event: samples, those that asked for a guest's chain, those that got one."""
    events = []
    for number, attr in enumerate(data.attrs):
        samples = [s for s in data.samples if s.event == number]
        asked = [s for s in samples if s.cookie is not None]
        if samples:
            events.append({"type": attr.type, "config": attr.config, "samples": len(samples),
                           "asked": len(asked),
                           "answered": sum(data.record(s) is not None for s in asked)})
    return events


def share(part, whole):
    return 100.0 * part / whole if whole else 0.0


def summarize(count, broken, counters):
    figures = {
        "with_callchain_percent": share(count["with_callchain"],
                                        count["guest_samples"] - count["other_programs"]),
        "leaf_complete_percent": share(count["leaf_complete"], count["leaf"]),
        "kernel_to_user_percent": share(count["program_kernel_through"],
                                        count["program_kernel"]),
        "kernel_past_entry_to_user_percent": share(
            count["program_kernel_through"] - count["program_entry_through"],
            count["program_kernel"] - count["program_entry"]),
        "frames_per_chain": count["frames"] / max(1, count["with_callchain"]),
    }
    base = {name: 0 for name in (
        "samples", "guest_samples", "other_programs", "with_callchain", "complete_to_root",
        "kernel", "user", "through_both", "lost", "records", "sample_without_record", "record_without_sample",
        "leaf", "leaf_complete", "leaf_prologue", "program_kernel", "program_kernel_through",
        "switching")}
    return base | dict(count) | {k: round(v, 2) for k, v in figures.items()} | \
        {"counters": counters, "kernel_chains_not_through": dict(broken.most_common(20))}


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("data", nargs="?", type=pathlib.Path)
    parser.add_argument("--depth", type=int, default=18)
    parser.add_argument("--program", default="guestwork")
    parser.add_argument("--module", action="store_true")
    args = parser.parse_args()
    reader = moduledata.ModuleData if args.module else perfdata.PerfData
    data = reader(args.data or args.dir / "perf.data.guest")
    count, broken = check(data, Guest(args.dir, args.program, args.depth))
    counters = {}
    if (args.dir / "counters.txt").exists():
        lines = (args.dir / "counters.txt").read_text().splitlines()
        counters = {name: int(value) for name, value in map(str.split, lines)}
    if (args.dir / "chains.txt").exists():
        count["script_mismatches"] = scriptdata.mismatches(data, args.dir / "chains.txt")
    summary = summarize(count, broken, counters)
    summary["events"] = per_event(data)
    (args.dir / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    s = summary
    print(f"guest samples with a guest callchain:      {s['with_callchain_percent']:.2f} % "
          f"of {s['guest_samples'] - s['other_programs']}, and {s['other_programs']} in programs "
          "without frame pointers")
    print(f"whole path in the program's leaves:        {s['leaf_complete_percent']:.2f} % "
          f"of {s['leaf']}, and {s['leaf_prologue']} in a prologue or epilogue")
    print(f"kernel samples going on into the program:  {s['kernel_to_user_percent']:.2f} % "
          f"of {s['program_kernel']}, and {s['switching']} in a switch of tasks")
    print(f"records without sample, sample without record, lost:  {s['record_without_sample']}, "
          f"{s['sample_without_record']}, {s['lost']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
