#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check.py PARTS LOG: compare what a console shows with the guests' own symbols.

The guests' ELF files are in PARTS. With --plan alone: print what to run.

Prints "ok vmx-NAME" or "not ok vmx-NAME" for each scenario, and why not. Every
sample between a function's prologue and its epilogue must have exactly the
path of its scenario; those in a prologue, an epilogue or entry code, where
frame pointers do not stand, are counted apart, and must at least show no
frame that is not on the path.
"""

import bisect
import re
import subprocess
import sys

sys.dont_write_bytecode = True     # nothing is built beside the sources

from scenarios import MODE_MASK, SCENARIOS, SHORT_MASK, STALE

MARK = {"K": 2**64 - 2176, "U": 2**64 - 2560}
MIN_SAMPLES = 50


class Symbols:
    """Addresses in a guest's ELF file."""

    def __init__(self, elf):
        out = subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout
        self.addr = {}
        for line in out.splitlines():
            value, _, name = line.split()
            self.addr[name] = int(value, 16)
        starts = [n for n in self.addr
                  if n + "_tail" in self.addr or n + "_ret" in self.addr]
        self.names = sorted(starts, key=self.addr.get)
        self.starts = [self.addr[n] for n in self.names]

    def function(self, ip):
        """Which one ip is in, or None."""
        i = bisect.bisect(self.starts, ip) - 1
        return self.names[i] if i >= 0 else None

    def has_frame(self, name, ip):
        """Whether ip is where NAME's own frame stands."""
        if name + "_body" not in self.addr:
            return False
        return self.addr[name + "_body"] <= ip < self.addr[name + "_tail"]


class Run:
    """The part of the console that belongs to one scenario."""

    def __init__(self, lines):
        self.text = "\n".join(lines)
        self.counts = {}
        self.chains = []
        for line in lines:
            if line.startswith("record: samples "):
                words = line.split()[1:]
                self.counts = dict(zip(words[::2], map(int, words[1::2])))
            elif line.startswith("chain "):
                number, misc, flags, _, *ips = line.split()[1:]
                # a sample of the host from before the first exit has none
                if misc == "misc=H" and not ips and int(flags[6:], 16) == STALE:
                    continue
                self.chains.append((int(number), int(flags[6:], 16),
                                    [int(ip, 16) for ip in ips]))
        tables = re.search(r"vmm: tables changed (\d+) cold changed (\d+)", self.text)
        self.tables = tuple(map(int, tables.groups())) if tables else None


def runs(log):
    """Scenario name to its Run; those that ended with status 0."""
    found, lines = {}, None
    with open(log, errors="replace") as f:
        for line in f.read().replace("\r", "").split("\n"):
            if line.startswith("=== begin "):
                lines = []
            elif line.startswith("=== end ") and lines is not None:
                name, status = line.split()[2:]
                if status == "0":
                    found[name] = Run(lines)
                lines = None
            elif lines is not None:
                lines.append(line)
    return found


def expected_chain(scenario, symbols, ip):
    """The whole chain for a sample at ip inside its function's frame, or None."""
    base = scenario.base
    flat = [(mode, name) for mode, names in scenario.path for name in names]
    name = symbols.function(ip - base)
    places = [i for i, (_, n) in enumerate(flat) if n == name]
    if not places or not symbols.has_frame(name, ip - base):
        return None
    chain, last = [], None
    for i in range(places[0], -1, -1):
        mode, name = flat[i]
        if mode != last:
            chain.append(MARK[mode])
        chain.append(ip if i == places[0] else symbols.addr[name + "_ret"] + base)
        last = mode
    return chain


def cut_chain(chain, frames):
    """The first so many frames of a chain, with their marks."""
    cut = []
    for word in chain:
        if word not in MARK.values():
            if frames == 0:
                break
            frames -= 1
        cut.append(word)
    return cut


def path_sites(scenario, symbols):
    """Every word that may follow a sample's address in a chain."""
    sites = {symbols.addr[name + "_ret"] + scenario.base
             for _, names in scenario.path for name in names}
    return sites | set(MARK.values())


class Check:
    """One scenario's verdict."""

    def __init__(self, scenario, symbols, run):
        self.scenario, self.symbols, self.run = scenario, symbols, run
        self.errors = []
        self.right = self.wrong = self.apart = self.in_leaf = 0

    def need(self, condition, what):
        if not condition:
            self.errors.append(what)

    def counts(self):
        c, s = self.run.counts, self.scenario
        if not c:
            self.errors.append("record printed no counts")
            return
        got = "host-matched" if s.tracepoint else "matched"
        self.need(c[got] >= MIN_SAMPLES, f"only {c[got]} samples with a guest callchain")
        self.need(c["matched"] == c["guest"],
                  f"{c['guest']} guest samples, {c['matched']} with a record")
        for name in ("no-record", "no-sample", "late", "lost", "throttled", "bad", "poison"):
            self.need(c[name] == 0, f"{name}: {c[name]}")
        if not s.base and not s.user_only:
            self.need(c["ip-differs"] == 0, f"{c['ip-differs']} chains begin elsewhere")
        if s.sections:
            self.need(c["sections"] >= MIN_SAMPLES,
                      f"{c['sections']} of {c['records']} records have sections")
        self.need(c["roots"] == 1, "the address-space root is missing or changes")

    def tables(self):
        if not self.run.tables:
            self.errors.append("the guest did not finish its first pass")
            return
        changed, cold = self.run.tables
        if self.scenario.touched:
            self.need(changed and cold, "the comparison did not notice accessed bits")
        else:
            self.need(not changed, f"{changed} page-table entries changed")
            self.need(not cold, f"{cold} entries of pages only a walk reads changed")

    def spinning(self, number, ips):
        """A hostile rbp: what is found before it, and nothing after."""
        s, symbols = self.scenario, self.symbols
        ip = ips[1]
        if not symbols.addr[s.spin + "_body"] <= ip < symbols.addr[s.spin + "_tail"]:
            self.apart += number
            return True
        mark = MARK["U" if s.spin.startswith("user") else "K"]
        want = [mark, ip] + [symbols.addr[name] for name in s.tail]
        self.in_leaf += number
        return ips == want

    def at_entry(self, ip):
        """Whether rbp is 0 there, as it was at first: k01 is the first to have a frame."""
        symbols = self.symbols
        if symbols.addr["kernel_entry"] <= ip < symbols.addr["run_kernel_ret"]:
            return True
        name = symbols.function(ip)
        return name in ("run_kernel", "k01") and not symbols.has_frame(name, ip)

    def chain(self, number, flags, ips):
        s = self.scenario
        if not ips and s.user_only:
            self.apart += number        # entry code, from which nothing leads on
            return
        if len(ips) < 2:
            self.errors.append(f"{number} samples without a chain, at "
                               f"{ips[0] if ips else 0:x}, flags {flags:#x}")
            self.wrong += number
            return
        if s.blind and self.at_entry(ips[1]):
            self.apart += number        # no frame pointer yet to be followed
            return
        short = s.flags
        want = [MARK["K"], ips[1]] if s.blind else None if s.spin else \
            expected_chain(s, self.symbols, ips[1])
        if s.spin:
            apart = self.apart
            good = self.spinning(number, ips)
            if self.apart > apart:
                return
        elif want is None:
            self.apart += number
            stray = [w for w in ips[2:] if w not in path_sites(s, self.symbols)]
            self.need(not stray, "false frames: " + " ".join(f"{w:x}" for w in stray))
            return
        else:
            if s.frames:
                full, want = want, cut_chain(want, s.frames)
                short = short if want != full else 0
            good = ips == want
            leaf = s.path[0 if s.user_only else -1][1][-1] if s.path else None
            if s.blind or self.symbols.function(ips[1] - s.base) == leaf:
                self.in_leaf += number
        self.need(flags & MODE_MASK == s.mode, f"mode {flags & MODE_MASK}, not {s.mode}")
        self.need(flags & SHORT_MASK == short,
                  f"reason for a short chain {flags & SHORT_MASK:#x}, not {short:#x}")
        if good:
            self.right += number
            return
        self.wrong += number
        self.errors.append(f"{number} samples: " + " ".join(self.name(w) for w in ips) +
                           ("; expected: " + " ".join(self.name(w) for w in want) if want else ""))

    def name(self, word):
        for mode, mark in MARK.items():
            if word == mark:
                return f"[{mode}]"
        for name, addr in self.symbols.addr.items():
            if addr + self.scenario.base == word:
                return name
        return f"{word:x}"

    def all(self):
        self.counts()
        self.tables()
        for chain in self.run.chains:
            self.chain(*chain)
        self.need(self.in_leaf, "no sample in the leaf")
        return self.errors


def check_kernel_log(run):
    """The kernel must not have complained. True if it did."""
    bad = re.findall(r".*(?:WARNING|BUG|Oops|general protection|rcu:.*stall).*", run.text) \
        if run else ["did not run to its end"]
    for line in bad[:5]:
        print(f"  {line}")
    print("not ok vmx-kernel-log" if bad else "ok vmx-kernel-log")
    return bool(bad)


def main():
    parts, log = sys.argv[1:]
    found = runs(log)
    symbols = {elf: Symbols(f"{parts}/{elf}") for elf in ("guest64", "guest32")}
    failed = False
    for s in SCENARIOS:
        if s.name not in found:
            print(f"not ok vmx-{s.name}: did not run to its end")
            failed = True
            continue
        check = Check(s, symbols[s.elf], found[s.name])
        errors = check.all()
        print(f"vmx-{s.name}: {check.right} of {check.right + check.wrong} chains as known, "
              f"{check.in_leaf} in the leaf; {check.apart} in prologue, epilogue or entry code")
        for error in errors[:5]:
            print(f"  {error}")
        print(f"not ok vmx-{s.name}" if errors else f"ok vmx-{s.name}")
        failed = failed or bool(errors)
    return check_kernel_log(found.get("kernel-log")) or failed


if __name__ == "__main__":
    if sys.argv[1] == "--plan":
        print("\n".join(s.command() for s in SCENARIOS))
        sys.exit(0)
    sys.exit(main())
