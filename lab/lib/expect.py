#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests on a summary.json.

usage: expect.py SUMMARY PREFIX 'NAME OP VALUE'...

VALUE is a number or another name; NAME may be a.b or a.0.b. One test line each.
"""

import json
import operator
import re
import sys

OPERATORS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt}


def look_up(summary, name):
    for part in name.split("."):
        if isinstance(summary, list):
            summary = summary[int(part)] if int(part) < len(summary) else {}
        else:
            summary = summary.get(part, 0)
    return summary


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        summary = json.load(f)
    failed = 0
    for condition in sys.argv[3:]:
        name, op, value = condition.split()
        have = look_up(summary, name)
        want = float(value) if re.match(r"[\d.]+$", value) else look_up(summary, value)
        good = OPERATORS[op](have, want)
        failed += not good
        print(f"{'ok' if good else 'not ok'} lab-{sys.argv[2]}-{name.replace('.', '-')}")
        print(f"# {name} = {have}, wanted {op} {value}" + (f" = {want}" if value != str(want) else ""))
    return min(failed, 99)


if __name__ == "__main__":
    sys.exit(main())
