# SPDX-License-Identifier: GPL-2.0
"""All samples of guests with their callchains, as CSV or as a JSON object a line.

usage: perf kvm-callchain script [-i FILE] -s guest-dump.py [-- [--json] [--host]]

Columns: time in ns, guest, pid and tid of the vCPU's thread, cpu, event, period and the
callchain, innermost frame first. A frame is ADDRESS:WHERE:SYMBOL with WHERE h
(host), gk (guest kernel) or gu (guest user); in CSV frames are separated by spaces.
"""

import argparse
import csv
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
import kvm_guest  # noqa: E402

parser = argparse.ArgumentParser(prog="guest-dump.py", description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--json", action="store_true", help="JSON instead of CSV")
parser.add_argument("--host", action="store_true", help="samples without guest frames as well")
options = parser.parse_args()

COLUMNS = ["time", "guest", "pid", "tid", "cpu", "event", "period", "callchain"]
rows = csv.writer(sys.stdout)


def trace_begin():
    if not options.json:
        rows.writerow(COLUMNS)


def process_event(event):
    frames = kvm_guest.sample_frames(event)
    if not options.host and all(frame.where == kvm_guest.HOST for frame in frames):
        return
    sample = event["sample"]
    chain = [f"{frame.ip:#x}:{frame.where}:{frame.name()}" for frame in frames]
    row = [sample["time"], kvm_guest.guest_name(event), sample["pid"], sample["tid"],
           sample["cpu"], event["ev_name"], sample["period"], chain]
    if options.json:
        print(json.dumps(dict(zip(COLUMNS, row))))
    else:
        rows.writerow(row[:-1] + [" ".join(chain)])


def trace_end():
    kvm_guest.finish()
