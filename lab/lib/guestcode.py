# SPDX-License-Identifier: GPL-2.0
"""The code of a guest's kernel and modules as it is in its memory, from copies of the
guest's files, and whether a call chain is possible in it: no unwinder, no perf.

The kernel changes its code when it boots: indirect calls that need no retpoline,
paravirt operations, alternatives, static calls. What is there in the end is in its
memory, of which kcore.py has made a copy. Without that, its files say where the code
is changed, and a return address at such a place is counted apart.
"""

import bisect
import collections
import lzma
import pathlib
import re
import struct
import subprocess
import zlib

KERNEL_HALF = 1 << 63
JUMP = re.compile(rb"(?=(\xe9....|\x0f[\x80-\x8f]....|[\xeb\x70-\x7f].))", re.S)
# A function's end: a return, jump, trap, or call that does not return, and what aligns the
# next one
ENDS = re.compile(rb"(\xc3|[\xe8\xe9]....|\xeb.|\x0f\x0b|\xcc)"
                  rb"([\x66\x2e]*(\xcc|\x90|\x0f\x1f(\x00|\x40.|\x44..|\x80....|\x84.....)))*$",
                  re.S)
EXECINSTR, RELA, NOBITS = 4, 4, 8
PC32, PLT32 = 2, 4

Section = collections.namedtuple("Section", "name type flags addr offset size link info data")


def unpack(data):
    """What is in data, if it is packed in one of the ways kernels and modules are."""
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor().decompress(data)
    if data[:2] == b"\x1f\x8b":
        return zlib.decompressobj(31).decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        # The size behind a kernel is no frame: zstd complains of it when all is done
        return subprocess.run(["zstd", "-qdc"], input=data, capture_output=True,
                              check=False).stdout
    return data


def vmlinux(path):
    """The ELF file in a bzImage, see Documentation/arch/x86/boot.rst."""
    image = pathlib.Path(path).read_bytes()
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1f1] + 1) * 512 + offset
    return unpack(image[start:start + length])


def elf_sections(elf):
    at = struct.unpack_from("<Q", elf, 0x28)[0]
    size, number, names = struct.unpack_from("<HHH", elf, 0x3a)
    heads = [struct.unpack_from("<IIQQQQIIQQ", elf, at + n * size) for n in range(number)]
    strings = heads[names][4]
    result = []
    for name, kind, flags, addr, offset, length, link, info, _, _ in heads:
        text = elf[strings + name:elf.index(b"\0", strings + name)].decode()
        data = b"" if kind == NOBITS else elf[offset:offset + length]
        result.append(Section(text, kind, flags, addr, offset, length, link, info, data))
    return result


class Functions:
    """Of the guest's kallsyms: where they begin, their names, their modules."""

    def __init__(self, path):
        self.names, self.module, self.globals = collections.defaultdict(list), {}, {}
        with open(path, encoding="ascii", errors="replace") as f:
            for line in f:
                address, kind, name, *module = line.split()
                address = int(address, 16)
                if address < KERNEL_HALF:
                    continue
                if kind in "TW" or name not in self.globals:
                    self.globals[name] = address
                if kind in "tTwW":
                    self.names[address].append(name)
                    self.module[address] = module[0].strip("[]") if module else ""
        self.starts = sorted(self.names)

    def start(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        return self.starts[at] if at >= 0 else 0

    def end(self, start):
        at = bisect.bisect_right(self.starts, start)
        return self.starts[at] if at < len(self.starts) else start

    def name(self, address):
        return self.names.get(self.start(address), ["?"])[0]


class Code:
    """directory: the guest's files in the layout of perf's --guestmount, under its pid."""

    def __init__(self, directory):
        self.functions = Functions(directory / "proc/kallsyms")
        self.regions = []	# (address, bytes), executable
        self.patched = []	# (address, length) of code that the kernel changes
        self.jumps_of = {}
        self.without_file = []
        self._kernel(next((directory / "boot").glob("vmlinuz-*")))
        files = {re.sub(r"\.ko.*", "", f.name).replace("-", "_"): f
                 for f in (directory / "lib/modules").glob("**/*.ko*")}
        for line in (directory / "proc/modules").read_text().splitlines():
            name = line.split()[0]
            if name in files:
                self._module(files[name], directory / "sys/module" / name / "sections")
            else:
                self.without_file.append(name)
        self.regions.sort()
        self.patched.sort()
        self.live = (directory / "text").is_dir()
        if self.live:
            live = [(int(f.name, 16), f.read_bytes()) for f in (directory / "text").iterdir()]
            # What the kernel had for its start is gone, but on the idle task's stack
            self.regions = sorted(live + [r for r in self.regions if not any(
                start <= r[0] < start + len(code) for start, code in live)])
            self.patched = []

    def _kernel(self, path):
        sections = elf_sections(vmlinux(path))
        text = next(s for s in sections if s.name == ".text")
        self._add(sections, {n: s.addr for n, s in enumerate(sections) if s.addr},
                  {n: s.data for n, s in enumerate(sections)},
                  self.functions.globals["_text"] - text.addr)

    def _module(self, path, addresses):
        sections = elf_sections(unpack(path.read_bytes()))
        where = {n: int((addresses / s.name).read_text(), 16) for n, s in enumerate(sections)
                 if s.name and (addresses / s.name).is_file()}
        data = {n: bytearray(s.data) for n, s in enumerate(sections)}
        for s in sections:
            if s.type == RELA and s.info in where:
                self._relocate(data[s.info], where[s.info], s, sections, where)
        self._add(sections, where, data, 0)

    def _relocate(self, data, base, rela, sections, where):
        symbols = sections[rela.link]
        strings = sections[symbols.link].data
        for offset, info, addend in struct.iter_unpack("<QQq", rela.data):
            if info & 0xffffffff not in (PC32, PLT32):
                continue
            name, _, _, section, value, _ = struct.unpack_from("<IBBHQQ", symbols.data,
                                                               (info >> 32) * 24)
            if section:
                value += where.get(section, 0)
            else:
                name = strings[name:strings.index(b"\0", name)].decode()
                value = self.functions.globals.get(name, 0)
            value = (value + addend - base - offset) & 0xffffffff
            struct.pack_into("<I", data, offset, value)

    def _add(self, sections, where, data, slide):
        for n, s in enumerate(sections):
            if s.name.startswith(".init") and not slide:
                continue	# a module's is gone, and others may have its place
            if n in where and s.flags & EXECINSTR and data[n]:
                self.regions.append((where[n] + slide, bytes(data[n])))
            elif n in where and s.name in SITES:
                self.patched += [(address + slide, length)
                                 for address, length in SITES[s.name](where[n], bytes(data[n]))]

    def read(self, address, size):
        """Code, as much of it as there is."""
        at = bisect.bisect_right(self.regions, (address, b"\xff" * 9)) - 1
        if at < 0:
            return b""
        start, data = self.regions[at]
        return data[address - start:address - start + size]

    def is_patched(self, address):
        """Is the code just before address changed by the kernel?"""
        at = bisect.bisect_left(self.patched, (address, 0)) - 1
        return any(site < address <= site + length
                   for site, length in self.patched[max(0, at - 1):at + 1])

    def jumps(self, start):
        """Functions that one goes on in without a call, and whether it may go anywhere."""
        if any(name.endswith("return_thunk") for name in self.functions.names[start]):
            return set(), False
        if start not in self.jumps_of:
            code = self.read(start, min(self.functions.end(start) - start, 1 << 16))
            found = set()
            for m in JUMP.finditer(code):
                to = start + m.end(1) + int.from_bytes(m[1][-4:] if len(m[1]) > 2 else m[1][1:],
                                                       "little", signed=True)
                # What looks like a short jump may be anything
                if m[1][0] in (0xe9, 0x0f) or to in self.functions.names:
                    found.add(self.functions.start(to))
            if not ENDS.search(code[-32:]):
                found.add(self.functions.end(start))	# it goes on in the next one
            anywhere = b"\xff\xe0" in code or any(map(self.is_indirect, found))
            self.jumps_of[start] = found - {start}, anywhere
        return self.jumps_of[start]

    def is_indirect(self, start):
        """Does a call or a jump to it go on to wherever: a thunk or a static call's?
        Where static calls lead is known from the memory."""
        pattern = "__x86_indirect_" if self.live else \
            "__x86_indirect_|__SCT__|__SCK__|__pv_|BUG_func"
        return any(re.match(pattern, name) for name in self.functions.names.get(start, ()))

    def tail_calls(self, start, callee):
        """Does a function reach another without a call? None: it may."""
        seen, now, anywhere = {start}, {start}, False
        for _ in range(6):
            after = set()
            for function in now:
                to, unknown = self.jumps(function)
                anywhere |= unknown
                after |= to
            if callee in after:
                return True
            now = after - seen
            seen |= now
        return None if anywhere else False

    def judge(self, callee, address):
        """A return address by the function whose frame is before it: "direct",
        "tail" (its call leads there by jumps), "indirect", "patched", or what is
        wrong: "no code", "no call", "other function" """
        names = self.functions.names[callee]
        verdict = self._judge(callee, address)
        if verdict == "other function" and any(re.match("__(get|put)_user_", n) for n in names):
            return "indirect"	# an exception's fixup, in place of the function called
        if verdict == "other function" and any(name.endswith("return_thunk") for name in names):
            # One of several, by the CPU; in the files it is the first
            verdict = self._judge(self.functions.globals["__x86_return_thunk"], address)
        return verdict

    def _judge(self, callee, address):
        code = self.read(address - 8, 8)
        if len(code) < 8:
            return "no code"
        if self.is_patched(address):
            return "patched"
        if code[3] == 0xe8:
            target = self.functions.start(address + int.from_bytes(code[4:], "little", signed=True))
            if self.is_indirect(target):
                return "indirect" if self.live else "patched"
            if target == callee:
                return "direct"
            tail = self.tail_calls(target, callee)
            if tail is not False:
                return "tail" if tail else "indirect"
        for n in (2, 3, 4, 6, 7, 8):
            if code[-n] == 0xff and code[1 - n] >> 3 & 7 == 2:
                return "indirect"
        return "other function" if code[3] == 0xe8 else "no call"


def alternatives(base, data):
    """struct alt_instr: before 6.3 twelve bytes, then fourteen"""
    for size in (14, 12):
        if len(data) % size:
            continue
        sites = [(base + n + struct.unpack_from("<i", data, n)[0], data[n + size - 2])
                 for n in range(0, len(data), size)]
        # Offsets of another layout would point nowhere
        if all(abs(site - base) < 1 << 28 and length for site, length in sites):
            return sites
    raise ValueError("unknown layout of .altinstructions")


def retpolines(base, data):
    """From s32 offsets; a call is five bytes, six with a prefix"""
    return [(base + 4 * n + offset, 6)
            for n, (offset,) in enumerate(struct.iter_unpack("<i", data))]


def static_calls(base, data):
    return [(base + 8 * n + offset, 5)
            for n, (offset, _) in enumerate(struct.iter_unpack("<ii", data))]


def paravirt(_, data):
    """struct paravirt_patch_site, up to 6.7: address, type, length"""
    return [(address, length) for address, _, length in struct.iter_unpack("<QBB6x", data)]


SITES = {".altinstructions": alternatives, ".retpoline_sites": retpolines,
         ".static_call_sites": static_calls, ".parainstructions": paravirt}
