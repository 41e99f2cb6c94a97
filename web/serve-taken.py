#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Ask the recorder of perf kvm-callchain serve what the process that serves pages never would.

serve-taken.py PID takes that process's socket, as somebody would who has taken the process over.
Prints test lines; the last one is of a request after which the recorder ends.
"""

import ctypes
import errno
import os
import signal
import socket
import struct
import sys

PIDFD_GETFD = 438
LIST, STATUS, START, STOP, GRAPH, TABLE, REMOVE = range(7)
GOOD = {"verb": START, "pid": 0, "event": 0, "freq": 99, "seconds": 5, "host": 0}
BAD = [{"verb": 7}, {"verb": 1 << 31}, {"pid": (1 << 22) + 1}, {"pid": 0xffffffff},
       {"event": 5}, {"event": 0xffffffff}, {"freq": 0}, {"freq": 4001}, {"freq": 0xffffffff},
       {"seconds": 0}, {"seconds": 3601}, {"host": 2}]
failed = False


def take(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    for name in os.listdir(f"/proc/{pid}/fd"):
        fd = libc.syscall(PIDFD_GETFD, pidfd, int(name), 0)
        if fd < 0 or not os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
            continue
        taken = socket.socket(fileno=fd)
        if taken.family == socket.AF_UNIX:
            return taken
        taken.close()
    raise SystemExit("it has no socket to the recorder")


def request(serial, verb, pid=0, event=0, freq=0, seconds=0, host=0, recording=0):
    return struct.pack("<8I2Q", serial, verb, pid, event, freq, seconds, host, 0, recording, 0)


def expect(name, passed):
    global failed
    print(f"{'ok' if passed else 'not ok'} web serve: {name}")
    failed |= not passed


def ask(recorder, datagram):
    recorder.send(datagram)
    answer, ancillary, _, _ = recorder.recvmsg(512, 64)
    for _, _, data in ancillary:
        os.close(struct.unpack("i", data)[0])
    return struct.unpack_from("<2I", answer)


def main():
    pid = int(sys.argv[1])
    os.kill(pid, signal.SIGSTOP)
    recorder = take(pid)
    recorder.setblocking(True)
    recorder.settimeout(30)
    answers = [ask(recorder, request(i, **{**GOOD, **bad})) for i, bad in enumerate(BAD)]
    expect("a server that is taken over: values out of bounds",
           answers == [(i, errno.EINVAL) for i in range(len(BAD))])
    expect("a server that is taken over: recordings that are not there",
           [ask(recorder, request(9, verb, recording=other))[1] for verb in (GRAPH, TABLE)
            for other in (0, 7, (1 << 64) - 1)] == [errno.ENOENT] * 6)
    expect("a server that is taken over: what is not there is removed",
           ask(recorder, request(9, REMOVE, recording=7)) == (9, 0))
    expect("a server that is taken over: it is still asked for less",
           ask(recorder, request(9, STATUS)) == (9, 0))
    recorder.send(b"x" * 9000)
    try:
        ended = recorder.recv(1) == b""
    except ConnectionResetError:
        ended = True
    expect("a server that is taken over: a request of another size is the end", ended)
    return failed


if __name__ == "__main__":
    sys.exit(main())
