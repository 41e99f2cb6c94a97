# SPDX-License-Identifier: GPL-2.0
"""Test lines, as scripts/test.sh counts them, and what each was judged by."""


class Report:
    def __init__(self, prefix):
        self.prefix, self.failed = prefix, False

    def test(self, good, name, *figures):
        self.failed |= not good
        print(f"{'ok' if good else 'not ok'} {self.prefix}-{name}")
        for line in figures:
            print(f"# {line}")
