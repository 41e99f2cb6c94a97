// SPDX-License-Identifier: GPL-2.0
"use strict";
const recording = JSON.parse(document.getElementById("recording").textContent);
const element = id => document.getElementById(id);
const {frames, nodes, counts, sources, events, kinds} = recording;
const ROW = 18, NARROWEST = 0.4;
/* Okabe and Ito's colours, which nearly all people can tell apart; and of the text */
const COLOURS = {
	"process": ["#8a8a8a", "#000"], "host kernel": ["#d55e00", "#000"],
	"host user": ["#e69f00", "#000"], "guest kernel": ["#0072b2", "#fff"],
	"guest module": ["#009e73", "#000"], "guest user": ["#56b4e9", "#000"],
	"guess": ["#cc79a7", "#000"],
};

/*
 * Nodes come as the tree is walked: what is below one is behind it, up to end[]. So widths
 * are a pass from the back, and places one from the front.
 */
const nr = nodes.depth.length;
const depth = new Int32Array(nodes.depth), frame = new Int32Array(nodes.frame);
const parent = new Int32Array(nr), end = new Int32Array(nr);
const total = new Float64Array(nr), self = new Float64Array(nr), left = new Float64Array(nr);
let all = 0, deepest = 0, focus = -1, selected = -1, found = null, rows = [];

function shape() {
	const last = [];
	for (let i = 0; i < nr; i++) {
		parent[i] = depth[i] ? last[depth[i] - 1] : -1;
		last[depth[i]] = i;
		deepest = Math.max(deepest, depth[i]);
		end[i] = i + 1;
	}
	for (let i = nr - 1; i >= 0; i--)
		if (parent[i] >= 0)
			end[parent[i]] = Math.max(end[parent[i]], end[i]);
}

function count() {
	const event = Number(element("event").value), guest = element("guest").value;
	const thread = element("thread").value;
	const taken = sources.map((source, i) => (guest === "" || guest === "=" + source.guest) &&
		(thread === "" || Number(thread) === i));
	self.fill(0);
	for (let i = 0; i < counts.node.length; i++)
		if (counts.event[i] === event && taken[counts.source[i]])
			self[counts.node[i]] += counts.samples[i];
	total.set(self);
	all = 0;
	for (let i = nr - 1; i >= 0; i--)
		if (parent[i] >= 0)
			total[parent[i]] += total[i];
		else
			all += total[i];
	const next = new Float64Array(nr);
	let root = 0;
	for (let i = 0; i < nr; i++) {
		next[i] = left[i] = parent[i] < 0 ? root : next[parent[i]];
		if (parent[i] < 0)
			root += total[i];
		else
			next[parent[i]] += total[i];
	}
	if (focus >= 0 && !total[focus])
		focus = -1;
	if (selected >= 0 && !total[selected])
		selected = -1;
}

function search() {
	const text = element("search").value.toLowerCase();
	let samples = 0;
	found = text && frames.name.map((name, i) => name.toLowerCase().includes(text) ||
		frames.dso[i].toLowerCase().includes(text));
	for (let i = 0; found && i < nr;) {
		/* what is below one is in it already */
		if (found[frame[i]])
			samples += total[i];
		i = found[frame[i]] ? end[i] : i + 1;
	}
	element("matched").textContent = found ? `${share(samples)} matched` : "";
}

const share = samples => `${(100 * samples / (all || 1)).toFixed(2)} %`;
const kindOf = i => kinds[frames.kind[frame[i]]];

function describe(i) {
	const dso = frames.dso[frame[i]];
	const own = self[i] ? `, ${self[i]} in itself` : "";
	return `${frames.name[frame[i]]}\n${kindOf(i)}${dso ? `, ${dso}` : ""}\n` +
		`${total[i]} samples, ${share(total[i])}${own}`;
}
