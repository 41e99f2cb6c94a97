#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""orc-check.py DUMP OBJTOOL LINUX ROOT

Compare the ORC tables that perf makes of a distribution's kernel and modules, as
printed by DUMP (orc-dump), with those of other readers: the kernel's with a
reading of its sections by readelf, the modules' with `objtool --dump=orc`. ROOT is
where the kernel's package was unpacked, LINUX a Linux source tree.
"""
import glob
import lzma
import os
import re
import struct
import subprocess
import sys
import tempfile

DUMP, OBJTOOL, LINUX, ROOT = sys.argv[1:5]
MODULES = 60

REGS = ['(und)', 'prevsp', 'dx', 'di', 'bp', 'sp', 'r10', 'r13', 'bp(ind)', 'sp(ind)']
# as the kernels' orc_types.h number them
REGS_6 = REGS
REGS_7 = ['(und)', 'ax', 'dx', 'sp', 'bp', 'di', 'r10', 'r13', 'prevsp', 'sp(ind)', 'bp(ind)']
TYPES = ['(und)', 'end', 'call', 'regs', 'regs (partial)']
failed = False


def result(ok, name, why=''):
    global failed
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} orc {name}")
    if not ok and why:
        print(f'# {why}')


def sections(path):
    """name: (address, offset, size) by readelf"""
    found = {}
    out = subprocess.run(['readelf', '-SW', path], capture_output=True, text=True,
                         check=True).stdout
    for m in re.finditer(r'\] (\S+) +(\S+) +([0-9a-f]{16}) ([0-9a-f]+) ([0-9a-f]+) ', out):
        found.setdefault(m[1], (int(m[3], 16), int(m[4], 16), int(m[5], 16)))
    return found


def release_of(path):
    """The major version of a kernel's file, by its banner."""
    with open(path, 'rb') as f:
        return int(re.search(rb'Linux version (\d+)\.', f.read())[1])


def kernel_table(path):
    """[(address, entry)] as the 6.4 layout has them, sorted at build time"""
    secs = sections(path)
    with open(path, 'rb') as f:
        data = f.read()

    addr, offset, size = secs['.orc_unwind_ip']
    rel = struct.unpack_from(f'<{size // 4}i', data, offset)
    ips = [addr + 4 * i + r for i, r in enumerate(rel)]
    _, offset, size = secs['.orc_unwind']
    entries = []
    # of the layouts without .orc_header, Debian's 5.10 and 6.1 have the first one
    old = '.orc_header' not in secs
    numbers = REGS_7 if release_of(path) >= 7 else REGS_6
    for sp, bp, flags in struct.iter_unpack('<hhH', data[offset:offset + size]):
        sp_reg, bp_reg = (REGS.index(numbers[n]) for n in (flags & 15, flags >> 4 & 15))
        if old:
            kind, end = (flags >> 8 & 3) + 2, flags >> 10 & 1
            signal = int(kind != 2)
            if not sp_reg:
                kind = end
        else:
            kind, signal = flags >> 8 & 7, flags >> 11 & 1
        entries.append((sp_reg, sp, bp_reg, bp, kind, signal))
    return list(zip(ips, entries))


def hide_hash(path, to):
    """Have a kernel as one that nobody knows the layout of. False if it has no hash."""
    _, offset, size = sections(path).get('.orc_header', (0, 0, 0))
    with open(path, 'rb') as f:
        data = bytearray(f.read())
    data[offset:offset + size] = bytes(size)
    with open(to, 'wb') as f:
        f.write(data)
    return size


def check_unknown(vmlinux, release, want, tmp):
    """From BTF and the kernel's code comes the same as from the hash, but for what is rare."""
    unknown = os.path.join(tmp, 'unknown')
    if not hide_hash(vmlinux, unknown):
        return
    got, _ = read_dump([unknown])
    other = [(g, w) for g, w in zip(got, want) if g != w]
    rare = [w for _, w in other if REGS[w[1][0]] in ('dx', 'di', 'r13')]
    result(len(got) == len(want) and len(rare) == len(other) <= 50,
           f'{release}: of an unknown layout: all but {len(other)} entries', f'{other[:3]}')


def read_dump(args):
    """entries [(address, entry)] and [(module, {section: address}, error)]"""
    out = subprocess.run([DUMP] + args, capture_output=True, text=True, check=True).stdout
    entries, modules = [], []
    for line in out.splitlines():
        words = line.split()
        if words[0] == 'module':
            modules.append([words[1], {}, None])
        elif words[0] == 'section':
            modules[-1][1].setdefault(words[1], int(words[2], 16))
        elif words[0] == 'error':
            modules[-1][2] = ' '.join(words[1:])
        elif words[0] != 'memory':
            entries.append((int(words[0], 16), tuple(map(int, words[1:]))))
    return entries, modules


def objtool_reg(reg, offset):
    if reg == 0:
        return '(und)'
    if reg == 8:
        return f'(bp{offset:+d})'
    if reg == 9:
        return f'(sp){offset:+d}'
    return f'{REGS[reg]}{offset:+d}'


def objtool_text(entry):
    sp_reg, sp, bp_reg, bp, kind, signal = entry
    return (f'type:{TYPES[kind]} sp:{objtool_reg(sp_reg, sp)} '
            f'bp:{objtool_reg(bp_reg, bp)} signal:{signal}')


def objtool_table(path, placed):
    """[(address, text)] of the code that is not .init*, terminators first"""
    out = subprocess.run([OBJTOOL, '--dump=orc', path], capture_output=True, text=True,
                         check=True).stdout
    table = []
    for line in out.splitlines():
        where, text = line.split(':', 1)
        name, offset = where.rsplit('+', 1)
        if name.startswith('.init') or name not in placed:
            continue
        table.append((placed[name] + int(offset, 16), text))
    # the weak ones first, else as they are
    table.sort(key=lambda e: (e[0], not e[1].startswith('type:(und)')))
    return table


def unpack_module(path, to):
    if not path.endswith('.xz'):
        return path
    name = os.path.join(to, os.path.basename(path)[:-3])
    with lzma.open(path) as packed, open(name, 'wb') as f:
        f.write(packed.read())
    return name


def check_kernel(vmlinuz, tmp):
    vmlinux = os.path.join(tmp, 'vmlinux')
    with open(vmlinux, 'wb') as f:
        subprocess.run([f'{LINUX}/scripts/extract-vmlinux', vmlinuz], stdout=f, check=True)
    want = kernel_table(vmlinux)
    got, _ = read_dump([vmlinuz])
    release = os.path.basename(vmlinuz)
    result(got == want, f'{release}: {len(want)} entries',
           next((f'{g} instead of {w}' for g, w in zip(got, want) if g != w),
                f'{len(got)} entries'))
    check_unknown(vmlinux, release, want, tmp)


def check_modules(vmlinuz, paths, tmp):
    entries, modules = read_dump([vmlinuz] + paths)
    by_address = {}
    for ip, entry in entries:
        by_address.setdefault(ip, []).append(objtool_text(entry))

    nr = 0
    for path, placed, error in modules:
        want = objtool_table(unpack_module(path, tmp), placed)
        bad = [w for w in want if w[1] not in by_address.get(w[0], [])]
        # the last one at an address is what the look-up finds
        last = {ip: text for ip, text in want}
        bad += [(ip, text) for ip, text in last.items()
                if by_address.get(ip, [''])[-1] != text]
        nr += len(want)
        if bad or (error and want):
            result(False, os.path.basename(path), f'{error or ""} {bad[:1]}')
    in_modules = sum(len(v) for ip, v in by_address.items() if ip >= 0xffffffffa0000000)
    result(in_modules == nr, f'{len(modules)} modules: {nr} entries', f'{in_modules}')


def check_all_modules(vmlinuz, paths):
    _, modules = read_dump([vmlinuz] + paths)
    bad = [(os.path.basename(m[0]), m[2]) for m in modules
           if m[2] and 'no ORC' not in m[2] and 'no code' not in m[2]]
    result(len(modules) == len(paths) and not bad,
           f'all {len(paths)} modules load', f'{bad[:3]}')


with tempfile.TemporaryDirectory() as tmp:
    for vmlinuz in glob.glob(f'{ROOT}/boot/vmlinuz-*'):
        paths = sorted(glob.glob(f'{ROOT}/**/*.ko', recursive=True) +
                       glob.glob(f'{ROOT}/**/*.ko.xz', recursive=True))
        check_kernel(vmlinuz, tmp)
        check_all_modules(vmlinuz, paths[::8])
        # objtool knows the layout of its own Linux only
        if 'vmlinuz-6.12' not in vmlinuz:
            continue
        if os.path.exists(OBJTOOL):
            check_modules(vmlinuz, paths[::len(paths) // MODULES], tmp)
        else:
            print('skip orc modules against objtool # make kernel builds it')
sys.exit(failed)
