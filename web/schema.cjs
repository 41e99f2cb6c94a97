// SPDX-License-Identifier: GPL-2.0
// schema.cjs FILE SAMPLES: is it what speedscope's schema says, with so many samples?
"use strict";
const fs = require("fs");
const Ajv = require("ajv");

const [, , file, samples] = process.argv;
const schema = JSON.parse(fs.readFileSync(
	require.resolve("speedscope/dist/release/file-format-schema.json"), "utf8"));
const profile = JSON.parse(fs.readFileSync(file, "utf8"));
const validate = new Ajv({ strict: false }).compile(schema);

function complain(text) {
	console.error(`${file}: ${text}`);
	process.exitCode = 1;
}

if (!validate(profile))
	complain(JSON.stringify(validate.errors.slice(0, 5)));
for (const { samples: stacks, weights, endValue } of profile.profiles) {
	const sum = weights.reduce((a, b) => a + b, 0);
	if (sum !== Number(samples) || endValue !== sum || stacks.length !== weights.length)
		complain(`${sum} samples, of ${samples}`);
	if (stacks.flat().some(frame => !(frame in profile.shared.frames)))
		complain("a frame is none");
}
