#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What it costs to export a guest's stacks, against the way by text.

usage: export.py [--samples N] [--runs N] PERF SCRIPTS RECORDING GUESTMOUNT OUT

multiply.py makes a large recording of RECORDING. Then, in turns,

    perf kvm-callchain export --format FORMAT
    perf script | collapse          a program that reads its text, and folds it
    perf script -s PROGRAM          perf's own, in its Python: stackcollapse, flamegraph, gecko

go through it. The first two and stackcollapse have to count the same samples. Time is user and
system time of all processes, as a median over the runs, of which there is one for what is slow;
memory is the largest resident size of each process,
added up. In it are pages of the recording that are mapped, which are the kernel's to take
back and count in each of these alike; what is without them is given, too.

Prints the figures; OUT gets them as JSON.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from report import multiply, rss_anonymous, run

FORMATS = ("folded", "pprof", "speedscope", "json")
SCRIPTS = {"stackcollapse": [], "flamegraph": ["--", "-f", "json", "-o", "-"],
           "gecko": ["--", "--save-only", "/dev/null"]}
# the goals: so many times faster, and such a part of the memory
FASTER, PART = 10, 5

# What scripts that fold perf script's text do: comm, and functions from the outermost one
COLLAPSE = r"""
import collections, sys
counts, comm, frames = collections.Counter(), "", []
for line in sys.stdin:
    line = line.rstrip()
    if not line:
        if comm:
            counts[";".join([comm, *reversed(frames)])] += 1
        comm, frames = "", []
    elif line[0] not in "\t ":
        comm = line.split()[0]
    elif not comm:
        comm = line.split()[0]
    else:
        name = line.split(None, 1)[1].rsplit(" (", 1)[0]
        frames.append(name.rsplit("+0x", 1)[0].replace(";", ":"))
if comm:
    counts[";".join([comm, *reversed(frames)])] += 1
for stack, count in sorted(counts.items()):
    print(stack, count)
"""


class Sides:
    """The commands to compare, all of which leave work/out."""

    def __init__(self, perf, scripts, mount, work):
        self.perf, self.work = str(perf), work
        self.scripts, self.mount = scripts, f"--guestmount={mount}"
        self.env = {"HOME": str(work / "home"), "PERF_CONFIG": "/dev/null",
                    "PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1",
                    # where these programs find their modules
                    "PERF_EXEC_PATH": str(scripts.resolve().parent.parent)}

    def commands(self):
        data = ["-i", str(self.work / "guest")]
        script = [self.perf, "script", self.mount, *data]
        yield "text", [[*script, "-F", "comm,tid,time,event,ip,sym,dso"],
                       [sys.executable, "-c", COLLAPSE]]
        for name, args in SCRIPTS.items():
            yield name, [[*script, "-s", f"{self.scripts}/{name}.py", *args]]
        for name in FORMATS:
            yield name, [[self.perf, "kvm-callchain", "export", self.mount, *data, "--format",
                          name]]

    def run(self, commands):
        """A pipeline: seconds of CPU time, largest RSS, largest anonymous RSS in KiB."""
        processes, stdin = [], subprocess.DEVNULL
        with open(self.work / "out", "wb") as out:
            for command in commands:
                last = command is commands[-1]
                process = subprocess.Popen(command, env=self.env, stdin=stdin,
                                           stdout=out if last else subprocess.PIPE,
                                           stderr=subprocess.DEVNULL)
                if stdin != subprocess.DEVNULL:
                    stdin.close()
                stdin = process.stdout
                processes.append(process)
            return wait(processes)


def wait(processes):
    anonymous = dict.fromkeys((process.pid for process in processes), 0)
    left, seconds, rss = {process.pid: process for process in processes}, 0, 0
    while left:
        for pid in list(left):
            anonymous[pid] = max(anonymous[pid], rss_anonymous(pid))
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if not done:
                continue
            process = left.pop(pid)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise RuntimeError(f"{process.args[:3]}: exit status {process.returncode}")
            seconds += usage.ru_utime + usage.ru_stime
            rss += usage.ru_maxrss
        time.sleep(0.02)
    return seconds, rss, sum(anonymous.values())


def folded_samples(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return sum(int(line.rsplit(None, 1)[1]) for line in f)


def measure(sides, samples, runs):
    found = {}
    for turn in range(runs):
        for name, commands in sides.commands():
            if turn and name not in FORMATS:
                continue
            found.setdefault(name, []).append(sides.run(commands))
            if not turn and name in ("text", "stackcollapse", "folded"):
                counted = folded_samples(sides.work / "out")
                if counted != samples:
                    raise RuntimeError(f"{name} has {counted} samples, not {samples}")
    return {name: {"seconds": statistics.median(r[0] for r in results),
                   "rss_kib": max(r[1] for r in results),
                   "anonymous_kib": max(r[2] for r in results),
                   "runs": results} for name, results in found.items()}


def show(summary):
    samples, results = summary["samples"], summary["results"]
    text = results["text"]
    for name, result in results.items():
        print(f"export: {name}: {result['seconds']:.1f} s, {samples / result['seconds']:.0f} "
              f"samples a second, {result['rss_kib'] / 1024:.0f} MiB, of it without the "
              f"recording's pages {result['anonymous_kib'] / 1024:.0f} MiB")
    ours = results["folded"]
    print(f"export: folded is {text['seconds'] / ours['seconds']:.1f} times as fast as the text "
          f"(goal: {FASTER}), and takes 1/{text['rss_kib'] / ours['rss_kib']:.1f} of its memory, "
          f"without the recording's pages 1/{text['anonymous_kib'] / ours['anonymous_kib']:.1f} "
          f"(goal: 1/{PART})")


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n", maxsplit=1)[0])
    parser.add_argument("--samples", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=3)
    for name in ("perf", "scripts", "recording", "guestmount", "out"):
        parser.add_argument(name, type=pathlib.Path)
    return parser.parse_args()


def bench(args, work):
    (work / "home").mkdir()
    # a perf that is built anew meanwhile must not be half of one
    sides = Sides(shutil.copy2(args.perf, work / "perf"), args.scripts, args.guestmount, work)
    made = multiply(args.recording, args.samples, (Data(work / "guest"), Data(work / "host")))
    (work / "host").unlink()
    return {"samples": made["samples"], "frames": made["frames"],
            "results": measure(sides, made["samples"], args.runs)}


class Data:
    """A name, as multiply() wants it."""

    def __init__(self, path):
        self.path = path

    def data(self, _):
        return str(self.path)


if __name__ == "__main__":
    sys.exit(run("export", parse(), bench, show))
