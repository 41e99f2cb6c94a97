# SPDX-License-Identifier: GPL-2.0
"""Names of guest addresses, and which instructions of a function have no frame.

Everything comes from the guest's own kallsyms and from the programs as they were
built, by nm and objdump: none of it goes through perf.
"""

import bisect
import re
import subprocess


class Symbols:
    """Sorted (address, name); name() of an address, "" when there is none."""

    def __init__(self, pairs):
        pairs = sorted(pairs)
        self.addresses = [address for address, _ in pairs]
        self.names = [name for _, name in pairs]
        self.by_name = {name: address for address, name in pairs}

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        return self.names[at] if at >= 0 else ""

    def names_of(self, address):
        """All the names that the place has which name() finds."""
        end = bisect.bisect_right(self.addresses, address)
        if not end:
            return set()
        return set(self.names[bisect.bisect_left(self.addresses, self.addresses[end - 1]):end])


def kallsyms(path):
    """The guest kernel's and its modules' text symbols."""
    pairs = []
    with open(path, encoding="ascii", errors="replace") as f:
        for line in f:
            address, kind, name = line.split()[:3]
            if kind in "tTwW":
                pairs.append((int(address, 16), name))
    return Symbols(pairs)


def program(path):
    """A statically linked program's text symbols."""
    out = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in out.splitlines()]
    return Symbols([(int(f[0], 16), f[2]) for f in fields if len(f) == 3 and f[1] in "tT"])


def frameless(path, functions):
    """{function: offsets of its instructions at which its caller's frame is not
    reachable through the frame pointer}: up to and including the move that sets
    it up, and after it was restored.
    """
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True,
                         capture_output=True, text=True).stdout
    result = {}
    for block in re.split(r"\n\n", out):
        head = re.match(r"\s*([0-9a-f]+) <(\w+)>:\n", block)
        if not head or head[2] not in functions:
            continue
        start, bare, offsets = int(head[1], 16), True, set()
        for line in block[head.end():].splitlines():
            insn = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(\S*)", line)
            if not insn:
                continue
            if bare:
                offsets.add(int(insn[1], 16) - start)
            if insn[2] == "mov" and insn[3] in ("%rsp,%rbp", "%esp,%ebp"):
                bare = False
            elif insn[2] == "leave" or insn[2] == "pop" and insn[3] in ("%rbp", "%ebp"):
                bare = True
            elif insn[2] == "jmp" or insn[2].startswith("ret"):
                bare = False	# what follows is reached with a frame
        result[head[2]] = offsets
    missing = set(functions) - set(result)
    if missing:
        raise ValueError(f"{path} has no {', '.join(sorted(missing))}")
    return result
