#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Copy a guest kernel's code as it is in its memory: what it makes of its files when it
boots, and what judges chains by the code (guestcode.py) has to know.

usage: kcore.py KCORE DIR

KCORE is the guest's /proc/kcore. DIR has its proc/kallsyms and proc/modules, and gets
text/ADDRESS, bytes as they are: the kernel from _stext to _etext, and each module.
"""

import pathlib
import struct
import sys

PT_LOAD = 1


def segments(kcore):
    """[(address, offset, bytes)]"""
    head = kcore.read(64)
    at = struct.unpack_from("<Q", head, 0x20)[0]
    size, number = struct.unpack_from("<HH", head, 0x36)
    kcore.seek(at)
    heads = [struct.unpack_from("<IIQQQQQQ", kcore.read(size)) for _ in range(number)]
    return [(h[3], h[2], h[5]) for h in heads if h[0] == PT_LOAD]


def ranges(directory):
    """[(address, bytes)] of code"""
    ends = {}
    for line in (directory / "proc/kallsyms").read_text().splitlines():
        address, _, name, *module = line.split()
        if name in ("_stext", "_etext") and not module:
            ends[name] = int(address, 16)
    yield ends["_stext"], ends["_etext"] - ends["_stext"]
    for line in (directory / "proc/modules").read_text().splitlines():
        fields = line.split()
        yield int(fields[5], 16), int(fields[1])


def main():
    directory = pathlib.Path(sys.argv[2])
    (directory / "text").mkdir()
    with open(sys.argv[1], "rb", buffering=0) as kcore:
        loaded = segments(kcore)
        for address, size in ranges(directory):
            start, offset = next((a, o) for a, o, n in loaded if a <= address and
                                 address + size <= a + n)
            kcore.seek(offset + address - start)
            data = b""
            while len(data) < size:
                data += kcore.read(min(size - len(data), 1 << 17)) or sys.exit("kcore ends")
            (directory / f"text/{address:016x}").write_bytes(data)


if __name__ == "__main__":
    main()
