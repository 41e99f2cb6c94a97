#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What it costs to report a guest's callchains, against a host's with stock perf.

usage: report.py [--samples N] [--runs N] PERF STOCK RECORDING GUESTMOUNT OUT

multiply.py makes two large recordings of RECORDING: one of the guest, for PERF,
and the same as if of a host, for STOCK. Before anything is measured, both perfs
have to name the same symbols, frame by frame, in a small pair of the same
making. Then they report the large ones in turns: user and system time are
medians over the runs, memory is the largest resident size of any run. That size
includes pages of the recording that are mapped, which are the kernel's to take
back; what is perf's own is given beside it.

Instructions, counted by valgrind, do not depend on what else the machine does:
they are those of a sample more, from two small recordings of different length.

Prints the figures; OUT gets them as JSON.
"""

import argparse
import itertools
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

OPTIONS = ["--stdio", "--no-children", "-g", "caller"]
SHORT, LONG = 5000, 25000
MULTIPLY = pathlib.Path(__file__).resolve().parent / "multiply.py"


class Side:
    """One of the two: its perf, its recordings, how it finds the guest's symbols."""

    def __init__(self, name, perf, report, script, work):
        self.name, self.perf, self.work = name, str(perf), work
        self.report_args, self.script_args = report, script
        # neither the caller's configuration nor cached build-ids
        self.env = {"HOME": str(work / "home"), "PERF_CONFIG": "/dev/null",
                    "PATH": os.environ["PATH"], "LC_ALL": "C"}

    def data(self, samples):
        return str(self.work / f"{self.name}.{samples}")

    def report(self, samples):
        return [self.perf, *self.report_args, "-i", self.data(samples), *OPTIONS]

    def frames(self, samples):
        """perf script's lines for frames, "" between samples."""
        command = [self.perf, *self.script_args, "-i", self.data(samples), "-F", "ip,sym"]
        script = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        for line in script.stdout:
            yield line.strip()
        if script.wait():
            raise RuntimeError(f"{' '.join(command)}: exit status {script.returncode}")

    def run(self, samples):
        """Report once: seconds of CPU time, largest RSS, largest anonymous RSS in KiB."""
        process = subprocess.Popen(self.report(samples), env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        anonymous, pid = 0, 0
        while not pid:
            anonymous = max(anonymous, rss_anonymous(process.pid))
            time.sleep(0.02)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(process.args)}: exit status {process.returncode}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, anonymous

    def instructions(self, samples):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                   *self.report(samples)]
        done = subprocess.run(command, env=self.env, stdin=subprocess.DEVNULL, check=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def rss_anonymous(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            found = re.search(r"RssAnon:\s+(\d+)", f.read())
    except OSError:
        found = None
    return int(found[1]) if found else 0


def multiply(recording, samples, sides):
    # in a process of its own: what this one has resident is counted for its children
    done = subprocess.run([sys.executable, MULTIPLY, recording, str(samples),
                           *(side.data(samples) for side in sides)],
                          check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def compare(sides, samples):
    """Both name every frame alike; how many frames and names that are."""
    names, unnamed, frames = set(), set(), 0
    for lines in itertools.zip_longest(*(side.frames(samples) for side in sides)):
        if lines[0] != lines[1]:
            raise RuntimeError(f"not the same frame: {lines[0]!r} and {lines[1]!r}")
        if not lines[0]:
            continue
        address, name = lines[0].split(None, 1)
        frames += 1
        if name == "[unknown]":
            unnamed.add(address)
        else:
            names.add(name)
    return {"frames": frames, "symbols": len(names), "unnamed": len(unnamed)}


def measure(sides, samples, runs):
    found = {side.name: [] for side in sides}
    for _ in range(runs):
        for side in sides:
            found[side.name].append(side.run(samples))
    return {name: {"seconds": statistics.median(r[0] for r in results),
                   "rss_kib": max(r[1] for r in results),
                   "anonymous_kib": max(r[2] for r in results),
                   "runs": results} for name, results in found.items()}


def count(sides, recording):
    for samples in (SHORT, LONG):
        multiply(recording, samples, sides)
    return {side.name: (side.instructions(LONG) - side.instructions(SHORT)) / (LONG - SHORT)
            for side in sides}


def ratio(results, what):
    return results["guest"][what] / results["host"][what]


def show(summary):
    made, same, results = summary["made"], summary["same"], summary["results"]
    print(f"report: {made['samples']} samples, {made['frames']} frames, {same['symbols']} symbols "
          f"and {same['unnamed']} addresses without, the same in both")
    for title, what, scale, unit in (("time", "seconds", 1, "s"),
                                     ("memory", "rss_kib", 1024, "MiB"),
                                     ("  of it perf's own", "anonymous_kib", 1024, "MiB")):
        guest, host = (results[side][what] / scale for side in ("guest", "host"))
        print(f"report: {title}: guest {guest:.2f} {unit}, host by stock perf {host:.2f} {unit}: "
              f"{summary['ratios'][what]:.2f} times")
    if "instructions" in summary:
        print(f"report: instructions a sample: guest {summary['instructions']['guest']:.0f}, "
              f"host by stock perf {summary['instructions']['host']:.0f}: "
              f"{summary['ratios']['instructions']:.2f} times")


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n", maxsplit=1)[0])
    parser.add_argument("--samples", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=5)
    for name in ("perf", "stock", "recording", "guestmount", "out"):
        parser.add_argument(name, type=pathlib.Path)
    return parser.parse_args()


def bench(args, work):
    kallsyms = [str(path) for path in args.guestmount.glob("*/proc/kallsyms")]
    if len(kallsyms) != 1:
        raise RuntimeError(f"{args.guestmount}: {len(kallsyms)} guests, not one")
    mount = f"--guestmount={args.guestmount}"
    (work / "home").mkdir()
    # a perf that is built anew meanwhile must not be half of one
    perfs = [shutil.copy2(perf, work / name)
             for perf, name in ((args.perf, "perf"), (args.stock, "perf-stock"))]
    sides = (Side("guest", perfs[0], ["kvm", "--guest", mount, "report"], ["script", mount], work),
             Side("host", perfs[1], ["report", f"--kallsyms={kallsyms[0]}"],
                  ["script", f"--kallsyms={kallsyms[0]}"], work))

    multiply(args.recording, SHORT, sides)
    summary = {"same": compare(sides, SHORT), "made": multiply(args.recording, args.samples, sides)}
    results = measure(sides, args.samples, args.runs)
    summary |= {"results": results, "ratios": {what: ratio(results, what) for what in
                                               ("seconds", "rss_kib", "anonymous_kib")}}
    if shutil.which("valgrind"):
        counted = count(sides, args.recording)
        summary["instructions"] = counted
        summary["ratios"]["instructions"] = counted["guest"] / counted["host"]
    return summary


def run(name, args, bench, show):
    """bench(args, directory) gives a summary, or raises; it is shown, and goes to args.out."""
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=args.out.parent) as work:
        try:
            summary = bench(args, pathlib.Path(work))
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    args.out.write_text(json.dumps(summary, indent=1) + "\n")
    show(summary)
    return 0


if __name__ == "__main__":
    sys.exit(run("report", parse(), bench, show))
