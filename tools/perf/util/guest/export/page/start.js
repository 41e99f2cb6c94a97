// SPDX-License-Identifier: GPL-2.0
function recount() {
	count();
	search();
	show(selected);
}

function start() {
	head();
	legend();
	choices("event", events.map((name, i) => [i, name]));
	choices("guest", [["", "all"], ...distinct(sources.map(source => source.guest))
		.map(name => ["=" + name, name || "none: the host"])]);
	choices("thread", [["", "all"],
		...sources.map((source, i) => [i, `${source.comm} ${source.pid}/${source.tid}`])]);
	shape();
	for (const id of ["event", "guest", "thread"])
		element(id).addEventListener("change", recount);
	element("search").addEventListener("input", () => { search(); draw(); });
	element("flame").addEventListener("change", () => {
		element("graph").scrollTop = element("flame").checked ? 1e9 : 0;
		draw();
	});
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
	});
	recount();
}
start();
