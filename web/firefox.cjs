// SPDX-License-Identifier: GPL-2.0
// firefox.cjs FILE: what the Firefox Profiler makes of it, by its own command line: a line for
// each thread, "PROCESS|THREAD|TID SAMPLES", and behind it one for each of its functions, "NAME
// SAMPLES SELF".
"use strict";
const { execFileSync } = require("child_process");
const path = require("path");

const [, , file] = process.argv;
const cli = require.resolve("@firefox-devtools/profiler-cli");
const env = { ...process.env, PROFILER_CLI_SESSION_DIR: path.resolve("fp") };

function profiler(...args) {
	return execFileSync(process.execPath, [cli, ...args],
		{ env, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
}

const ask = (...args) => JSON.parse(profiler(...args, "--json"));

function show(thread) {
	const of = ["--thread", thread.threadHandle, "--include-idle"];
	const { functions } = ask("thread", "functions", ...of);
	const samples = Math.max(...functions.map(f => f.totalSamples));
	const name = `${thread.processName}|${thread.name}|${thread.tid}`;

	console.log(`${name} ${samples}`);
	for (const f of functions)
		console.log(`${name}: ${f.name} ${f.totalSamples} ${f.selfSamples}`);
}

// its server is given half a second to start, which is not enough on a busy machine
function load() {
	try {
		profiler("load", file);
	} catch (error) {
		if (!/did not become ready/.test(error.stderr))
			throw error;
	}
	for (let tries = 0; ; tries++) {
		try {
			return ask("thread", "list", "--limit", "1000").threads;
		} catch (error) {
			if (tries === 100)
				throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
		}
	}
}

try {
	load().forEach(show);
} finally {
	profiler("stop", "--all");
}
