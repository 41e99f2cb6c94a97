#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""orc-live.py LIVE LOAD ROOT [SAMPLES]

Unwind a distribution's kernel while it runs. ROOT is where its package was
unpacked; it boots in an emulator, KASLR on, with the program LOAD for init. Again
and again the guest is stopped, at times just after an NMI, and LIVE (orc-live)
unwinds each CPU from its registers, over the stack words it collects in the guest's memory.

What must be true without knowing better than the unwinder: chains end at a root,
whole stacks give the same chains as the words, and return addresses are behind
calls, which, where they are direct, lead to the function that the frame before is
in, or just behind it.
"""
import glob
import json
import mmap
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

LIVE, LOAD, ROOT = sys.argv[1:4]
SAMPLES = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
MEMORY = 256 << 20
CPUS = 2
# The CPU entry area: NMIs that interrupt the kernel are the only ones to use a stack in it here
IST_STACKS = 0xfffffe0000000000 >> 39
ENDS = ['user', 'root', 'max', 'no table', 'no entry', 'no word', 'cut', 'no register',
        'backward', 'off stack', 'bad entry']
failed = False


def result(ok, name, why=''):
    global failed
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} orc live {name}{': ' if why else ''}{why}")


def cpio(files):
    """An initramfs: newc archive of {name: data}, all executable."""
    out = b''
    for ino, (name, data) in enumerate(list(files.items()) + [('TRAILER!!!', b'')]):
        mode = 0o100755 if name != 'TRAILER!!!' else 0
        head = '070701' + ''.join(f'{v:08X}' for v in (
            ino + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0))
        out += head.encode() + name.encode() + b'\0'
        out += b'\0' * (-len(out) % 4) + data
        out += b'\0' * (-len(out) % 4)
    return out


class Guest:
    def __init__(self, tmp, vmlinuz):
        self.ram = f'{tmp}/ram'
        self.console = f'{tmp}/console'
        with open(f'{tmp}/initramfs', 'wb') as f:
            with open(LOAD, 'rb') as load:
                f.write(cpio({'init': load.read()}))
        self.qemu = subprocess.Popen([
            'qemu-system-x86_64', '-nodefaults', '-display', 'none', '-cpu', 'max,la57=off',
            '-accel', 'tcg,thread=multi', '-smp', str(CPUS), '-m', str(MEMORY >> 20),
            '-object', f'memory-backend-file,id=ram,size={MEMORY},mem-path={self.ram},share=on',
            '-machine', 'q35,memory-backend=ram', '-kernel', vmlinuz,
            '-initrd', f'{tmp}/initramfs',
            # 7.3 panics at what the emulator makes of XSAVE
            '-append', 'console=ttyS0 quiet panic=-1' + ' noxsave' * ('vmlinuz-7' in vmlinuz),
            '-serial', f'file:{self.console}', '-qmp', f'unix:{tmp}/qmp,server=on,wait=off'])
        for _ in range(100):
            if os.path.exists(f'{tmp}/qmp'):
                break
            time.sleep(0.1)
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(f'{tmp}/qmp')
        self.qmp = sock.makefile('rw')
        self.qmp.readline()
        self.command('qmp_capabilities')

    def answer(self):
        while True:
            answer = json.loads(self.qmp.readline())
            if 'event' not in answer:
                return answer.get('return')

    def command(self, name, **arguments):
        json.dump({'execute': name, 'arguments': arguments}, self.qmp)
        self.qmp.flush()
        return self.answer()

    def stop_in_nmi(self):
        """Send all CPUs an NMI and stop them while they handle it, with some luck."""
        names = ['inject-nmi', *['query-status'] * random.randrange(8), 'stop']
        self.qmp.write(''.join(json.dumps({'execute': name}) for name in names))
        self.qmp.flush()
        for _ in names:
            self.answer()

    def wait_for(self, what, seconds):
        for _ in range(seconds * 2):
            with open(self.console, errors='replace') as f:
                text = f.read()
            if what in text:
                return text
            if self.qemu.poll() is not None:
                break
            time.sleep(0.5)
        sys.exit(f'not ok orc live: no "{what}" on the console: {text[-500:]}')

    def registers(self):
        """Of every CPU; the guest is stopped."""
        text = self.command('human-monitor-command',
                            **{'command-line': 'info registers -a'})
        cpus = re.split(r'CPU#\d+', text)[1:]
        found = []
        for cpu in cpus:
            regs = {m[1].lower(): int(m[2], 16)
                    for m in re.finditer(r'\b(R[0-9A-Z]{1,2}|CR3) *=([0-9a-f]{8,16})', cpu)}
            regs['cpl'] = int(re.search(r'CPL=(\d)', cpu)[1])
            found.append(regs)
        return found


def is_call(code):
    """May code before a return address end in a call; the offset if it is a direct one."""
    if code[-5] == 0xe8:
        return True, int.from_bytes(code[-4:], 'little', signed=True)
    for n in (2, 3, 4, 6, 7, 8):
        if code[-n] == 0xff and (code[-n + 1] >> 3) & 7 == 2:
            return True, None
    return False, None


def main(tmp):
    vmlinuz, = glob.glob(f'{ROOT}/boot/vmlinuz-*')
    release = os.path.basename(vmlinuz).removeprefix('vmlinuz-')
    guest = Guest(tmp, vmlinuz)
    try:
        text = guest.wait_for('load', 300)
        stext = re.search(r'kallsyms ([0-9a-f]+) . _stext', text)[1]
        live = subprocess.Popen([LIVE, guest.ram, vmlinuz, stext], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        sample(guest, live, release, int(stext, 16))
        live.stdin.close()
        live.wait()
    finally:
        guest.qemu.kill()
        guest.qemu.wait()


def read_linear(ram, cr3, addr, size):
    """Read through the page tables, one page."""
    table = cr3 & 0xffffffffff000
    for level in (39, 30, 21, 12):
        at = table + (addr >> level & 511) * 8
        entry = int.from_bytes(ram[at:at + 8], 'little')
        if not entry & 1:
            return b''
        if level > 12 and entry & 0x80:
            page = entry & 0xffffffffff000 & ~((1 << level) - 1)
            at = page + (addr & ((1 << level) - 1))
            return ram[at:at + size]
        table = entry & 0xffffffffff000
    return ram[table + (addr & 4095):][:size]


def sample(guest, live, release, stext):
    ends, bad_calls, direct, reached, differ = {}, [], 0, 0, 0
    words = raw = kernel = frames = stacks = user = nmis = nmi_roots = turn = 0
    short = []
    with open(guest.ram, 'rb') as f:
        ram = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
    deadline = time.time() + 240
    while kernel < SAMPLES and time.time() < deadline:
        time.sleep(random.uniform(0.001, 0.01))
        turn += 1
        if turn % 4:
            guest.command('stop')
        else:
            guest.stop_in_nmi()
        for r in guest.registers():
            if r['cpl'] == 3:
                user += 1
                continue
            kernel += 1
            print(*(f'{r[n]:x}' for n in ('rip', 'rsp', 'rbp', 'rdx', 'rdi', 'r10', 'r13', 'cr3')),
                  file=live.stdin, flush=True)
            answer = live.stdout.readline().split()
            end = ENDS[int(answer[0])]
            ends[end] = ends.get(end, 0) + 1
            words += int(answer[1])
            raw += int(answer[2])
            differ += answer[3] != '1'
            if r['rsp'] >> 39 == IST_STACKS:
                nmis += 1
                nmi_roots += end in ('user', 'root')
            stacks += int(answer[6]) > 1
            chain = [int(a, 16) for a in answer[7:]]
            frames += len(chain)
            if end not in ('user', 'root'):
                short.append((end, f'{int(answer[5], 16) - stext:x}'))
            for inner, ret in zip(chain, chain[1:]):
                code = read_linear(ram, r['cr3'], ret - 16, 16)
                if len(code) < 16 or ret & 4095 < 16:
                    continue
                call, offset = is_call(code)
                if not call:
                    bad_calls.append((f'{inner - stext:x}', f'{ret - stext:x}'))
                elif offset is not None:
                    direct += 1
                    reached += 0 <= inner - (ret + offset) < 0x4000
        guest.command('cont')

    n = max(kernel, 1)
    roots = ends.get('user', 0) + ends.get('root', 0)
    print(f'# {release}: {kernel} kernel samples, {user} of user mode, {stacks} on more than '
          f'one stack, {frames / n:.1f} frames, ends: {ends}')
    print(f'# {nmis} on the stack that NMIs have, {nmi_roots} of these to a root')
    print(f'# short: {short[:8]}')
    print(f'# behind no call (where interrupted, as a rule): {len(bad_calls)} {bad_calls[:4]}')
    print(f'# direct calls to the function of the frame before: {reached} of {direct}')
    print(f'# bytes a sample: {words / n:.0f} of words, {raw / n:.0f} of stacks')
    result(kernel >= SAMPLES / 4, f'{release}: samples', f'{kernel}')
    result(roots >= 0.98 * kernel, f'{release}: end at a root', f'{roots} of {kernel}')
    result(nmis >= 20 and nmi_roots >= 0.95 * nmis, f'{release}: NMIs, through two stacks',
           f'{nmi_roots} of {nmis}')
    # code between two stacks, for which the kernel's own tables are wrong
    result(differ <= 0.005 * kernel, f'{release}: words are as good as whole stacks',
           f'{differ} differ')
    result(len(bad_calls) <= 0.03 * frames, f'{release}: return addresses are behind calls',
           f'{frames - len(bad_calls)} of {frames}')
    result(words <= raw / 3, f'{release}: at most a third of the stacks',
           f'{words / max(raw, 1):.3f}')
    result(words <= kernel * 819, f'{release}: at most a tenth of 8 KiB',
           f'{words / n:.0f} bytes')


with tempfile.TemporaryDirectory(dir='/dev/shm') as tmp:
    main(tmp)
sys.exit(failed)
