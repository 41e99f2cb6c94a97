// SPDX-License-Identifier: GPL-2.0
/*
 * Two recordings in one graph. As one may be longer, shares are compared, and a frame is as wide
 * as the mean of its shares: what is gone is seen, too.
 */
const old = recording.old ?? null;
/* From less to more: blue and orange, which those see as well who do not see red or green */
const CHANGES = [
	["a quarter or less", "#08519c", "#fff"], ["half or less", "#4292c6", "#000"],
	["0.7 times or less", "#9ecae1", "#000"], ["less", "#d6e6f4", "#000"],
	["no more than chance", "#d9d9d9", "#000"],
	["more", "#fee6ce", "#000"], ["1.4 times or more", "#fdae6b", "#000"],
	["twice or more", "#e6701a", "#000"], ["four times or more", "#8c2d04", "#fff"],
];
const SAME = 4, CERTAIN = 2;
let allOld = 0;

const shareOld = samples => `${(100 * samples / (allOld || 1)).toFixed(2)} %`;

/* An index into CHANGES. By chance two shares differ by a standard error or so. */
function change(i) {
	const now = total[i] / (all || 1), before = totalOld[i] / (allOld || 1);
	const both = (total[i] + totalOld[i]) / (all + allOld);
	const error = Math.sqrt(both * (1 - both) * (1 / (all || 1) + 1 / (allOld || 1)));
	if (now === before || Math.abs(now - before) < CERTAIN * error)
		return SAME;
	const times = Math.abs(Math.log2(now / before));
	const steps = [0.5, 1, 2].filter(step => times >= step).length;
	return SAME + Math.sign(now - before) * (1 + steps);
}

function describeChange(i) {
	const points = 100 * (total[i] / (all || 1) - totalOld[i] / (allOld || 1));
	return `now ${total[i]} samples, ${share(total[i])}; before ${totalOld[i]}, ` +
		`${shareOld(totalOld[i])}\n` +
		`${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)} points: ` +
		CHANGES[change(i)][0];
}

function weigh() {
	totalOld.set(selfOld);
	allOld = addUp(totalOld);
	for (let i = 0; i < nr; i++)
		width[i] = total[i] / (all || 1) + totalOld[i] / (allOld || 1);
	whole = (all ? 1 : 0) + (allOld ? 1 : 0);
}

/* Colours of a frame and of its name, and what is to be in front of that */
function look(i) {
	const level = old ? change(i) : SAME;
	if (!old)
		return [...COLOURS[kindOf(i)], ""];
	return [...CHANGES[level].slice(1), level < SAME ? "− " : level > SAME ? "+ " : ""];
}
