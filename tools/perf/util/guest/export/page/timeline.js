// SPDX-License-Identifier: GPL-2.0
/* What each vCPU did when; and a range of time, of which the graph then is. */
const CATEGORIES = [
	["guest user", "#56b4e9"], ["guest kernel", "#0072b2"], ["exit, in the host", "#d55e00"],
	["host", "#e69f00"], ["idle, or not sampled", "#bdbdbd"], ["lost", "#f0e442"],
];
const IDLE = 4, LOST = 5;
const STRIP = 16, STRIPS = 256, NARROWEST_COLUMN = 3, FULL = 20, FEWEST = 32;
const {time} = recording;
/* in buckets, the end not included; null for all, with what has no time */
let range = null, slices = null, brushed = -1;

/* Of each count, from first[i] on: buckets and samples in them. */
function readSlices() {
	const list = time.slices, first = new Int32Array(counts.node.length + 1);
	const bucket = new Int32Array(list.length), samples = new Float64Array(list.length);
	let from = 0, to = 0;
	for (let i = 0; i < counts.node.length; i++) {
		let left = list[from++], at = 0;
		for (; left > 0; left--) {
			at += list[from++];
			bucket[to] = at;
			samples[to++] = list[from++];
		}
		first[i + 1] = to;
	}
	return {first, bucket, samples};
}

function samplesInRange(i) {
	if (!range)
		return counts.samples[i];
	slices ??= readSlices();
	let sum = 0;
	for (let k = slices.first[i]; k < slices.first[i + 1]; k++)
		if (slices.bucket[k] >= range[0] && slices.bucket[k] < range[1])
			sum += slices.samples[k];
	return sum;
}

function duration(ns) {
	if (ns >= 1e9)
		return `${(ns / 1e9).toFixed(3)} s`;
	return ns >= 1e6 ? `${(ns / 1e6).toFixed(3)} ms` : `${(ns / 1e3).toFixed(3)} µs`;
}

/* Those of the event that is shown, vCPUs in their order, what is none last. */
function strips() {
	const event = events[Number(element("event").value)], guest = element("guest").value;
	const number = ({vcpu, tid}) => vcpu < 0 ? tid : vcpu;
	return time.rows.filter(row => row.event === event &&
		(guest === "" || (row.guest !== undefined && guest === CHOICES.guest(row))))
		.sort((a, b) => (a.guest === undefined) - (b.guest === undefined) ||
			(a.guest ?? "").localeCompare(b.guest ?? "") || number(a) - number(b));
}

const nameRow = row => row.guest === undefined ? "other threads" : nameVcpu(row);
const sum = list => list.reduce((all, value) => all + value, 0);

/* Of each category, how many samples there are before a bucket. */
function before(list) {
	const sums = new Float64Array(list.length + 1);
	list.forEach((nr, i) => { sums[i + 1] = sums[i] + nr; });
	return sums;
}

/* The samples of a row in some buckets, by category */
function inBuckets(row, from, to) {
	row.before ??= row.samples.map(before);
	return row.before.map(sums => sums[to] - sums[from]);
}

/* The most samples that so many buckets of a row have. */
function fullest(rows, width) {
	let best = 1;
	for (const row of rows)
		for (let from = 0; from < time.buckets; from += width)
			best = Math.max(best, sum(inBuckets(row, from,
				Math.min(from + width, time.buckets))));
	return best;
}

/*
 * How many buckets a column has: so many that it can be seen, and that the fullest has enough
 * samples for others to be compared with. It takes the most that a vCPU can have for all of
 * its time: what has less was idle, or in the host when that is not recorded.
 */
function columns(shown, wide) {
	const vcpus = shown.filter(row => row.guest !== undefined);
	let width = 1;
	while (time.buckets / width > FEWEST && (wide * width / time.buckets < NARROWEST_COLUMN ||
		fullest(shown, width) < FULL))
		width *= 2;
	return {width, full: fullest(vcpus, width)};
}

function drawColumn(ctx, samples, full, x, w, y) {
	let top = y + STRIP - 2;
	samples.forEach((nr, category) => {
		const high = Math.min(nr / full, 1) * (STRIP - 2);
		ctx.fillStyle = CATEGORIES[category][1];
		ctx.fillRect(x, top - high, w, high);
		if (category === LOST && high > 3)
			hatch(ctx, x, top - high, w, high);
		top -= high;
	});
}

/* For names, on the left */
const gutter = wide => Math.min(150, wide / 3);

function drawStrip(ctx, row, {width, full}, y, wide) {
	const start = gutter(wide), scale = (wide - start) / time.buckets;
	const most = row.guest === undefined ? fullest([row], width) : full;
	ctx.fillStyle = CATEGORIES[IDLE][1];
	if (row.guest !== undefined)
		ctx.fillRect(start, y, wide - start, STRIP - 2);
	for (let from = 0; from < time.buckets; from += width) {
		const to = Math.min(from + width, time.buckets);
		drawColumn(ctx, inBuckets(row, from, to), most * (to - from) / width,
			start + from * scale, (to - from) * scale, y);
	}
	ctx.fillStyle = style("--text");
	const name = nameRow(row), fits = Math.floor((start - 6) / ctx.measureText("M").width);
	ctx.fillText(name.length > fits ? `${name.slice(0, fits - 1)}…` : name, 0, y + STRIP / 2);
}

function drawTimeline() {
	if (element("timeline").hidden)
		return;
	const all = strips(), shown = all.slice(0, STRIPS), canvas = element("strips");
	const wide = canvas.parentElement.clientWidth;
	element("more").textContent = all.length > STRIPS ?
		`${all.length - STRIPS} more strips are not shown: choose a guest` : "";
	const high = Math.max(shown.length, 1) * STRIP, start = gutter(wide);
	const ctx = size(canvas, wide, high);
	ctx.fillStyle = style("--page");
	ctx.fillRect(0, 0, wide, high);
	const chosen = columns(shown, wide - start);
	shown.forEach((row, i) => drawStrip(ctx, row, chosen, i * STRIP, wide));
	if (range) {
		const scale = (wide - start) / time.buckets;
		ctx.fillStyle = style("--page");
		ctx.globalAlpha = 0.7;
		ctx.fillRect(start, 0, range[0] * scale, high);
		ctx.fillRect(start + range[1] * scale, 0, (time.buckets - range[1]) * scale, high);
		ctx.globalAlpha = 1;
	}
}

/* @from and @to in any order; all of the time is no range */
function setRange(from, to) {
	const first = Math.max(0, Math.min(from, to, time.buckets - 1));
	const last = Math.min(time.buckets, Math.max(from, to, first + 1));
	range = first === 0 && last === time.buckets ? null : [first, last];
	element("from").value = first;
	element("to").value = last;
	element("from").ariaValueText = duration(first * time.width);
	element("to").ariaValueText = duration(last * time.width);
	element("range").textContent = range ?
		`${duration(first * time.width)} to ${duration(last * time.width)}` :
		"all of the time";
	recount();
}

function bucketAt(event) {
	const box = element("strips").getBoundingClientRect(), start = gutter(box.width);
	return (event.clientX - box.left - start) / (box.width - start) * time.buckets;
}

function stripTip(event) {
	const box = element("strips").getBoundingClientRect(), shown = strips();
	const row = shown[Math.floor((event.clientY - box.top) / STRIP)], at = bucketAt(event);
	if (!row || at < 0 || at >= time.buckets)
		return showTip(event, "");
	const {width} = columns(shown, box.width - gutter(box.width));
	const from = Math.floor(at / width) * width, to = Math.min(from + width, time.buckets);
	const what = inBuckets(row, from, to).map((nr, i) => nr ? `${CATEGORIES[i][0]} ${nr}` : "")
		.filter(text => text);
	showTip(event, `${nameRow(row)}\n${duration(from * time.width)} to ` +
		`${duration(to * time.width)}\n${what.join(", ") || "no samples"}`);
}

function brush() {
	const canvas = element("strips");
	canvas.addEventListener("pointerdown", event => {
		brushed = bucketAt(event);
		canvas.setPointerCapture(event.pointerId);
	});
	canvas.addEventListener("pointermove", event => {
		if (brushed >= 0)
			setRange(Math.floor(Math.min(brushed, bucketAt(event))),
				Math.ceil(Math.max(brushed, bucketAt(event))));
		stripTip(event);
	});
	canvas.addEventListener("pointerup", event => {
		/* a click */
		if (Math.abs(bucketAt(event) - brushed) < 0.001 * time.buckets)
			setRange(0, time.buckets);
		brushed = -1;
	});
	canvas.addEventListener("pointercancel", () => { brushed = -1; });
	canvas.addEventListener("pointerleave", () => { element("tip").hidden = true; });
}

function timeline() {
	if (!time || time.buckets < 2 || !time.rows.length)
		return;
	element("timeline").hidden = false;
	for (const [name, colour] of CATEGORIES)
		addColour("categories", name, colour, name === CATEGORIES[LOST][0]);
	for (const id of ["from", "to"]) {
		element(id).max = time.buckets;
		element(id).addEventListener("input", () => setRange(Number(element("from").value),
			Number(element("to").value)));
	}
	element("to").value = time.buckets;
	element("whole").addEventListener("click", () => setRange(0, time.buckets));
	brush();
	new ResizeObserver(drawTimeline).observe(element("timeline"));
}
