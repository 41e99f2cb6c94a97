// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes come as the tree is walked: what is below one is behind it, up to end[]. So widths
 * are a pass from the back, and places one from the front.
 */
let nr, depth, frame, parent, end, deepest, place;
let total, self, totalOld, selfOld, width, left;
let all = 0, whole = 0, focus = -1, selected = -1, found = null, rows = [];
/* of callers from the leaf; made when it is asked for */
let upright, inverted = null;
const INVERTED_NODES = 4e6;

/* @at says for a node of the recording which one of this tree has its samples */
function makeTree(depths, names, at) {
	const made = {depth: Int32Array.from(depths), frame: Int32Array.from(names), at,
		deepest: 0, cut: 0};
	const nodes = made.depth.length, last = [];
	made.parent = new Int32Array(nodes);
	made.end = new Int32Array(nodes);
	for (let i = 0; i < nodes; i++) {
		const level = made.depth[i];
		made.parent[i] = level ? last[level - 1] : -1;
		last[level] = i;
		made.deepest = Math.max(made.deepest, level);
		made.end[i] = i + 1;
	}
	for (let i = nodes - 1; i >= 0; i--)
		if (made.parent[i] >= 0)
			made.end[made.parent[i]] = Math.max(made.end[made.parent[i]], made.end[i]);
	const sums = ["total", "self", "left", ...(old ? ["totalOld", "selfOld", "width"] : [])];
	for (const sum of sums)
		made[sum] = new Float64Array(nodes);
	/* where there is one recording */
	made.width ??= made.total;
	return made;
}

function use(tree) {
	({depth, frame, parent, end, deepest, at: place, total, self, totalOld, selfOld, width,
		left} = tree);
	nr = depth.length;
	focus = selected = -1;
}

/* Callers that a tree of that many nodes has room for. */
function levels(leaves) {
	let most = upright.deepest + 1;
	const needed = limit => leaves.reduce((sum, leaf) =>
		sum + Math.min(upright.depth[leaf] + 1, limit), 0);
	while (most > 1 && needed(most) > INVERTED_NODES)
		most = most >> 1;
	return most;
}

function invert() {
	const {parent: caller, frame: name} = upright, depths = [], names = [];
	const at = new Int32Array(upright.depth.length);
	const leaves = distinct(counts.node), most = levels(leaves);
	let path = [];
	leaves.sort((a, b) => {
		while (a >= 0 && b >= 0) {
			if (name[a] !== name[b])
				return name[a] - name[b];
			a = caller[a];
			b = caller[b];
		}
		return a - b;
	});
	for (const leaf of leaves) {
		let level = 0, i = leaf;
		while (i >= 0 && level < path.length && path[level] === name[i] && level < most) {
			i = caller[i];
			level++;
		}
		path.length = level;
		for (; i >= 0 && level < most; i = caller[i]) {
			path.push(name[i]);
			depths.push(level++);
			names.push(name[i]);
		}
		at[leaf] = depths.length - 1;
	}
	const made = makeTree(depths, names, at);
	made.cut = most <= upright.deepest ? most : 0;
	return made;
}

function turn() {
	use(element("inverted").checked ? inverted ??= invert() : upright);
	element("cut").textContent = place && inverted.cut ?
		`callers beyond ${inverted.cut} frames are left out` : "";
}

/* What is below a node becomes part of it. */
function addUp(sums) {
	let roots = 0;
	for (let i = nr - 1; i >= 0; i--)
		if (parent[i] >= 0)
			sums[parent[i]] += sums[i];
		else
			roots += sums[i];
	return roots;
}

function sumUp() {
	total.set(self);
	whole = all = addUp(total);
	if (old)
		weigh();
	const next = new Float64Array(nr);
	let root = 0;
	for (let i = 0; i < nr; i++) {
		next[i] = left[i] = parent[i] < 0 ? root : next[parent[i]];
		if (parent[i] < 0)
			root += width[i];
		else
			next[parent[i]] += width[i];
	}
}

function count() {
	const event = Number(element("event").value), taken = sources.map(isTaken);
	self.fill(0);
	selfOld?.fill(0);
	for (let i = 0; i < counts.node.length; i++) {
		const own = sources[counts.source[i]].old ? selfOld : self;
		if (counts.event[i] === event && taken[counts.source[i]])
			own[place ? place[counts.node[i]] : counts.node[i]] += samplesInRange(i);
	}
	sumUp();
	if (focus >= 0 && !width[focus])
		focus = -1;
	if (selected >= 0 && !width[selected])
		selected = -1;
}

function search() {
	const text = element("search").value.toLowerCase();
	let samples = 0, samplesOld = 0;
	found = text && frames.name.map((name, i) => name.toLowerCase().includes(text) ||
		frames.dso[i].toLowerCase().includes(text));
	for (let i = 0; found && i < nr;) {
		/* what is below one is in it already */
		if (found[frame[i]]) {
			samples += total[i];
			samplesOld += old ? totalOld[i] : 0;
		}
		i = found[frame[i]] ? end[i] : i + 1;
	}
	element("matched").textContent = !found ? "" : `${share(samples)} matched` +
		(old ? `, ${shareOld(samplesOld)} before` : "");
}

const share = samples => `${(100 * samples / (all || 1)).toFixed(2)} %`;
const kindOf = i => kinds[frames.kind[frame[i]]];

function describe(i) {
	const dso = frames.dso[frame[i]];
	const own = self[i] && !place ? `, ${self[i]} in itself` : "";
	return `${frames.name[frame[i]]}\n${kindOf(i)}${dso ? `, ${dso}` : ""}\n` +
		(old ? describeChange(i) : `${total[i]} samples, ${share(total[i])}${own}`);
}
