# SPDX-License-Identifier: GPL-2.0
"""The call paths in which guests spend most samples, for each guest and each vCPU.

usage: perf kvm-callchain script [-i FILE] -s guest-top.py [-- [--limit N] [--depth N]]

A vCPU is told by its thread in the host.
"""

import argparse
import collections
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
import kvm_guest  # noqa: E402

parser = argparse.ArgumentParser(prog="guest-top.py", description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--limit", type=int, default=10, help="paths for each (%(default)s)")
parser.add_argument("--depth", type=int, default=6,
                    help="frames of a path, from the innermost (%(default)s)")
options = parser.parse_args()

# guest name -> thread or None for all -> path -> samples
guests = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))


def process_event(event):
    frames = [f for f in kvm_guest.sample_frames(event) if f.where != kvm_guest.HOST]
    if not frames:
        return
    path = " < ".join(frame.label() for frame in frames[:options.depth])
    guest = guests[kvm_guest.guest_name(event)]
    guest[None][path] += 1
    guest[event["sample"]["tid"]][path] += 1


def show(title, paths):
    total = sum(paths.values())
    print(f"{title}: {total} samples")
    for path, count in sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:options.limit]:
        print(f"  {100 * count / total:6.2f}% {count:8} {path}")


def trace_end():
    for name, threads in sorted(guests.items()):
        show(f"guest {name}", threads.pop(None))
        for tid, paths in sorted(threads.items()):
            show(f"guest {name}, vCPU thread {tid}", paths)
        print()
    kvm_guest.finish()
