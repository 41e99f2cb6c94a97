# SPDX-License-Identifier: GPL-2.0
"""What the guests do, scenario by scenario, and what must be seen of it.

A path is told from the root to the leaf: lists of functions, each under the mode
its code runs in. NUMBER is what the guest finds in rdi (guest64.S: scenarios).
"""

from dataclasses import dataclass, field

MODE_32, MODE_64 = 2, 3
MODE_MASK = 0x3
SHORT_MASK = 0xfff00

MAX_STACK = 0x100
UNMAPPED = 0x200
BAD_PTE = 0x400
UNREADABLE = 0x800
NONCANONICAL = 0x1000
MISALIGNED = 0x2000
BACKWARD = 0x4000
BAD_RETURN = 0x8000
DEVICE = 0x40000
STALE = 0x80000


def funcs(prefix, last, first=1):
    return [f"{prefix}{i:02d}" for i in range(first, last + 1)]


@dataclass
class Scenario:
    """One guest run under record.

    path:    what the chain must be, root first
    record, vmm: options of the two programs
    flags:   why the chain is short, where it must be
    spin:    functions that have no frame of their own: busy with what a
             hostile guest has in rbp. The frames after them are in tail.
    tail:    return sites expected after the sample, innermost first
    frames:  at most that many (record -s)
    touched: the tables must differ afterwards (the comparison's own test)
    events:  how many events record opens
    user_only: the kernel's frames are not wanted (record -k)
    blind:   nothing but the sample's address can be known
    sections: there must be some
    """
    name: str
    number: int
    path: list
    record: str = ""
    vmm: str = ""
    elf: str = "guest64"
    mode: int = MODE_64
    base: int = 0
    flags: int = 0
    spin: str = ""
    tail: list = field(default_factory=list)
    frames: int = 0
    touched: bool = False
    tracepoint: bool = False
    events: int = 1
    user_only: bool = False
    blind: bool = False
    sections: bool = False
    milliseconds: int = 250

    def command(self):
        record = f"/record -F 1000 {self.record}".rstrip()
        if self.events > 1:
            record += f" -n {self.events}"
        if self.frames:
            record += f" -s {self.frames}"
        vmm = f"/tinyvmm -t {self.milliseconds} {self.vmm}".rstrip()
        if self.base:
            vmm += f" -b {self.base:#x}"
        return f"{self.name} {record} {vmm} /{self.elf} {self.number}"


def bad(name, number, flags, tail=(), **options):
    """The guest spins in run_NAME with something odd in rbp."""
    return Scenario(f"bad-{name}", number, [], flags=flags, spin=f"run_{name}",
                    tail=list(tail), milliseconds=120, **options)


def device(name, number, record="", vmm="", **options):
    """What would have to be read is in a device's registers."""
    return Scenario(f"device-{name}", number, [], record=record, vmm=f"-d /dev/labdevice {vmm}",
                    flags=DEVICE, milliseconds=120, **options)


DEVICE_MODES = {"frames": "", "words": "-w", "user-stack": "-u 4096", "all": "-w -u 4096"}


KERNEL = [("K", ["run_kernel"] + funcs("k", 20))]

SCENARIOS = [
    Scenario("kernel", 0, KERNEL),
    Scenario("user", 1, [("U", ["user_plain"] + funcs("u", 20))]),
    Scenario("syscall", 2, [("U", ["user_syscall"] + funcs("v", 10)),
                            ("K", ["entry_syscall"] + funcs("s", 10))], milliseconds=500),
    Scenario("interrupt", 3, [("U", ["user_interrupt"] + funcs("w", 10)),
                              ("K", ["entry_int80"] + funcs("i", 5))]),
    Scenario("nested-interrupt", 4, [("U", ["user_nested"] + funcs("v", 10)),
                                     ("K", ["entry_syscall"] + funcs("n", 3) +
                                      ["entry_int80"] + funcs("i", 5))]),
    Scenario("cold-kernel-stack", 5, [("K", ["run_kcold"] + funcs("c", 10))]),
    Scenario("cold-user-stack", 6, [("U", ["user_cold"] + funcs("d", 4))]),
    Scenario("tables-compare", 5, [("K", ["run_kcold"] + funcs("c", 10))],
             vmm="-x", touched=True, milliseconds=120),
    Scenario("compat", 7, [("U", ["user_compat"] + funcs("x", 10))], mode=MODE_32),
    Scenario("pae", 0, [("K", ["run_pae"] + funcs("p", 10))], elf="guest32", mode=MODE_32),
    Scenario("pae-segment-base", 0, [("K", ["run_pae"] + funcs("p", 10))], elf="guest32",
             mode=MODE_32, base=0x10000000),
    bad("noncanonical", 8, NONCANONICAL),
    bad("misaligned", 9, MISALIGNED),
    bad("unmapped", 10, UNMAPPED),
    bad("hole", 11, UNREADABLE),
    bad("wild", 12, UNREADABLE),
    bad("backward", 13, BACKWARD, ["k01_ret"]),
    bad("loop", 14, BACKWARD, ["k01_ret", "k02_ret"]),
    bad("badret", 15, BAD_RETURN),
    *(device(f"stack-{mode}", 17, record, spin="run_device", sections="-w" in record)
      for mode, record in DEVICE_MODES.items()),
    *(device(f"ustack-{mode}", 18, record, spin="user_device")
      for mode, record in DEVICE_MODES.items()),
    *(device(f"tables-{mode}", 0, record, "-c", blind=True)
      for mode, record in DEVICE_MODES.items()),
    Scenario("max-stack", 0, KERNEL, frames=8, flags=MAX_STACK, milliseconds=120),
    # more frames of the kernel than of both are wanted
    Scenario("user-frames-only", 2, [("U", ["user_syscall"] + funcs("v", 10)),
                                     ("K", ["entry_syscall"] + funcs("s", 10))],
             record="-k", frames=8, user_only=True, flags=MAX_STACK,
             milliseconds=500),
    Scenario("per-cpu", 1, [("U", ["user_plain"] + funcs("u", 20))], record="-a"),
    Scenario("two-events", 2, [("U", ["user_syscall"] + funcs("v", 10)),
                               ("K", ["entry_syscall"] + funcs("s", 10))], events=2),
    Scenario("tracepoint", 16, [("K", ["run_cpuid"] + funcs("m", 20))],
             record="-e kvm/kvm_exit", tracepoint=True),
    # both take the same cookie: one walk answers both
    Scenario("tracepoint-two-events", 16, [("K", ["run_cpuid"] + funcs("m", 20))],
             record="-e kvm/kvm_exit", tracepoint=True, events=2),
]
