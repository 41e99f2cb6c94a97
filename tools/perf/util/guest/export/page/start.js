// SPDX-License-Identifier: GPL-2.0
function recount() {
	count();
	search();
	show(selected);
	drawTimeline();
}

function start() {
	head();
	legend();
	filters();
	upright = makeTree(nodes.depth, nodes.frame, null);
	turn();
	timeline();
	element("search").addEventListener("input", () => { search(); draw(); });
	element("flame").addEventListener("change", () => {
		element("graph").scrollTop = element("flame").checked ? 1e9 : 0;
		draw();
	});
	element("inverted").addEventListener("change", () => { turn(); recount(); });
	element("reset").addEventListener("click", () => zoom(-1));
	element("controls").addEventListener("submit", event => event.preventDefault());
	const graph = element("graph");
	graph.addEventListener("scroll", draw);
	graph.addEventListener("mousemove", tip);
	graph.addEventListener("mouseleave", () => { element("tip").hidden = true; });
	graph.addEventListener("click", event => { if (at(event) >= 0) zoom(at(event)); });
	graph.addEventListener("keydown", key);
	document.addEventListener("keydown", event => {
		if (event.key === "/" && event.target !== element("search")) {
			event.preventDefault();
			element("search").focus();
		}
	});
	new ResizeObserver(draw).observe(graph);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
		styles = {};
		draw();
		drawTimeline();
	});
	recount();
}
start();
