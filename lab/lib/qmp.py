#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Send commands to a QEMU monitor.

usage: qmp.py SOCKET COMMAND...
"""

import json
import socket
import sys


def main():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    stream = connection.makefile("rw")
    stream.readline()
    failed = 0
    for command in ['{"execute": "qmp_capabilities"}'] + sys.argv[2:]:
        stream.write(command + "\n")
        stream.flush()
        answer = {}
        while "return" not in answer and "error" not in answer:
            answer = json.loads(stream.readline())
            print(answer)
        failed |= "error" in answer
    return failed


if __name__ == "__main__":
    sys.exit(main())
