// SPDX-License-Identifier: GPL-2.0
// timeline.cjs RECORDING TIMES ALL: the timeline of RECORDING.html in Chromium, and what can be
// chosen. TIMES and ALL have the thread and the time of each sample, as perf script says: of
// the guest, and of the host as well. RECORDING.json says what each vCPU did, RECORDING.folded
// has the stacks.
"use strict";
const fs = require("fs");
const { DESK, PHONE, open, press, run, same } = require("./page.cjs");

const [recording, guests, host] = process.argv.slice(2);
const lines = name => fs.readFileSync(name, "utf-8").trim().split("\n");
// in ns, which are more than a number holds when they are from the epoch on
const times = name => lines(name).map(line => line.split(" ")).map(([tid, time]) =>
	({ tid: Number(tid), time: BigInt(time) }));
const samples = times(guests);
const start = times(host).reduce((least, { time }) => time < least ? time : least, 1n << 62n);

// Those in buckets, a thread's or all.
function expected([from, to], width, tid) {
	return samples.filter(sample => sample.time >= start + BigInt(from * width) &&
		sample.time < start + BigInt(to * width) && (!tid || sample.tid === tid)).length;
}

const chosen = page => page.evaluate("({ range, all, width: time.width, buckets: time.buckets })");

async function isRight(page, tid) {
	const { range, all, width } = await chosen(page);
	if (!range)
		throw new Error("no range is chosen");
	same(all, expected(range, width, tid), `samples in ${range}`);
	return all;
}

async function drag(page, from, to) {
	const box = await page.locator("#strips").boundingBox();
	const gutter = await page.evaluate("gutter(element('strips').clientWidth)");
	const at = share => box.x + gutter + share * (box.width - gutter);
	await page.mouse.move(at(from), box.y + 8);
	await page.mouse.down();
	await page.mouse.move(at((from + to) / 2), box.y + 8);
	await page.mouse.move(at(to), box.y + 8);
	await page.mouse.up();
}

async function brush() {
	const { page, seen } = await open(recording, DESK);
	const { all, buckets } = await chosen(page);
	same(all, samples.length, "samples");
	same(buckets > 256 && buckets <= 512, true, `${buckets} buckets are as many as promised`);
	for (const [from, to] of [[0.1, 0.3], [0.9, 0.6], [0.2, 1.5]]) {
		await drag(page, from, to);
		const { range } = await chosen(page);
		const wanted = [from, to].sort().map(share => Math.min(share, 1) * buckets);
		if (Math.abs(range[0] - wanted[0]) > 2 || Math.abs(range[1] - wanted[1]) > 2)
			throw new Error(`chosen are ${range}, wanted ${wanted}`);
		same(await isRight(page) < all, true, "fewer than all");
	}
	await page.screenshot({ path: "timeline.png" });
	await page.click("#whole");
	same((await chosen(page)).all, all, "samples of all of the time");
	same(seen.length, 1, "what the page did");
}

async function keyboard() {
	const { page } = await open(recording, DESK);
	await page.focus("#from");
	await press(page, ...Array(20).fill("ArrowRight"));
	await press(page, "Tab", ...Array(30).fill("ArrowLeft"));
	const { range, buckets } = await chosen(page);
	same(range, [20, buckets - 30], "range");
	await isRight(page);
	same(/s to .* s$/.test(await page.locator("#range").textContent()), true, "it says so");
	same(await page.evaluate("element('from').ariaValueText !== null"), true, "aria-valuetext");
	await press(page, "Tab", "Enter");
	same((await chosen(page)).range, null, "range after the button");
}

// What is drawn at a time, from the foot of a strip.
const colour = (page, row, share) => page.evaluate(([row, share]) => {
	const canvas = element("strips"), start = gutter(canvas.width);
	return [...canvas.getContext("2d").getImageData(start + share * (canvas.width - start),
		(row + 1) * STRIP - 5, 1, 1).data].slice(0, 3).map(c => c.toString(16).padStart(2, "0"))
		.join("");
}, [row, share]);

async function categories() {
	const { page } = await open(recording, DESK);
	const got = await page.evaluate(() => Object.fromEntries(strips().map(row =>
		[nameRow(row), inBuckets(row, 0, time.buckets)])));
	same(got, JSON.parse(fs.readFileSync(`${recording}.json`)), "samples by category");
	for (const [share, category] of [[0.12, 1], [0.37, 2], [0.62, 4], [0.87, 1]])
		same(`#${await colour(page, 0, share)}`, await page.evaluate(`CATEGORIES[${category}][1]`),
			`vCPU 0 after ${share} of the time`);
	const box = await page.locator("#strips").boundingBox();
	await page.mouse.move(box.x + box.width / 2 - 50, box.y + 8);
	same(/^web, vCPU 0\n.*\nexit, in the host \d+$/.test(await page.locator("#tip").textContent()),
		true, "the tip");
}

async function filters() {
	const { page } = await open(recording, DESK);
	await page.selectOption("#vcpu", { label: "web, vCPU 1" });
	same((await chosen(page)).all, expected([0, 512], 2 ** 40, 102), "samples of a vCPU");
	await drag(page, 0.3, 0.5);
	await isRight(page, 102);
	await page.selectOption("#vcpu", "");
	await page.selectOption("#thread", { label: "100: all of its threads" });
	await isRight(page);
}

async function inverted() {
	const { page } = await open(recording, DESK);
	const leaves = {}, callers = {};
	for (const line of lines(`${recording}.folded`)) {
		const [, stack, count] = /^(.*) (\d+)$/.exec(line);
		const path = stack.split(";").map(name => name.replace(/_\[g[kmu]\]$/, "")).reverse();
		leaves[path[0]] = (leaves[path[0]] ?? 0) + Number(count);
		const pair = path.slice(0, 2).join("<");
		callers[pair] = (callers[pair] ?? 0) + Number(count);
	}
	await page.check("#inverted");
	const got = await page.evaluate(() => {
		const at = [{}, {}], name = i => frames.name[frame[i]];
		for (let i = 0; i < nr; i++)
			if (depth[i] < 2)
				at[depth[i]][depth[i] ? `${name(parent[i])}<${name(i)}` : name(i)] = total[i];
		return at;
	});
	const sorted = counts => Object.entries(counts).sort();
	same(sorted(got[0]), sorted(leaves), "leaves");
	same(sorted(got[1]), sorted(callers), "callers of leaves");
	await drag(page, 0.3, 0.5);
	await isRight(page);
	await page.uncheck("#inverted");
	same(await page.evaluate("frames.name[frame[0]]"), "[guest/web]", "the root, back again");
	await isRight(page);
}

async function phone() {
	const { page } = await open(recording, PHONE, "dark");
	same(await page.evaluate("document.documentElement.scrollWidth"), PHONE.width, "width");
	await drag(page, 0.2, 0.7);
	await isRight(page);
	await page.screenshot({ path: "timeline-phone.png", fullPage: true });
}

run([
	["timeline: brush", brush],
	["timeline: keyboard", keyboard],
	["timeline: categories", categories],
	["timeline: phone, dark", phone],
	["filters by vCPU and process", filters],
	["inverted", inverted],
]);
