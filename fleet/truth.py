#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""truth.py NAME FILE: what a query of fleet.md has to answer, by what made-up.py has counted."""

import collections
import json
import sys
import time

DAY = 1795996800
NOON = DAY + 12 * 3600


def rows(truth):
    """Each as export writes it, in order of its text."""
    return sorted(f'{{"time": {row["time"]}, "host": "{row["host"]}", "guest": "{row["guest"]}", '
                  f'"vcpu": {row["vcpu"]}, "process": "[guest/{row["guest"]}]", '
                  f'"event": "cpu-clock:HG", "stack": "{row["stack"]}", "count": {row["count"]}}}'
                  for row in truth)


def leaf(row):
    return row["stack"].split(";")[-1]


def top(truth):
    samples, guests = collections.Counter(), collections.defaultdict(set)
    for row in truth:
        samples[leaf(row)] += row["count"]
        guests[leaf(row)].add(row["guest"])
    order = sorted(samples, key=lambda name: (-samples[name], name))[:20]
    return (f"{name}\t{samples[name]}\t{len(guests[name])}" for name in order)


def update(truth):
    before, after = collections.Counter(), collections.Counter()
    for row in truth:
        (before if row["time"] < NOON else after)[leaf(row)] += row["count"]
    shares = {name: (round(100 * before[name] / before.total(), 2),
                     round(100 * after[name] / after.total(), 2))
              for name in {*before, *after}}
    order = sorted(shares, key=lambda name: (-round(shares[name][1] - shares[name][0], 2), name))
    return (f"{name}\t{shares[name][0]:g}\t{shares[name][1]:g}" for name in order[:20])


def guest(truth):
    samples, slow = collections.Counter(), collections.Counter()
    for row in truth:
        if row["guest"] == "web-1":
            hour = row["time"] // 3600 * 3600
            samples[hour] += row["count"]
            slow[hour] += row["count"] * ("function_11_[gk]" in row["stack"])
    return (f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(hour))}\t{samples[hour]}\t"
            f"{slow[hour]}" for hour in sorted(samples))


def folded(truth):
    samples = collections.Counter()
    for row in truth:
        if row["guest"] == "web-1" and row["time"] >= NOON:
            samples[row["stack"]] += row["count"]
    return (f"{stack} {samples[stack]}" for stack in sorted(samples))


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        truth = json.load(file)
    for line in globals()[sys.argv[1]](truth):
        print(line)


if __name__ == "__main__":
    main()
