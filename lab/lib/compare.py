#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare the guest's profile of itself with ours of the same time.

usage: compare.py DIR

DIR/self.txt.gz is "perf script -F ip" of the guest's own perf record -g;
DIR/perf.data.guest is ours. The guest sampled itself from its own timer
interrupt, with the kernel's own unwinder: another way to the same stacks. Two
things must agree:

 - the shares of the program's leaves. The test is chi-square with the samples
   of each side as counts, at a level (0.1 % and a design effect of 4, as
   samples of one timer are not independent) that a wrong attribution of a few
   percent exceeds;
 - the call paths: each path from the program's main that has at least 2 % of
   one side's samples exists on the other side.

Prints one test line for each. The guest cannot sample code with interrupts off,
and its samples include its own perf: only stacks with the program's main count.
"""

import collections
import gzip
import pathlib
import sys

import check
import perfdata

# 99.9 % points of chi-square for 1 to 20 degrees of freedom
CHI2 = (10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59, 31.26, 32.91,
        34.53, 36.12, 37.70, 39.25, 40.79, 42.31, 43.82, 45.31)
DESIGN_EFFECT = 4


def own_chains(path):
    chain = []
    with gzip.open(path, "rt") as f:
        for line in f:
            if line.strip():
                chain.append(int(line.split()[0], 16))
            elif chain:
                yield chain
                chain = []
    if chain:
        yield chain


def our_chains(path):
    data = perfdata.PerfData(path)
    for sample in data.samples:
        record = data.record(sample)
        if record:
            kernel, user = perfdata.guest_frames(record.ips)
            yield kernel + user


def names(guest, chain):
    result = []
    for n, address in enumerate(chain):
        table = guest.user if address in guest.text else guest.kernel
        result.append(table.name(address - bool(n)))
    return result


def profile(guest, chains):
    """Of the samples with main in their stack: by the program's leaf, and by the
    path of kernel functions above it; the innermost two frames are left out, as
    the two sides interrupt at different points and functions without a frame
    hide their caller there. What an interrupt does, which the guest's own sampling
    cannot see, is left out, too: the path is that of what was interrupted."""
    leaves, paths = collections.Counter(), collections.Counter()
    for chain in chains:
        path = names(guest, chain)
        if path[-2:] != ["main", "_start"]:
            continue
        leaf = [name for name in path if name in check.USER_LEAVES]
        if len(leaf) != 1:
            continue
        leaves[leaf[0]] += 1
        kernel = path[:path.index(leaf[0])]
        entries = [n for n, name in enumerate(kernel)
                   if name.startswith(("asm_sysvec_", "asm_common_interrupt"))]
        if entries:
            del kernel[:entries[-1] + 1]
        paths[" > ".join([leaf[0]] + kernel[:1:-1])] += 1
    return leaves, paths


def chi_square(a, b):
    """Statistic and degrees of freedom of two counts over the same classes."""
    classes = [c for c in a.keys() | b.keys() if a[c] + b[c] >= 20]
    na, nb = sum(a[c] for c in classes), sum(b[c] for c in classes)
    total = 0.0
    for c in classes:
        for have, n in ((a[c], na), (b[c], nb)):
            want = (a[c] + b[c]) * n / (na + nb)
            total += (have - want) ** 2 / want
    return total, len(classes) - 1


def report(good, name, text):
    print(f"{'ok' if good else 'not ok'} {name}")
    print(f"# {text}")
    return good


def main():
    directory = pathlib.Path(sys.argv[1])
    guest = check.Guest(directory, "guestwork", 18)
    own_leaves, own_paths = profile(guest, own_chains(directory / "self.txt.gz"))
    our_leaves, our_paths = profile(guest, our_chains(directory / "perf.data.guest"))
    own, our = sum(own_leaves.values()), sum(our_leaves.values())
    good = report(own >= 200 and our >= 200, "lab-self-samples",
                  f"stacks with main: {own} of the guest's own, {our} of ours")
    if not good:
        return 1
    for leaf in check.USER_LEAVES:
        print(f"#   {leaf:20} own {100 * own_leaves[leaf] / own:6.2f} %   "
              f"ours {100 * our_leaves[leaf] / our:6.2f} %")
    value, degrees = chi_square(own_leaves, our_leaves)
    limit = CHI2[degrees - 1] * DESIGN_EFFECT
    good = report(value <= limit, "lab-self-leaf-shares",
                  f"chi-square {value:.1f}, at most {limit:.1f} for {degrees} degrees of freedom")
    missing = [p for p in our_paths if our_paths[p] >= 0.02 * our and not own_paths[p]] + \
        [p for p in own_paths if own_paths[p] >= 0.02 * own and not our_paths[p]]
    good &= report(not missing, "lab-self-paths",
                   f"{len(our_paths)} paths of ours, {len(own_paths)} of the guest's own; "
                   f"without counterpart: {missing or 'none'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
