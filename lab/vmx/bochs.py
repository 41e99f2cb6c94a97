#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""bochs.py OUT [SECONDS]: boot OUT/disk.img in Bochs and follow its console.

The console goes to OUT/serial.log; its "=== " lines are shown. Ends when the
console says "=== done", with status 0; or with status 1 when Bochs ends before
that, the kernel panics, or the time is up. Bochs is always gone afterwards.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

BOOT_SECONDS = 300

BOCHSRC = """\
cpu: model=corei7_sandy_bridge_2600k, count=1, ips=100000000, ignore_bad_msrs=1, reset_on_triple_fault=0
memory: guest=512, host=512
romimage: file=/usr/share/seabios/bios.bin
vgaromimage: file=/usr/share/seabios/vgabios-stdvga.bin
ata0-master: type=disk, path={out}/disk.img, mode=flat, cylinders=32, heads=16, spt=63
boot: disk
display_library: term
clock: sync=none
com1: enabled=1, mode=file, dev={out}/serial.log
log: {out}/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
sound: driver=dummy
speaker: enabled=0
"""


def start(out):
    """Start Bochs on a terminal of its own: it draws the screen there."""
    for name in ("disk.img.lock", "serial.log"):
        if os.path.exists(f"{out}/{name}"):
            os.unlink(f"{out}/{name}")
    with open(f"{out}/bochsrc", "w") as f:
        f.write(BOCHSRC.format(out=out))
    with open(f"{out}/bochs.commands", "w") as f:
        f.write("c\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "vt100"
        # our end is Bochs's end
        os.execvp("setpriv", ["setpriv", "--pdeathsig", "KILL", "bochs-bin", "-q",
                              "-f", f"{out}/bochsrc", "-rc", f"{out}/bochs.commands"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    return pid, terminal


def drain(terminal, seconds):
    """Take what Bochs draws, for that long. False when it has gone."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            break
        try:
            if not os.read(terminal, 65536):
                return False
        except OSError:
            return False
    return True


class Console:
    """The lines of serial.log as they come."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.rest = ""

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, errors="replace") as f:
            f.seek(self.offset)
            text = f.read()
            self.offset = f.tell()
        *lines, self.rest = (self.rest + text).split("\n")
        return [line.rstrip("\r") for line in lines]


def follow(out, terminal, seconds):
    """Returns "done", or why not."""
    console = Console(f"{out}/serial.log")
    begin = time.monotonic()
    booted = False
    while True:
        alive = drain(terminal, 0.5)
        for line in console.lines():
            if line.startswith("=== "):
                booted = True
                print(f"vmx: {time.monotonic() - begin:4.0f} s  {line[4:]}", flush=True)
            if line == "=== done":
                return "done"
            if "Kernel panic" in line:
                return "panic"
        if not alive:
            return "Bochs ended" if booted else "never booted"
        if not booted and time.monotonic() - begin > BOOT_SECONDS:
            return "never booted"
        if time.monotonic() - begin > seconds:
            return f"not done after {seconds} s"


def stop(out, pid, terminal):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
    os.close(terminal)
    if os.path.exists(f"{out}/disk.img.lock"):
        os.unlink(f"{out}/disk.img.lock")


def boot(out, seconds):
    pid, terminal = start(out)
    try:
        return follow(out, terminal, seconds)
    finally:
        stop(out, pid, terminal)


def main():
    out = os.path.abspath(sys.argv[1])
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result = boot(out, seconds)
    if result == "done":
        return 0
    print(f"vmx: {result}; the console's end:")
    if os.path.exists(f"{out}/serial.log"):
        with open(f"{out}/serial.log", errors="replace") as f:
            print("".join(f.readlines()[-25:]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
