# SPDX-License-Identifier: GPL-2.0
"""What the perf-script programs for guests have in common.

A sample is the dictionary that perf script gives to process_event(). Guests may
choose the names of their functions and processes: what is printed goes through
printable().
"""

import os
import sys

CPUMODE_MASK = 7
GUEST_MODES = (4, 5)		# PERF_RECORD_MISC_GUEST_KERNEL, _GUEST_USER

HOST, GUEST_KERNEL, GUEST_USER = "h", "gk", "gu"


def printable(text):
    """The text without anything that a terminal would take for a command."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


class Frame:
    """A frame of a callchain: its address, symbol (or None), DSO and whose it is."""

    def __init__(self, ip, symbol, dso, where):
        self.ip = ip
        self.symbol = symbol
        self.dso = dso
        self.where = where

    def name(self):
        return printable(self.symbol) if self.symbol else "[unknown]"

    def label(self):
        """The name or, without one, the address: for telling frames apart."""
        return self.name() if self.symbol else f"[{self.ip:#x}]"

    def marked(self):
        """The name with whose it is, as in "schedule_[gk]"."""
        return f"{self.name()}_[{self.where}]"


def is_guest_sample(sample):
    return sample.get("cpumode", 0) & CPUMODE_MASK in GUEST_MODES


def frames(sample, chain):
    """The frames of a callchain, innermost first.

    The host's come before the guest's: after the first that is a guest's, all are.
    """
    result = []
    guest = is_guest_sample(sample)
    for entry in chain or []:
        guest = guest or "guest" in entry
        ip = entry["ip"]
        if not guest:
            where = HOST
        else:
            where = GUEST_KERNEL if ip >> 63 else GUEST_USER
        symbol = entry.get("sym", {}).get("name")
        result.append(Frame(ip, symbol, entry.get("dso"), where))
    return result


def sample_frames(event):
    """The frames of process_event()'s argument; at least the sample's own."""
    sample = event["sample"]
    chain = event.get("callchain")
    if not chain:
        chain = [{"ip": sample["ip"], "dso": event.get("dso")}]
        if event.get("symbol"):
            chain[0]["sym"] = {"name": event["symbol"]}
    return frames(sample, chain)


def guest_name(event):
    """The guest's name, or its VMM's pid.

    perf gives it with the guest's frames; and puts it where commands have their
    names, as "[guest/NAME]", if the guest was sampled.
    """
    for entry in event.get("callchain") or []:
        if "guest" in entry:
            return printable(entry["guest"])
    comm = event.get("comm", "")
    if comm.startswith("[guest/") and comm.endswith("]"):
        return printable(comm[len("[guest/"):-1])
    return str(event["sample"]["pid"])


def finish():
    """Flush output; a reader that has seen enough (head) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
