// SPDX-License-Identifier: GPL-2.0
// What tests of the flame graph have in common: Chromium, and one page in it.
"use strict";
const path = require("path");
const { pathToFileURL } = require("url");
const { chromium } = require("playwright-core");

const PHONE = { width: 375, height: 667 }, DESK = { width: 1280, height: 800 };
let browser, failed = false;

async function expect(name, test) {
	try {
		await test();
		console.log(`ok web ${name}`);
	} catch (error) {
		console.log(`${error.message}\nnot ok web ${name}`);
		failed = true;
	}
}

function same(got, expected, what) {
	if (JSON.stringify(got) !== JSON.stringify(expected))
		throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}

// What is not asked for: other files, dialogs, anything on the console.
function watch(page, may = () => false) {
	const seen = [];
	page.on("request", request => may(request) || seen.push(`request ${request.url()}`));
	page.on("dialog", dialog => { seen.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
	page.on("console", message => seen.push(`console ${message.text()}`));
	page.on("pageerror", error => seen.push(`error ${error.message}`));
	return seen;
}

async function open(name, viewport, colorScheme = "light") {
	for (const context of browser.contexts())
		await context.close();
	const page = await browser.newPage({ viewport, colorScheme });
	const url = pathToFileURL(path.resolve(`${name}.html`)).href;
	const seen = watch(page);
	await page.goto(url);
	same(seen, [`request ${url}`], "what the page did");
	return { page, seen };
}

// A browser of its own, which asks this machine; seen is what it should not do.
async function browse(viewport, colorScheme = "light") {
	const context = await browser.newContext({ viewport, colorScheme });
	const page = await context.newPage();
	const seen = watch(page, request => request.url().startsWith("http://127.0.0.1:"));
	return { page, seen };
}

const status = page => page.locator("#status").textContent();
const samplesOf = async page => Number(/(\d+) samples/.exec(await status(page))[1]);

async function press(page, ...keys) {
	for (const key of keys)
		await page.keyboard.press(key);
}

// Each is [NAME, TEST]; the exit status says whether all have passed.
async function run(tests) {
	browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu"] });
	for (const [name, test] of tests)
		await expect(name, test);
	await browser.close();
	process.exitCode = failed ? 1 : 0;
}

const session = () => browser.newBrowserCDPSession();

module.exports = { DESK, PHONE, browse, open, press, run, same, samplesOf, session, status };
