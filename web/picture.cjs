// SPDX-License-Identifier: GPL-2.0
// picture.cjs HTML PNG: a flame graph as the README shows it.
"use strict";
const fs = require("fs");
const path = require("path");
const { pathToFileURL } = require("url");
const { chromium } = require("playwright-core");

const [html, png] = process.argv.slice(2);
const LARGEST = 100000;

async function main() {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu"] });
	const page = await browser.newPage({ viewport: { width: 1000, height: 1000 } });
	await page.goto(pathToFileURL(path.resolve(html)).href);
	await page.screenshot({ path: png });
	await browser.close();
	if (fs.statSync(png).size > LARGEST)
		throw new Error(`${png} has ${fs.statSync(png).size} bytes, more than ${LARGEST}`);
}

main();
