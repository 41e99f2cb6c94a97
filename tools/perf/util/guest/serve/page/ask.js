// SPDX-License-Identifier: GPL-2.0
// To the server, and what it says when it refuses.
"use strict";

const element = id => document.getElementById(id);

function say(text) {
	element("message").textContent = text;
}

// Return: the response, or nothing, having said why
async function ask(method, path, values = {}) {
	const query = new URLSearchParams(values).toString();
	try {
		const response = await fetch(query ? `${path}?${query}` : path, { method });
		if (response.ok)
			return response;
		say(await response.text());
	} catch {
		say("perf kvm-callchain serve has ended.");
	}
	return undefined;
}

function make(name, text, parent) {
	const made = document.createElement(name);
	made.textContent = text;
	parent.append(made);
	return made;
}

// The options of a selection anew, with what was chosen if that is still there.
function offer(select, options) {
	const chosen = select.value;
	select.replaceChildren();
	for (const [value, text] of options)
		make("option", text, select).value = value;
	if (options.some(([value]) => String(value) === chosen))
		select.value = chosen;
}
