// SPDX-License-Identifier: GPL-2.0
function addColour(list, name, colour, hatched) {
	const item = document.createElement("li"), canvas = document.createElement("canvas");
	canvas.width = canvas.height = 28;
	const ctx = canvas.getContext("2d");
	ctx.fillStyle = colour;
	ctx.fillRect(0, 0, 28, 28);
	if (hatched)
		hatch(ctx, 0, 0, 28, 28);
	item.append(canvas, name);
	element(list).append(item);
}

function legend() {
	for (const [name, colour] of old ? CHANGES : [])
		addColour("legend", name, colour, false);
	for (const kind of old ? [] : distinct(frames.kind).sort())
		addColour("legend", kinds[kind], COLOURS[kinds[kind]][0], kinds[kind] === "guess");
}

function saidOf(about) {
	const said = [`${about.samples} samples`];
	if (about.seconds > 0)
		said.push(`${about.seconds.toFixed(1)} s`);
	if (about.host)
		said.push(`host ${about.host}${about.release ? `, ${about.release}` : ""}`);
	if (about.command)
		said.push(about.command);
	return said.join(" · ");
}

function missingOf(about) {
	const missing = [];
	if (about.lost)
		missing.push(`${about.lost} samples lost`);
	if (about.left_out)
		missing.push(`${about.left_out} samples of the host left out`);
	if (about.short)
		missing.push(`${about.short} of ${about.guest_samples} of guests without a caller`);
	if (about.unnamed)
		missing.push(`${about.unnamed} in code of guests without a name`);
	if (about === recording.about && recording.time?.not_in_it)
		missing.push(`${recording.time.not_in_it} samples not in the timeline`);
	return missing.join(", ");
}

function head() {
	const {about} = recording;
	const guests = distinct(sources.map(source => source.guest).filter(name => name));
	const missing = missingOf(about), missingBefore = old ? missingOf(old) : "";
	element("title").textContent = (guests.length ? `Guests: ${guests.join(", ")}` : "Host") +
		(old ? ", compared" : "");
	document.title = element("title").textContent;
	element("about").textContent = `${events.join(", ")}: ${saidOf(about)}` +
		(old ? `. Compared with ${saidOf(old)}` : "");
	element("missing").textContent = [missing && `Missing: ${missing}`,
		missingBefore && `Missing from what it is compared with: ${missingBefore}`]
		.filter(text => text).join(". ");
}
