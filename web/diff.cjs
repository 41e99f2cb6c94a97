// SPDX-License-Identifier: GPL-2.0
// diff.cjs PAGE NEW OLD: the graph of two recordings, PAGE.html, in Chromium. NEW and OLD are
// their folded stacks.
"use strict";
const fs = require("fs");
const { DESK, PHONE, open, press, run, same, status } = require("./page.cjs");

const [name, ...files] = process.argv.slice(2);

// Samples of a frame with all above it, by the names on the way there.
function totals(file) {
	const sums = {};
	for (const line of fs.readFileSync(file, "utf-8").trim().split("\n")) {
		const [, stack, count] = /^(.*) (\d+)$/.exec(line);
		const path = stack.split(";").map(frame => frame.replace(/_\[g[kmu]\]$/, ""));
		for (let i = 1; i <= path.length; i++) {
			const key = path.slice(0, i).join(";");
			sums[key] = (sums[key] ?? 0) + Number(count);
		}
	}
	return sums;
}

const [now, before] = files.map(totals);
const ROOT = "[guest/web]";

const shown = page => page.evaluate(() => {
	const at = {}, path = i => (i < 0 ? [] : [...path(parent[i]), frames.name[frame[i]]]);
	for (let i = 0; i < nr; i++)
		at[path(i).join(";")] = { now: total[i], before: totalOld[i], share: width[i] / whole,
			change: change(i), colour: look(i)[0], mark: look(i)[2] };
	return at;
});

async function counts() {
	const { page, seen } = await open(name, DESK);
	same(await page.title(), "Guests: web, compared", "title");
	const got = await shown(page);
	same(Object.keys(got).sort(), [...new Set([...Object.keys(now), ...Object.keys(before)])].sort(),
		"frames");
	for (const [path, frame] of Object.entries(got)) {
		same([frame.now, frame.before], [now[path] ?? 0, before[path] ?? 0], path);
		// normalised: one recording is three times as long
		const share = ((now[path] ?? 0) / now[ROOT] + (before[path] ?? 0) / before[ROOT]) / 2;
		same(frame.share.toFixed(9), share.toFixed(9), `share of ${path}`);
	}
	same(seen.length, 1, "what the page did");
	await page.screenshot({ path: "diff.png" });
}

// Redder than blue, or the other way round: what the colour-blind can tell, too.
const warmth = colour => parseInt(colour.slice(1, 3), 16) - parseInt(colour.slice(5, 7), 16);

async function colours() {
	const { page } = await open(name, DESK);
	const got = await shown(page), at = path => got[`${ROOT};function_0;${path}`];
	same([got[ROOT].change, at("function_1;function_2").change], [4, 4], "the same");
	same([at("function_4").change, at("function_5").change], [8, 0], "new, and gone");
	same(at("function_1;function_3").change, 5, "1.33 times as much");
	same(["function_4", "function_5"].map(path => at(path).mark), ["+ ", "− "], "marks");
	same(warmth(at("function_4").colour) > 100 && warmth(at("function_5").colour) < -100, true,
		"orange and blue");
	same(warmth(got[ROOT].colour), 0, "grey");
}

async function tips() {
	const { page } = await open(name, DESK);
	await page.focus("#graph");
	await press(page, "ArrowDown");
	same(/now 3000 samples, 100.00 %; before 1000, 100.00 %/.test(await status(page)), true,
		await status(page));
	await press(page, "ArrowDown", "ArrowDown", "ArrowRight");
	same(/function_4; .*now 300 samples, 10.00 %; before 0, 0.00 %; \+10.00 points/
		.test(await status(page)), true, await status(page));
	await page.fill("#search", "function_5");
	same(await page.locator("#matched").textContent(), "0.00 % matched, 20.00 % before", "found");
	await page.check("#inverted");
	same(await page.evaluate("[all, allOld]"), [now[ROOT], before[ROOT]], "samples, inverted");
}

async function phone() {
	const { page } = await open(name, PHONE, "dark");
	same(await page.evaluate("document.documentElement.scrollWidth"), PHONE.width, "width");
	same(await page.locator("#timeline").isVisible(), false, "a timeline of two recordings");
	await page.screenshot({ path: "diff-phone.png" });
}

run([
	["diff: counts and shares", counts],
	["diff: colours", colours],
	["diff: tips, search, inverted", tips],
	["diff: phone, dark", phone],
]);
