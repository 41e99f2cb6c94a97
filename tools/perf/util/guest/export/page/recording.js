// SPDX-License-Identifier: GPL-2.0
"use strict";
const recording = JSON.parse(document.getElementById("recording").textContent);
const element = id => document.getElementById(id);
const distinct = list => [...new Set(list)];
const {frames, nodes, counts, sources, events, kinds} = recording;
/* Okabe and Ito's colours, which nearly all people can tell apart; and of the text */
const COLOURS = {
	"process": ["#8a8a8a", "#000"], "host kernel": ["#d55e00", "#000"],
	"host user": ["#e69f00", "#000"], "guest kernel": ["#0072b2", "#fff"],
	"guest module": ["#009e73", "#000"], "guest user": ["#56b4e9", "#000"],
	"guess": ["#cc79a7", "#000"],
};
