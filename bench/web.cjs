// SPDX-License-Identifier: GPL-2.0
// web.cjs HTML SPEEDSCOPE OUT: how long the flame graph takes in Chromium, and speedscope on the
// same stacks. Medians, in ms, as the browser's clock has it; OUT gets all of them as JSON.
"use strict";
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");
const { chromium } = require("playwright-core");

const [html, profile, out] = process.argv.slice(2).map(name => path.resolve(name));
const ROUNDS = 3, PATIENCE = { timeout: 300000 };
// in the page: until what was changed has been painted
const PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))";

const median = list => list.slice().sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function timed(page, body) {
	return page.evaluate(`(async () => { const start = performance.now(); ${body};
		await ${PAINTED}; return performance.now() - start; })()`);
}

// From the start of the navigation on
const sinceOpened = page => page.evaluate(`${PAINTED}.then(() => performance.now())`);

const ACTIONS = {
	"zoom in": "zoom(widest(widest(widest(-1))))",
	"zoom out": "zoom(-1)",
	"search": "element('search').value = 'function_1'; search(); draw()",
	"a quarter of the time": "setRange(Math.floor(time.buckets / 4), Math.floor(time.buckets / 2))",
	"a thread": "element('thread').selectedIndex = 2; recount()",
	"inverted, for the first time": "element('inverted').click()",
	"zoom in, inverted": "zoom(widest(widest(-1)))",
};

async function ours(browser) {
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	await page.goto(pathToFileURL(html).href, PATIENCE);
	const times = { "first paint": await sinceOpened(page) };
	times.stacks = await page.evaluate("new Set(counts.node).size");
	for (const [name, body] of Object.entries(ACTIONS))
		times[name] = await timed(page, body);
	await page.close();
	return times;
}

// As its command opens a file: by a script that has it
async function speedscope(browser, script) {
	const dir = path.dirname(require.resolve("speedscope/package.json"));
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	const url = pathToFileURL(path.join(dir, "dist/release/index.html")).href;
	await page.goto(`${url}#localProfilePath=${script}`, PATIENCE);
	await page.waitForFunction("document.title.endsWith(' - speedscope')", null, PATIENCE);
	const times = { "first paint": await sinceOpened(page) };
	await page.close();
	return times;
}

async function rounds(name, run) {
	const all = [];
	for (let i = 0; i < ROUNDS; i++) {
		console.log(`${name}: round ${i + 1} of ${ROUNDS}`);
		all.push(await run());
	}
	return Object.fromEntries(Object.keys(all[0]).map(what =>
		[what, median(all.map(times => times[what]))]));
}

async function main() {
	const script = `${out}.speedscope.js`;
	const source = fs.readFileSync(profile).toString("base64");
	fs.writeFileSync(script, `speedscope.loadFileFromBase64("large.speedscope", "${source}")`);
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"] });
	const result = { bytes: fs.statSync(html).size,
		ours: await rounds("flame graph", () => ours(browser)) };
	console.log(`${result.ours.stacks} stacks, a page of ${(result.bytes / 1e6).toFixed(1)} MB`);
	for (const [what, time] of Object.entries(result.ours))
		if (what !== "stacks")
			console.log(`${what}: ${time.toFixed(0)} ms`);
	result.speedscope = await rounds("speedscope", () => speedscope(browser, script));
	for (const [what, time] of Object.entries(result.speedscope))
		console.log(`speedscope, ${what}: ${time.toFixed(0)} ms`);
	await browser.close();
	fs.unlinkSync(script);
	fs.writeFileSync(out, `${JSON.stringify(result, null, "\t")}\n`);
}

main();
