# SPDX-License-Identifier: GPL-2.0
"""The code of a guest's user programs, from copies of its files and of its /proc/PID/maps,
and whether a call chain is possible in it: no unwinder, no perf."""

import bisect
import functools
import re
import struct
import subprocess


class File:
    """An ELF file: where its executable segments are, and what its calls return to."""

    def __init__(self, path):
        self.path = path
        elf = path.read_bytes()
        self.entry, at = struct.unpack_from("<QQ", elf, 0x18)
        size, number = struct.unpack_from("<HH", elf, 0x36)
        heads = [struct.unpack_from("<IIQQQQQQ", elf, at + n * size) for n in range(number)]
        # (offset, address, bytes) of PT_LOAD
        self.segments = [(h[2], h[3], h[5]) for h in heads if h[0] == 1 and h[1] & 1]

    def address(self, offset):
        for start, address, size in self.segments:
            if start <= offset < start + size:
                return address + offset - start
        return None

    @functools.cached_property
    def code(self):
        """(address, instruction) of all there are"""
        out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", self.path], check=True,
                             capture_output=True, text=True).stdout
        insns = (re.match(r"\s*([0-9a-f]+):\s+(.*)", line) for line in out.splitlines())
        return [(int(insn[1], 16), insn[2]) for insn in insns if insn]

    def after_calls(self):
        """Indices in code"""
        return (n for n, (_, insn) in enumerate(self.code[:-1], 1)
                if re.match(r"(bnd |notrack |data16 |rex\.W )*call", insn))

    @functools.cached_property
    def returns(self):
        return {self.code[n][0] for n in self.after_calls()}

    @functools.cached_property
    def thread_starts(self):
        """Behind the calls that exit(2) comes after, in libc's clone() and clone3()."""
        return {self.code[n][0] for n in self.after_calls()
                if re.search(r"mov +\$0x3c,%eax.*syscall",
                             ";".join(insn for _, insn in self.code[n:n + 3]))}

    def in_start(self, address):
        """Behind the call of _start, which is short."""
        return self.entry < address <= self.entry + 64


class Process:
    """root: the directory with the guest's files; pid: the guest's."""

    def __init__(self, root, pid, files):
        self.maps = []	# (start, end, offset, File), executable
        self.program = None
        for line in (root / "proc" / pid / "maps").read_text().splitlines():
            fields = line.split(maxsplit=5)
            path = root / fields[5].lstrip("/") if len(fields) == 6 else None
            if "x" not in fields[1] or not path or not path.is_file():
                continue
            file = files.setdefault(path, None) or File(path)
            files[path] = file
            self.program = self.program or file
            start, end = (int(word, 16) for word in fields[0].split("-"))
            self.maps.append((start, end, int(fields[2], 16), file))
        self.starts = [m[0] for m in self.maps]

    def find(self, address):
        """The file, and the address in it; None, None if there is none."""
        at = bisect.bisect_right(self.starts, address) - 1
        if at < 0 or address >= self.maps[at][1]:
            return None, None
        start, _, offset, file = self.maps[at]
        return file, file.address(address - start + offset)

    def has(self, address):
        return self.find(address)[0] is not None

    def is_return(self, address):
        file, inside = self.find(address)
        return file is not None and inside in file.returns

    def is_start(self, address):
        file, inside = self.find(address)
        return file is not None and (inside in file.thread_starts or
                                     file is self.program and file.in_start(inside))
