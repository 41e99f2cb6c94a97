// SPDX-License-Identifier: GPL-2.0
// What is recorded, what has been, and what of it is shown.
"use strict";

const REFRESH_MS = 4000;
let known, shown = 0, guests = new Map();

const started = ({ id }) => new Date(id * 1000).toLocaleString();
const ofGuest = pid => pid ? guests.get(pid) ?? `pid ${pid}` : "all guests";

function showState() {
	const { state, left, said } = known;
	element("state").textContent = state === "idle" ? said :
		state === "recording" ? `Recording, ${left} s left` :
		state === "starting" ? "Looking for the guests' symbols" : "Ending";
	element("begin").disabled = state !== "idle";
	element("stop").disabled = state !== "starting" && state !== "recording";
}

function showRecordings() {
	const body = element("recordings");
	const focused = document.activeElement?.dataset?.key;
	body.replaceChildren();
	for (const recording of [...known.recordings].reverse()) {
		const row = make("tr", "", body);
		row.setAttribute("aria-current", recording.id === shown);
		for (const text of [started(recording), ofGuest(recording.pid), recording.event,
				    (recording.bytes / (1 << 20)).toFixed(1)])
			make("td", text, row);
		const cell = make("td", "", row);
		for (const [name, act] of [["Show", () => show(recording.id)],
					   ["Remove", () => remove(recording.id)]]) {
			const button = make("button", name, cell);
			button.dataset.key = `${name} ${recording.id}`;
			button.addEventListener("click", act);
			if (button.dataset.key === focused)
				button.focus();
		}
	}
	offer(element("old"), [[0, "nothing"], ...known.recordings
		.filter(({ id }) => id !== shown).map(one => [one.id, started(one)])]);
}

// The first that is there of a recording is what runs, without a sample.
const hasSamples = id => id !== known.id || known.updates > 1;

async function draw() {
	if (!hasSamples(shown))
		return;
	const id = shown, old = element("old").value;
	const query = old === "0" ? { id } : { id, old };
	const table = await ask("GET", "/table", { id });
	if (!table || id !== shown)
		return;
	say("");
	showFunctions(await table.text());
	// not by src: that would be a step back in the browser's history, every time
	element("graph").contentWindow.location.replace(
		new URL(`/graph?${new URLSearchParams(query)}`, location.href));
}

async function show(id) {
	if (id !== shown)
		element("old").value = "0";
	shown = id;
	const recording = known.recordings.find(one => one.id === id);
	element("what").textContent = recording ?
		`${ofGuest(recording.pid)}, ${recording.event}, ${started(recording)}` : "";
	showRecordings();
	await draw();
}

async function remove(id) {
	await ask("POST", "/remove", { id });
	await refresh();
}

async function refresh() {
	const response = await ask("GET", "/recordings");
	if (!response)
		return;
	const before = known;
	known = await response.json();
	if (!before) {
		offer(element("event"), known.limits.events.map(name => [name, name]));
		element("freq").max = known.limits.freq;
		element("seconds").max = known.limits.seconds;
	}
	showState();
	showRecordings();
	const ended = before && before.id && !known.id && before.id === shown;
	if (known.state === "recording" && shown === known.id || ended)
		await draw();
}

async function look() {
	const response = await ask("GET", "/guests");
	if (!response)
		return;
	guests = new Map((await response.json()).map(({ pid, name }) => [pid, name]));
	offer(element("guest"), [[0, "all guests"],
		...[...guests].map(([pid, name]) => [pid, `${name} (${pid})`])]);
}

element("start").addEventListener("submit", async event => {
	event.preventDefault();
	say("");
	const values = { host: element("host").checked ? 1 : 0, pid: element("guest").value };
	for (const name of ["event", "freq", "seconds"])
		values[name] = element(name).value;
	if (!await ask("POST", "/start", values))
		return;
	await refresh();
	await show(known.id || known.recordings.at(-1)?.id);
});
element("stop").addEventListener("click", async () => {
	await ask("POST", "/stop");
	await refresh();
});
element("look").addEventListener("click", look);
element("old").addEventListener("change", draw);
element("invite").addEventListener("click", async () => {
	const response = await ask("POST", "/invite");
	if (response)
		say(`Good for one browser, once: ${location.origin}${await response.text()}`);
});

// One request at a time: drawing may take longer than the pause.
async function follow() {
	await refresh();
	setTimeout(follow, REFRESH_MS);
}

look();
follow();
