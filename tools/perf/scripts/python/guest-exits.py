# SPDX-License-Identifier: GPL-2.0
"""Why guests exit to the host, and from which call paths.

usage: perf kvm-callchain script --host [-i FILE] -s guest-exits.py [-- [--limit N] [--depth N]]

FILE is from perf kvm-callchain record --exits. The numbers of exit reasons are
those of the CPU's vendor (VMX: SDM volume 3, appendix C; SVM: APM volume 2,
appendix C); the frequent ones have names here.
"""

import argparse
import collections
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
import kvm_guest  # noqa: E402

VMX, SVM = 1, 2		# kvm_exit's field isa
REASONS = {
    VMX: {0: "EXCEPTION_NMI", 1: "EXTERNAL_INTERRUPT", 7: "INTERRUPT_WINDOW", 10: "CPUID",
          12: "HLT", 18: "VMCALL", 28: "CR_ACCESS", 30: "IO_INSTRUCTION", 31: "MSR_READ",
          32: "MSR_WRITE", 40: "PAUSE", 44: "APIC_ACCESS", 48: "EPT_VIOLATION",
          49: "EPT_MISCONFIG", 52: "PREEMPTION_TIMER", 56: "APIC_WRITE"},
    SVM: {0x60: "INTR", 0x61: "NMI", 0x64: "VINTR", 0x72: "CPUID", 0x77: "PAUSE", 0x78: "HLT",
          0x7b: "IOIO", 0x7c: "MSR", 0x81: "VMMCALL", 0x400: "NPF",
          0x401: "AVIC_INCOMPLETE_IPI", 0x402: "AVIC_UNACCELERATED_ACCESS"},
}

parser = argparse.ArgumentParser(prog="guest-exits.py", description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--limit", type=int, default=10, help="paths for each reason (%(default)s)")
parser.add_argument("--depth", type=int, default=6,
                    help="frames of a path, from the innermost (%(default)s)")
options = parser.parse_args()

# (guest, reason) -> path -> exits
exits = collections.defaultdict(collections.Counter)


def reason_name(fields):
    number = fields["exit_reason"]
    return REASONS.get(fields.get("isa"), {}).get(number, f"{number:#x}")


def trace_unhandled(event_name, context, fields, event):
    if event_name != "kvm__kvm_exit":
        return
    frames = kvm_guest.frames(event["sample"], event.get("callchain"))
    path = [frame.label() for frame in frames if frame.where != kvm_guest.HOST]
    key = kvm_guest.guest_name(event), reason_name(fields)
    exits[key][" < ".join(path[:options.depth]) or "-"] += 1


def trace_end():
    for (guest, reason), paths in sorted(exits.items(), key=lambda item: -sum(item[1].values())):
        print(f"guest {guest}, {reason}: {sum(paths.values())} exits")
        ranked = sorted(paths.items(), key=lambda item: (-item[1], item[0]))
        for path, count in ranked[:options.limit]:
            print(f"  {count:8} {path}")
    kvm_guest.finish()
