// SPDX-License-Identifier: GPL-2.0
function choices(id, list) {
	for (const [value, text] of list)
		element(id).add(new Option(text, value));
	element("of-" + id).hidden = list.length < 2 || (list[0][0] === "" && list.length < 3);
}

const distinct = list => [...new Set(list)];

function legend() {
	for (const kind of distinct(frames.kind).sort()) {
		const item = document.createElement("li"), canvas = document.createElement("canvas");
		canvas.width = canvas.height = 28;
		const ctx = canvas.getContext("2d");
		ctx.fillStyle = COLOURS[kinds[kind]][0];
		ctx.fillRect(0, 0, 28, 28);
		if (kinds[kind] === "guess")
			hatch(ctx, 0, 0, 28, 28);
		item.append(canvas, kinds[kind]);
		element("legend").append(item);
	}
}

function head() {
	const {about} = recording;
	const guests = distinct(sources.map(source => source.guest).filter(name => name));
	const said = [`${about.samples} samples of ${events.join(", ")}`];
	const missing = [];
	element("title").textContent = guests.length ? `Guests: ${guests.join(", ")}` : "Host";
	document.title = element("title").textContent;
	if (about.seconds > 0)
		said.push(`${about.seconds.toFixed(1)} s`);
	if (about.host)
		said.push(`host ${about.host}${about.release ? `, ${about.release}` : ""}`);
	if (about.command)
		said.push(about.command);
	element("about").textContent = said.join(" · ");
	if (about.lost)
		missing.push(`${about.lost} samples lost`);
	if (about.left_out)
		missing.push(`${about.left_out} samples of the host left out`);
	if (about.short)
		missing.push(`${about.short} of ${about.guest_samples} of guests without a caller`);
	if (about.unnamed)
		missing.push(`${about.unnamed} in code of guests without a name`);
	element("missing").textContent = missing.length ? `Missing: ${missing.join(", ")}` : "";
}
