// SPDX-License-Identifier: GPL-2.0
// Functions by their samples, out of folded stacks: "OUTER;...;LEAF COUNT" a line.
"use strict";

const ROWS = 100;

function countFunctions(folded) {
	const self = new Map(), total = new Map();
	let all = 0;
	for (const line of folded.split("\n")) {
		const space = line.lastIndexOf(" ");
		if (space < 0)
			continue;
		const count = Number(line.slice(space + 1)), frames = line.slice(0, space).split(";");
		all += count;
		const leaf = frames[frames.length - 1];
		self.set(leaf, (self.get(leaf) ?? 0) + count);
		// a function that calls itself has its samples once
		for (const name of new Set(frames))
			total.set(name, (total.get(name) ?? 0) + count);
	}
	return { self, total, all };
}

function showFunctions(folded) {
	const { self, total, all } = countFunctions(folded), body = element("functions");
	const names = [...total.keys()].sort((a, b) => (self.get(b) ?? 0) - (self.get(a) ?? 0) ||
		total.get(b) - total.get(a));
	body.replaceChildren();
	for (const name of names.slice(0, ROWS)) {
		const row = make("tr", "", body);
		for (const count of [self.get(name) ?? 0, total.get(name)])
			make("td", `${(100 * count / all).toFixed(2)} %`, row);
		make("td", name, row);
	}
}
