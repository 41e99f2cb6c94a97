// SPDX-License-Identifier: GPL-2.0
function at(event) {
	const graph = element("graph").getBoundingClientRect();
	const x = event.clientX - graph.left, y = event.clientY - graph.top;
	const level = rows.findIndex((row, i) => row && y >= rowTop(i) && y < rowTop(i) + ROW);
	const hit = level < 0 ? null : rows[level].find(([from, to]) => x >= from && x < to);
	return hit ? hit[2] : -1;
}

function show(i) {
	selected = i;
	element("status").textContent = i < 0 ? "" :
		`Level ${depth[i] + 1}: ${describe(i).replaceAll("\n", "; ")}`;
	if (i >= 0) {
		const graph = element("graph"), y = rowTop(depth[i]);
		if (y < 0 || y + ROW > graph.clientHeight)
			graph.scrollTop += y - graph.clientHeight / 2;
	}
	listItems();
	draw();
}

function zoom(i) {
	focus = i;
	show(i);
}

/* Beside the pointer; none if there is nothing to say */
function showTip(event, text) {
	const shown = element("tip");
	shown.hidden = !text;
	if (!text)
		return;
	shown.textContent = text;
	shown.style.left = `${Math.max(4, Math.min(event.clientX + 12,
		innerWidth - shown.offsetWidth - 4))}px`;
	const below = event.clientY + 16;
	shown.style.top = `${below + shown.offsetHeight > innerHeight ?
		Math.max(4, event.clientY - shown.offsetHeight - 8) : below}px`;
}

function tip(event) {
	const i = at(event);
	showTip(event, i < 0 ? "" : describe(i));
}

/* A child that has samples, the first or the next after another; -1 if there is none. */
function child(of, after) {
	let i = after >= 0 ? end[after] : of + 1;
	const last = of < 0 ? nr : end[of];
	while (i < last && !width[i])
		i = end[i];
	return i < last ? i : -1;
}

function sibling(i, back) {
	if (!back)
		return child(parent[i], i);
	let before = -1;
	for (let k = child(parent[i], -1); k >= 0 && k !== i; k = child(parent[i], k))
		before = k;
	return before;
}

function outermost(i, first) {
	let to = child(parent[i], -1);
	for (let k = to; !first && k >= 0; k = child(parent[i], k))
		to = k;
	return to;
}

function widest(of) {
	let best = -1;
	for (let k = child(of, -1); k >= 0; k = child(of, k))
		if (best < 0 || width[k] > width[best])
			best = k;
	return best;
}

function key(event) {
	const outwards = element("flame").checked ? "ArrowDown" : "ArrowUp";
	const inwards = element("flame").checked ? "ArrowUp" : "ArrowDown";
	let to = -2;
	if (event.key === inwards)
		to = widest(selected);
	else if (event.key === outwards)
		to = selected < 0 ? -1 : parent[selected];
	else if (event.key === "ArrowRight" || event.key === "ArrowLeft")
		to = selected < 0 ? widest(-1) : sibling(selected, event.key === "ArrowLeft");
	else if ((event.key === "Home" || event.key === "End") && selected >= 0)
		to = outermost(selected, event.key === "Home");
	else if ((event.key === "Enter" || event.key === " ") && selected >= 0)
		zoom(selected);
	else if (event.key === "Escape")
		zoom(-1);
	else
		return;
	event.preventDefault();
	if (to >= 0)
		show(to);
}
