// SPDX-License-Identifier: GPL-2.0
/* Whose samples are shown. No value of what can be chosen is empty but for all: a name may be. */
const vcpuOf = ({guest, vcpu, tid}) => `${vcpu < 0 ? `t${tid}` : `v${vcpu}`} ${guest}`;
const nameVcpu = ({guest, vcpu, tid}) => `${guest}, ${vcpu < 0 ? `thread ${tid}` : `vCPU ${vcpu}`}`;

const CHOICES = {
	guest: source => `=${source.guest}`,
	vcpu: source => source.guest === "" ? "" : vcpuOf(source),
	process: source => `p${source.pid}`,
};

function isTaken(source, i) {
	const thread = element("thread").value;
	return ["guest", "vcpu"].every(id => element(id).value === "" ||
			element(id).value === CHOICES[id](source)) &&
		(thread === "" || thread === `t${i}` || thread === CHOICES.process(source));
}

function choices(id, list) {
	const known = new Map(list);
	for (const [value, text] of known)
		element(id).add(new Option(text, value));
	element("of-" + id).hidden = known.size < 2 || (known.has("") && known.size < 3);
}

/* A process of several threads, and behind it those. */
function threads() {
	const list = [];
	const order = sources.map((source, i) => i).sort((a, b) =>
		sources[a].pid - sources[b].pid || sources[a].tid - sources[b].tid || a - b);
	for (const i of order) {
		const {pid, tid, comm} = sources[i];
		if (distinct(sources.filter(other => other.pid === pid)
			.map(other => other.tid)).length > 1)
			list.push([`p${pid}`, `${pid}: all of its threads`]);
		list.push([`t${i}`, `${comm} ${pid}/${tid}`]);
	}
	return list;
}

function filters() {
	choices("event", events.map((name, i) => [String(i), name]));
	choices("guest", [["", "all"], ...sources.map(source => [CHOICES.guest(source),
		source.guest || "none: the host"])]);
	choices("vcpu", [["", "all"], ...sources.filter(source => source.guest)
		.map(source => [vcpuOf(source), nameVcpu(source)])]);
	/* threads of two recordings are never the same */
	choices("thread", [["", "all"], ...(old ? [] : threads())]);
	for (const id of ["event", "guest", "vcpu", "thread"])
		element(id).addEventListener("change", recount);
}
