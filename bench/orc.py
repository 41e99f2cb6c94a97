#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What it costs to unwind a guest without frame pointers: bytes, time, memory.

usage: orc.py UNWINDER LAB PACKAGES DEBUG OUT

LAB is what a lab scenario with a guest of Debian's kernel has left: a recording
and the guest's files. UNWINDER is orc.c, with perf's ORC unwinder and libdw's in
it. PACKAGES has Debian's kernels, unpacked; DEBUG is where debug-package.sh unpacks
the files with DWARF. Without these there is no comparison with DWARF.

Prints the figures; OUT gets them as JSON.
"""

import argparse
import collections
import fcntl
import json
import pathlib
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent / "lab/lib"))
import perfdata

SECTION_REGS, SECTION_STACK_WORDS = 1, 2
# perf record --call-graph dwarf
DUMP = 8192
MODULES = 80
MIB = 1 << 20
NT_GNU_BUILD_ID = 3


class Recording(perfdata.PerfData):
    """With sections: for each record that has them, their bytes, and {type: data}."""

    def __init__(self, path):
        self.sections = []
        super().__init__(path)

    def _record(self, at, end):
        super()._record(at, end)
        flags, nr = struct.unpack_from("<I8xQ", self.blob, at + 12)
        if not flags & perfdata.SECTIONS:
            return
        at += 32 + 8 * nr
        size, = struct.unpack_from("<Q", self.blob, at)
        found, pos, end = {}, at + 8, at + 8 + size
        while pos < end:
            kind, length = struct.unpack_from("<II", self.blob, pos)
            found[kind] = self.blob[pos + 8:pos + length]
            pos += length
        if SECTION_REGS in found and SECTION_STACK_WORDS in found:
            self.sections.append((8 + size, found))


def raw_bytes(data):
    """Of the stacks that stack words are of."""
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    raw, at = 0, 1
    for _ in range(words[0] & 0xff):
        covered, values = words[at + 1] & 0xffffffff, words[at + 1] >> 32
        raw += 8 * covered
        at += 2 + (covered + 31) // 32 + (values + 1) // 2
    return raw


def sizes(recording):
    """Means in bytes; what is compared are sums."""
    def mean(values):
        return statistics.fmean(values)
    raw = mean(raw_bytes(found[SECTION_STACK_WORDS]) for _, found in recording.sections)
    all_ = mean(size for size, _ in recording.sections)
    words = mean(8 + len(found[SECTION_STACK_WORDS]) for _, found in recording.sections)
    return {"sections": all_, "stack_words": words, "raw": raw, "dump": DUMP,
            "sections_to_raw": all_ / raw, "stack_words_to_raw": words / raw,
            "sections_to_dump": all_ / DUMP, "stack_words_to_dump": words / DUMP}


def build_id(notes):
    """Of a section of notes; None if there is none."""
    at = 0
    while at + 12 <= len(notes):
        name, desc, kind = struct.unpack_from("<III", notes, at)
        data = at + 12 + (name + 3 & ~3)
        if kind == NT_GNU_BUILD_ID and notes[at + 12:at + 16] == b"GNU\0":
            return notes[data:data + desc].hex()
        at = data + (desc + 3 & ~3)
    return None


class Guest:
    """What a guest mount has of a guest's kernel and of the modules it has loaded."""

    def __init__(self, root):
        self.root = root
        self.release = next((root / "lib/modules").iterdir()).name
        self.modules = {}
        for line in (root / "proc/modules").read_text().splitlines():
            name, size, *_, address = line.split()[:6]
            self.modules[name] = int(address, 16), int(address, 16) + int(size)

    def kernel_range(self):
        found = dict(re.findall(r"^(\w+) \w (_stext|_end)$",
                                (self.root / "proc/kallsyms").read_text(), re.M))
        at = {name: address for address, name in found.items()}
        return int(at["_stext"], 16), int(at["_end"], 16)

    def images(self, debug):
        """What orc.c is told: files, with DWARF and without, range, sections."""
        start, end = self.kernel_range()
        yield (self.root / f"boot/vmlinuz-{self.release}",
               same_build(debug.glob(f"usr/lib/debug/boot/vmlinux-{self.release}"),
                          self.root / "sys/kernel/notes"), start, end, [])
        for name, (start, end) in self.modules.items():
            of_sys = self.root / "sys/module" / name
            pattern = name.replace("_", "[-_]")
            files = list((self.root / "lib/modules").rglob(f"{pattern}.ko*"))
            if not files:
                continue
            yield (files[0], same_build(debug.glob(f"usr/lib/debug/lib/**/{pattern}.ko"),
                                        of_sys / "notes/.note.gnu.build-id"), start, end,
                   [(path.name, path.read_text().strip())
                    for path in (of_sys / "sections").iterdir()
                    if int(path.read_text(), 16)])


def same_build(files, notes):
    """The file with DWARF, "-" if there is none of what the guest runs."""
    for path in files:
        shown = subprocess.run(["readelf", "-n", path], check=True, stderr=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True).stdout
        if f"Build ID: {build_id(notes.read_bytes())}" in shown:
            return path
    return "-"


def unwinder(*args):
    """Its figures, {name: [value...]}."""
    done = subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True)
    found = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        name, value = line.split()
        found[name].append(float(value) if "." in value else int(value))
    return found


def fetch_debug(guest, debug):
    """Returns why there are no files with DWARF, or None."""
    fetch = subprocess.Popen([BENCH / "debug-package.sh", debug, guest.release, *guest.modules],
                             stdout=subprocess.PIPE, text=True)
    line = ""
    for line in fetch.stdout:
        if line.startswith("orc:"):
            print(line, end="", flush=True)
    return (line.strip() or "debug-package.sh failed") if fetch.wait() else None


def copy(lab, work):
    """The lab may be about to record anew: it has a lock for that."""
    with open(f"{lab}.lock", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        shutil.copytree(lab / "guestmount", work / "guestmount")
        return Recording(lab / "perf.data.guest")


def unwind(args, recording, work):
    guest = Guest(next((work / "guestmount").iterdir()))
    missing = fetch_debug(guest, args.debug)
    images = list(guest.images(args.debug))
    if not missing and images[0][1] == "-":
        missing = "Debian's kernel with DWARF is not of the guest's build"
    if missing:
        images = [(elf, "-", *rest) for elf, _, *rest in images]
    lines = ["\t".join([str(elf), str(dwarf), f"{start:x}", f"{end:x}",
                        *(field for section in sections for field in section)])
             for elf, dwarf, start, end, sections in images]
    (work / "images").write_text("\n".join(lines) + "\n")
    with open(work / "samples", "wb") as f:
        for _, found in recording.sections:
            regs, words = found[SECTION_REGS], found[SECTION_STACK_WORDS]
            f.write(struct.pack("<QQ", len(regs) // 8, len(words) // 8) + regs + words)
    figures = unwinder(args.unwinder, work / "images", work / "samples")
    found = {name: statistics.median(values) for name, values in figures.items()}
    if found.get("agree"):
        found |= {"ratio": found["ns_agreed_dwarf"] / found["ns_agreed_orc"],
                  "ratio_new": found["ns_agreed_new_dwarf"] / found["ns_agreed_orc"]}
    return guest.release, missing, {
        **found,
        "modules_dwarf": sum(i[1] != "-" for i in images[1:]),
        "rounds": {name: values for name, values in figures.items() if len(values) > 1}}


def memory(args, release):
    """Of the kernel and of modules from all over it; and, as a bound, the largest ones."""
    package = args.packages / f"linux-image-{release}"
    kernel = package / f"boot/vmlinuz-{release}"
    modules = sorted(package.glob("lib/modules/**/*.ko*"))
    if not modules:
        raise OSError(f"{package}: no modules")
    spread = [modules[n * len(modules) // MODULES] for n in range(MODULES)]
    largest = sorted(modules, key=lambda path: -path.stat().st_size)[:MODULES]
    found = unwinder(args.unwinder, "--memory", kernel, *spread)
    most = unwinder(args.unwinder, "--memory", kernel, *largest)
    return {"kernel": found["kernel"][0], "modules": MODULES, "spread": found["all"][0],
            "largest": most["all"][0]}


def show_dwarf(u):
    print(f"orc: by DWARF and libdw {u['agree']} chains are the same, {u['agree_to']} as far as "
          f"DWARF leads, {u['agree_not']} are others")
    print(f"orc: those {u['agree']}, {u['agree_frames'] / u['agree']:.1f} frames: "
          f"{u['ns_agreed_orc'] / 1000:.2f} us by ORC, {u['ns_agreed_dwarf'] / 1000:.2f} us by "
          f"libdw: {u['ratio']:.1f} times (target 10); {u['ns_agreed_new_dwarf'] / 1000:.0f} us if "
          f"it begins anew with each sample, as in perf: {u['ratio_new']:.0f} times")


def show(summary):
    s, u, m = summary["bytes"], summary["unwinds"], summary["memory"]
    print(f"orc: {summary['release']}, {u['samples']} samples of its kernel")
    for name, what in (("sections", "all sections"), ("stack_words", "stack words alone")):
        print(f"orc: {what}: {s[name]:.0f} bytes a sample: {s[name + '_to_raw']:.3f} of the "
              f"{s['raw']:.0f} of its stacks (limit 0.333), {s[name + '_to_dump']:.3f} of "
              f"{s['dump']} (limit 0.100)")
    print(f"orc: {1e9 / u['ns_orc']:.0f} unwinds a second, {u['ns_orc'] / 1000:.2f} us each, "
          f"{u['frames'] / u['samples']:.1f} frames; "
          f"{100 * u['roots'] / u['samples']:.2f} % to a root")
    if summary["no_dwarf"]:
        print(f"orc: not against DWARF: {summary['no_dwarf']}")
    else:
        show_dwarf(u)
    print(f"orc: tables: {m['kernel'] / MIB:.1f} MiB of the kernel, {m['spread'] / MIB:.1f} with "
          f"{m['modules']} modules from all over it, {m['largest'] / MIB:.1f} with the "
          f"{m['modules']} largest; {u['memory'] / MIB:.1f} of this guest")


def parse():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n", maxsplit=1)[0])
    for name in ("unwinder", "lab", "packages", "debug", "out"):
        parser.add_argument(name, type=pathlib.Path)
    return parser.parse_args()


def main():
    args = parse()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="orc.", dir=args.out.parent) as work:
        try:
            recording = copy(args.lab, pathlib.Path(work))
            release, missing, unwinds = unwind(args, recording, pathlib.Path(work))
            summary = {"release": release, "no_dwarf": missing, "bytes": sizes(recording),
                       "unwinds": unwinds, "memory": memory(args, release)}
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"orc: {error}", file=sys.stderr)
            return 1
    show(summary)
    args.out.write_text(json.dumps(summary, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
