// SPDX-License-Identifier: GPL-2.0
const ROW = 18, NARROWEST = 0.4;

function hatch(ctx, x, y, w, h) {
	ctx.save();
	ctx.beginPath();
	ctx.rect(x, y, w, h);
	ctx.clip();
	ctx.strokeStyle = "rgba(0, 0, 0, .35)";
	ctx.beginPath();
	for (let at = x - h; at < x + w; at += 6) {
		ctx.moveTo(at, y + h);
		ctx.lineTo(at + h, y);
	}
	ctx.stroke();
	ctx.restore();
}

function size(canvas, wide, high) {
	const scale = devicePixelRatio || 1;
	canvas.style.height = `${high}px`;
	const [columns, lines] = [wide, high].map(length => Math.round(length * scale));
	if (canvas.width !== columns || canvas.height !== lines) {
		canvas.width = columns;
		canvas.height = lines;
	}
	const ctx = canvas.getContext("2d");
	ctx.setTransform(scale, 0, 0, scale, 0, 0);
	ctx.font = "12px ui-monospace, monospace";
	ctx.textBaseline = "middle";
	ctx.direction = "ltr";
	return ctx;
}

function makeRoom() {
	const graph = element("graph"), wide = graph.clientWidth, high = graph.clientHeight;
	element("room").style.height = `${Math.max(high, (deepest + 1) * ROW)}px`;
	return [size(element("canvas"), wide, high), wide, high];
}

/* Where a row is, from the top of what is seen. */
function rowTop(level) {
	const graph = element("graph");
	const at = element("flame").checked ?
		element("room").offsetHeight - (level + 1) * ROW : level * ROW;
	return at - graph.scrollTop;
}

function box(ctx, i, x, w, y, letter) {
	const [colour, text, mark] = look(i);
	const hit = found && found[frame[i]];
	ctx.globalAlpha = found && !hit ? 0.35 : 1;
	ctx.fillStyle = hit ? style("--found") : colour;
	ctx.fillRect(x, y, Math.max(w - (w > 2 ? 1 : 0), NARROWEST), ROW - 1);
	if (!old && kindOf(i) === "guess" && w > 4)
		hatch(ctx, x, y, w - 1, ROW - 1);
	ctx.globalAlpha = 1;
	if (w > 3 * letter) {
		const fits = Math.floor((w - 6) / letter), name = mark + frames.name[frame[i]];
		ctx.fillStyle = found ? (hit ? "#000" : style("--text")) : text;
		ctx.fillText(name.length > fits ? name.slice(0, fits - 1) + "…" : name,
			x + 3, y + ROW / 2, w - 4);
	}
	if (i === selected) {
		ctx.strokeStyle = style("--text");
		ctx.lineWidth = 2;
		ctx.strokeRect(x + 1, y + 1, Math.max(w - 3, 1), ROW - 3);
		ctx.lineWidth = 1;
	}
}

let styles = {};
function style(name) {
	styles[name] ??= getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	return styles[name];
}

/* Only what can be seen is looked at: what is too narrow is left with all below it. */
function draw() {
	const [ctx, wide, high] = makeRoom();
	const from = focus < 0 ? 0 : left[focus], span = (focus < 0 ? whole : width[focus]) || 1;
	const letter = ctx.measureText("M").width;

	ctx.fillStyle = style("--page");
	ctx.fillRect(0, 0, wide, high);
	rows = [];
	for (let i = 0; i < nr;) {
		const x = Math.max((left[i] - from) / span, 0) * wide;
		const right = Math.min((left[i] + width[i] - from) / span, 1) * wide;
		if (right - x < NARROWEST) {
			i = end[i];
			continue;
		}
		const y = rowTop(depth[i]);
		(rows[depth[i]] ??= []).push([x, right, i]);
		if (y > -ROW && y < high)
			box(ctx, i, x, right - x, y, letter);
		i++;
	}
}
