# SPDX-License-Identifier: GPL-2.0
"""Folded stacks of guests, for flame graphs: a line a stack, outermost frame first.

usage: perf kvm-callchain script [-i FILE] -s guest-stacks.py [-- --host]

Each frame is marked with whose it is: _[h] host, _[gk] guest kernel, _[gu] guest
user. The first name is the guest's. With --host, samples without guest frames are
there as well.
"""

import argparse
import collections
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
import kvm_guest  # noqa: E402

parser = argparse.ArgumentParser(prog="guest-stacks.py", description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--host", action="store_true", help="samples without guest frames as well")
options = parser.parse_args()

stacks = collections.Counter()


def process_event(event):
    frames = kvm_guest.sample_frames(event)
    if not options.host and all(frame.where == kvm_guest.HOST for frame in frames):
        return
    names = [kvm_guest.guest_name(event)]
    names += [frame.marked() for frame in reversed(frames)]
    stacks[";".join(name.replace(";", ":").replace(" ", "_") for name in names)] += 1


def trace_end():
    for stack, count in sorted(stacks.items()):
        print(stack, count)
    kvm_guest.finish()
