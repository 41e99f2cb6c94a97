// SPDX-License-Identifier: GPL-2.0
// serve.cjs URL PID: perf kvm-callchain serve in Chromium. The link is good for one browser;
// PID is killed in the end. The recordings 2000 and 3000 are made-up.py's.
"use strict";
const { DESK, PHONE, browse, press, run, same } = require("./page.cjs");

const [url, pid] = process.argv.slice(2);
let page, seen;

const text = id => page.locator(`#${id}`).textContent();
const graph = () => page.frameLocator("#graph");
const row = id => page.locator(`button[data-key="Show ${id}"]`);
const enabled = name => until(page, id => !document.getElementById(id).disabled, name);

// Not by waitForFunction(), which compiles in the page: its policy does not let it.
async function until(where, test, argument) {
	for (let i = 0; i < 240; i++) {
		if (await where.evaluate(test, argument))
			return;
		await where.waitForTimeout(250);
	}
	throw new Error(`not within a minute: ${test}`);
}

async function arrives() {
	({ page, seen } = await browse(DESK));
	await page.goto(url);
	await enabled("begin");
	same(new URL(page.url()).search, "", "the token in the address");
	same(await page.evaluate(() => document.cookie), "", "cookies that scripts see");
}

async function again() {
	const other = await browse(DESK);
	await other.page.goto(url);
	same((await other.page.textContent("body")).includes("has been used"), true, "refused");
	await other.page.close();
}

async function records() {
	await page.check("#host");
	await page.selectOption("#event", "cpu-clock");
	await page.click("#begin");
	await until(page, () => element("functions").rows.length > 1);
	await graph().locator("#about").waitFor();
	const first = await graph().locator("#about").textContent();
	await until(page, () => known.state === "recording");
	await page.waitForTimeout(9000);
	if (await graph().locator("#about").textContent() === first)
		throw new Error(`the graph stays as it was: ${first}`);
	await page.screenshot({ path: "serve-live.png" });
}

async function secondBrowser() {
	await page.click("#invite");
	await until(page, () => element("message").textContent.includes("token="));
	const link = /http\S+/.exec(await text("message"))[0];
	const other = await browse(PHONE, "dark");
	await other.page.goto(link);
	await until(other.page, () => known?.state === "recording");
	same(await other.page.evaluate(() => document.documentElement.scrollWidth), PHONE.width,
		"width");
	await other.page.click("#stop");
	await until(other.page, () => known.state === "idle");
	await other.page.screenshot({ path: "serve-phone.png" });
	same(other.seen, [], "what the page did");
	await other.page.close();
	await until(page, () => known.state === "idle");
}

async function reloads() {
	const rows = await page.locator("#recordings tr").count();
	await page.reload();
	await enabled("begin");
	same(await page.locator("#recordings tr").count(), rows, "recordings");
}

async function compares() {
	await row(2000).focus();
	await press(page, "Enter");
	await until(page, () => element("functions").textContent.includes("function_1"));
	await page.selectOption("#old", "3000");
	await graph().getByText("compared", { exact: false }).first().waitFor();
	await page.screenshot({ path: "serve-diff.png" });
}

async function names() {
	await row(3000).click();
	await until(page, () => element("functions").textContent.includes("<script>"));
	await page.waitForTimeout(1000);
	same(await page.locator("main script, main img, main b").count(), 0,
		"elements that a name has made");
	same(await graph().locator("body > script:not([nonce]):not([type])").count(), 0,
		"in the graph");
}

async function confined() {
	const frame = page.frames().find(one => one !== page.mainFrame());
	same(await frame.evaluate(() => origin), "null", "origin of a graph");
	same(seen, [], "what the page did");
	const reached = await frame.evaluate(() => fetch("/recordings").then(() => true, () => false));
	same(reached, false, "a graph asks the server");
}

async function killed() {
	process.kill(Number(pid), "SIGKILL");
	await until(page, () => element("message").textContent.includes("has ended"));
}

run([
	["serve: the link", arrives],
	["serve: the link again", again],
	["serve: a graph while it records", records],
	["serve: a second browser, phone, dark, stops it", secondBrowser],
	["serve: reload", reloads],
	["serve: two compared, by keyboard", compares],
	["serve: names are text", names],
	["serve: a graph is confined", confined],
	["serve: the recorder is killed", killed],
]);
