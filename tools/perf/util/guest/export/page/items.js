// SPDX-License-Identifier: GPL-2.0
/*
 * The graph as a tree for those who do not see it: an element for the frame that is selected,
 * those around it, and the way there. Which ones, the arrow keys decide, as in the picture.
 */
const AROUND = 20;

/* Of a frame's children that have samples, some around the one at @near, with their places. */
function someChildren(of, near) {
	const list = [];
	for (let i = child(of, -1); i >= 0; i = child(of, i))
		list.push(i);
	const first = Math.max(0, list.indexOf(near) - AROUND);
	return list.slice(first, first + 2 * AROUND + 1).map((i, k) =>
		({i, position: first + k + 1, size: list.length}));
}

function addItem({i, position, size}, open) {
	const item = document.createElement("div");
	item.id = `item${i}`;
	item.role = "treeitem";
	item.ariaLevel = depth[i] + 1;
	item.ariaPosInSet = position;
	item.ariaSetSize = size;
	item.ariaSelected = i === selected;
	if (child(i, -1) >= 0)
		item.ariaExpanded = open;
	item.textContent = describe(i).replaceAll("\n", "; ");
	element("items").append(item);
}

function listItems() {
	const way = [];
	element("items").replaceChildren();
	for (let i = selected < 0 ? -1 : parent[selected]; i >= 0; i = parent[i])
		way.unshift(i);
	for (const i of way)
		addItem(someChildren(parent[i], i).find(item => item.i === i), true);
	for (const item of someChildren(way.at(-1) ?? -1, selected)) {
		addItem(item, item.i === selected);
		if (item.i === selected)
			for (const inner of someChildren(selected, -1))
				addItem(inner, false);
	}
	if (selected < 0)
		element("graph").removeAttribute("aria-activedescendant");
	else
		element("graph").setAttribute("aria-activedescendant", `item${selected}`);
}
