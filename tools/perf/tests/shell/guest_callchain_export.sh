#!/bin/bash
# Guest callchains exported to other tools
# SPDX-License-Identifier: GPL-2.0
#
# perf kvm-callchain export: all samples that perf report counts, with the frames it shows,
# and names that are nothing but text, whatever a guest has called its functions.

. "$(dirname "$0")/lib/guest_callchain.sh"
make_up guest_callchain_data 9 own

# files NAME: of the guest, as taken along
files() {
	taken_along "$1"
	cp kallsyms modules perf.data.guests/100/proc/
}

# export ARGUMENT...: to ./got
export_to_got() {
	perf kvm-callchain export -i perf.data "$@" > got 2> errors ||
		failure "export $*: status $?" errors
}

# totals NAME [--host]: are the samples those of the report?
totals() {
	perf kvm-callchain report --stdio --no-children -g none -n -i perf.data "${@:2}" \
		2> /dev/null |
		awk '/%/ && !/^#/ { n += $2 } END { print n }' > expected
	export_to_got --format folded "${@:2}"
	awk '{ n += $NF } END { print n }' got > sum
	mv sum got
	same "$1: total of folded ${*:2}" errors
	export_to_got --format json "${@:2}"
	python3 -c 'import json, sys
print(sum(json.loads(line)["samples"] for line in sys.stdin))' < got > sum
	mv sum got
	same "$1: total of json ${*:2}" errors
}

files web
user='[guest/web];[unknown]_[gu]'
host=';[unknown]_[u];[unknown]_[u]'
cat > expected <<-END
	$user;[unknown]_[gu];guest_entry_[gk];guest_mid_[gk];guest_leaf_[gk] 3
	$user;guest_entry_[gk];mod_leaf_[gm] 3
END
export_to_got --format folded
same "folded" errors
cat > expected <<-END
	$user;[unknown]_[gu];guest_entry_[gk];guest_mid_[gk];guest_leaf_[gk] 3
	$user;[unknown]_[gu];guest_entry_[gk];guest_mid_[gk];guest_leaf_[gk]$host 3
	$user;guest_entry_[gk];mod_leaf_[gm] 3
END
export_to_got --format folded --host
same "folded --host" errors

tr -d '\n' > expected <<-END
	{"event": "cpu-clock", "guest": "web", "comm": "[guest/web]", "pid": 100, "tid": 101,
	 "vcpu": 3, "samples": 3, "period": 3,
	 "stack": [{"name": "[unknown]", "kind": "guest user"},
	 {"name": "guest_entry", "dso": "[guest.kernel/web]", "kind": "guest kernel"},
	 {"name": "mod_leaf", "dso": "[guestmod]", "kind": "guest module"}]}
END
echo >> expected
export_to_got --format json
sed -i '/mod_leaf/!d; s/"event": "[^"]*"/"event": "cpu-clock"/' got
same "json" errors
totals "all have callchains"
totals "all have callchains" --host

# without a callchain, with a lost record, of an event that has none; two events
cat > some.py <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	def events():
	    yield from g.samples(6)
	    yield g.sample(20000, g.MISC_GUEST_KERNEL, g.LEAF, [])
	    yield g.sample(21000, g.MISC_GUEST_KERNEL, g.LEAF, [g.DEFERRED, 77])
	    yield g.sample(22000, g.MISC_GUEST_KERNEL, g.MODULE, [g.DEFERRED, 78])
	    yield g.sample(23000, 5, g.MAIN, [])
	    yield g.sample(24000, g.MISC_KERNEL, 0x1000, [])
	    yield g.lost(24500, 5)
	    yield g.sample(25000, g.MISC_GUEST_KERNEL, g.LEAF, g.KERNEL_CHAIN, g.EVENT_ID + 1)

	attrs = [g.attr(), g.attr(config=3)][:int(sys.argv[2])]
	chosen = [*events()][:None if len(attrs) == 2 else -1]
	with open("perf.data", "wb") as file:
	    file.write(g.perf_data([*g.maps(True), g.comm(1), *chosen], attrs))
END
for events in 1 2; do
	python3 some.py "$lib" $events
	totals "$events events"
	totals "$events events" --host
done
# the kernel counts a lost sample in the buffer and in the event
perf kvm-callchain flamegraph -i perf.data > /dev/null 2> errors || failure "flamegraph" errors
sed -n '/id="recording">$/,/^<.script>/p' guest.html | sed '1d;$d' |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["about"]["lost"])' > got
echo 5 > expected
same "lost samples" errors
export_to_got --format folded
cut -d';' -f1 got | sort -u > events
[ "$(wc -l < events)" = 2 ] || failure "stacks of two events are not told apart" got

# a sample whose record is missing is of the same thread as those that say which vCPU it runs
export_to_got --format json
python3 -c 'import json, sys
print({json.loads(line)["vcpu"] for line in sys.stdin})' < got > vcpus
echo '{3}' > expected
mv vcpus got
same "the vCPU" errors

# inlined: what perf inject makes of it; another perf has all samples, with their chains
make_up guest_callchain_data 9 own
files web
other=${OTHER_PERF:-/usr/bin/perf}
need "$other"
# inlined ARGUMENT...: export the recording
inlined() {
	perf kvm-callchain export --format inlined -i perf.data "$@" 2> errors ||
		failure "inlined $*" errors
}
perf inject --guest-callchain -i perf.data -o expected 2> errors || failure "perf inject" errors
inlined -o inlined.data
stat -c %a inlined.data > mode
cp inlined.data got
cmp got expected || failure "inlined: it is not what perf inject makes"
[ "$(cat mode)" = 600 ] || failure "inlined: who may read it" mode
inlined > got
cmp got expected || failure "inlined, standard output is a file"
echo old > target.data
ln -s target.data link.data
inlined -o link.data
cmp target.data expected || failure "inlined through a link"
[ -L link.data ] || failure "inlined: the link is replaced"
of_guest=(--guestmount "$PWD/perf.data.guests")
"$other" script "${of_guest[@]}" -F ip -i inlined.data 2> errors |
	awk -v RS= '{ $1 = $1; print }' > got
perf script -F ip -i perf.data 2> errors | awk -v RS= '{ $1 = $1; print }' > expected
[ "$(wc -l < expected)" = 9 ] || failure "there are not 9 samples" expected
same "inlined: addresses, by $other"
inlined | "$other" script "${of_guest[@]}" -F ip -i - 2> errors |
	awk -v RS= 'END { print NR }' > got
echo 9 > expected
same "inlined through a pipe, by $other" errors
"$other" kvm --host --guest "${of_guest[@]}" report --stdio -g none --no-children --sort sym -n \
	-i inlined.data 2> errors | awk '/%/ && !/^#/ { n += $2 } END { print n }' > got
perf kvm-callchain report --host --stdio --no-children -g none -n -i perf.data 2> errors |
	awk '/%/ && !/^#/ { n += $2 } END { print n }' > expected
same "inlined: total of $other report"

# names: what parts frames, ends a line, a string, a script; hidden and turned characters
make_up guest_callchain_data 9 own
python3 - <<-'END'
	text = open("kallsyms", encoding="utf-8").read()
	for old, new in (("guest_leaf", "semi;colon"), ("guest_mid", 'quote"back\\slash'),
	                 ("guest_entry", "</script><img/src=x>\u202e"), ("mod_leaf", "x" * 60000)):
	    text = text.replace(old, new)
	open("kallsyms", "w", encoding="utf-8").write(text)
END
files 'a;b"</script>'
export_to_got --format folded
names='</script><img/src=x>?*_\[gk\];quote"back\\slash_\[gk\];semi:colon_\[gk\]'
grep -c '^\[guest/a:b"</script>\];.*;'"$names"' 3$' got > matched || :
[ "$(cat matched)" = 1 ] || failure "folded: names" got
LC_ALL=C grep -q $'[\001-\011\013-\037\200-\237]' got && failure "folded: characters" got
export_to_got --format json
python3 - <<-'END' > names || failure "json: names" got
	import json
	lines = open("got", encoding="utf-8").read()
	assert "<" not in lines and "\u202e" not in lines
	frames = [f["name"] for line in lines.splitlines() for f in json.loads(line)["stack"]]
	assert "semi;colon" in frames and 'quote"back\\slash' in frames, frames
	assert any(f.startswith("</script>") for f in frames), frames
END
totals "odd names"

# the picture is a page with the same samples in it, and two scripts: they, and the page's own
perf kvm-callchain flamegraph --host -i perf.data 2> errors | grep -q '^guest.html: ' ||
	failure "flamegraph" errors
perf kvm-callchain export --format folded --host -i perf.data 2> errors |
	awk '{ n += $NF } END { print n, 2, "nonce" }' > expected
python3 - <<-'END' > got 2> errors || failure "flamegraph: page" errors
	import json, re
	page = open("guest.html", encoding="utf-8").read()
	data = page.split('id="recording">\n')[1].split("\n</script>")[0]
	recording = json.loads(data)
	assert len(recording["nodes"]["depth"]) == len(recording["nodes"]["frame"])
	nonces = set(re.findall("nonce[=-][\"']?([0-9a-f]{32})", page))
	print(sum(recording["counts"]["samples"]), page.count("</script>"),
	      "nonce" if len(nonces) == 1 and not re.search("@[A-Z]+@", page) else nonces)
END
same "flamegraph: page" errors

# time: each sample is in one bucket, of which there are not too many, wherever time jumps to
cat > times.py <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	jumps = [g.sample(time, g.MISC_GUEST_KERNEL, g.LEAF, g.KERNEL_CHAIN)
	         for time in [*range(1000, 900000, 1000), 2 ** 40, 2 ** 62, 5, 2 ** 62 + 1, 7]]
	host = [g.sample(3000, g.MISC_KERNEL, 0x1000, [g.KERNEL, 0x1000])]
	with open("jumps.data", "wb") as file:
	    file.write(g.perf_data([*g.maps(True), g.comm(1), *jumps, *host]))
END
python3 times.py "$lib"
cat > read.py <<-'END'
	import json

	def page(name):
	    data = open(name, encoding="utf-8").read().split('id="recording">\n')[1]
	    return json.loads(data.split("\n</script>")[0])
END
perf kvm-callchain flamegraph -i jumps.data -o jumps.html > /dev/null 2> errors ||
	failure "flamegraph: times" errors
python3 - <<-'END' > got 2> errors || failure "flamegraph: times" errors
	from read import page
	recording = page("jumps.html")
	time, counts = recording["time"], recording["counts"]["samples"]
	slices, inside = iter(time["slices"]), []
	for count in counts:
	    bucket, samples = 0, 0
	    for _ in range(next(slices)):
	        bucket += next(slices)
	        samples += next(slices)
	        inside.append(0 <= bucket < time["buckets"] <= 512)
	    assert samples == count, (samples, count)
	assert next(slices, None) is None
	print(sum(counts), all(inside), [sum(map(sum, row["samples"])) for row in time["rows"]])
END
echo "904 True [905]" > expected
same "flamegraph: times" errors

# two recordings: samples of each
python3 some.py "$lib" 1
for recording in jumps perf; do
	perf kvm-callchain export --format folded -i $recording.data 2> errors |
		awk '{ n += $NF } END { print n }'
done > expected
perf kvm-callchain flamegraph -i jumps.data --diff perf.data -o diff.html > /dev/null 2> errors ||
	failure "flamegraph --diff" errors
perf kvm-callchain flamegraph perf.data jumps.data -o two.html > /dev/null 2> errors ||
	failure "flamegraph OLD NEW" errors
python3 - <<-'END' > got 2> errors || failure "flamegraph --diff" errors
	from read import page
	recording = page("diff.html")
	assert recording == page("two.html")
	counts, sources = recording["counts"], recording["sources"]
	for old in 0, 1:
	    print(sum(samples for samples, source in zip(counts["samples"], counts["source"])
	              if sources[source]["old"] == old))
	both = recording["about"]["samples"] + recording["old"]["samples"]
	assert both == sum(counts["samples"]), both
END
same "flamegraph --diff" errors

# what is wrong is said, and what was there stays
# fails NAME TEXT ARGUMENT...
fails() {
	if perf kvm-callchain export "${@:3}" > got 2> errors; then
		failure "$1: no error"
	fi
	grep -q -e "$2" errors || failure "$1: it does not say" errors
}
fails "format" "There is no format 'svg': it is one of" --format svg -i perf.data
fails "no file" "none.data" --format folded -i none.data
fails "no old file" "none.data" --format html -i perf.data --diff none.data
fails "--diff of folded" "diff is for html" --format folded -i perf.data --diff perf.data
python3 - "$lib" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	host = [g.sample(1000, g.MISC_KERNEL, 0x1000, [g.KERNEL, 0x1000])]
	for name, events in ("host.data", host), ("empty.data", []):
	    with open(name, "wb") as file:
	        file.write(g.perf_data([*g.maps(True), g.comm(1), *events]))
END
echo kept > there
fails "samples of the host only" "--host takes the 1 of the host" \
	--format folded -i host.data -o there
fails "no samples" "there are no samples" --format folded -i empty.data -o there
echo kept > expected
cp there got
same "what was there"
fails "full disk" "/dev/full: No space left" --format folded -i perf.data -o /dev/full
fails "inlined, no file" "/dev/full: a recording is written to a file" \
	--format inlined -i perf.data -o /dev/full
fails "inlined, no recording" "none.data" --format inlined -i none.data -o there
cp there got
same "what was there, inlined"
fails "no directory" "no/file: No such file" --format folded -i perf.data -o no/file
perf kvm-callchain export --format folded -i perf.data -o there 2> errors || failure "-o" errors
export_to_got --format folded
cp got expected
cp there got
same "-o"

# the file that is replaced keeps its mode; a link is written through, not replaced
chmod 600 there
ln -s there link
perf kvm-callchain export --format folded -i perf.data -o there 2> errors || failure "-o" errors
{ stat -c %a there; } > got
echo 600 > expected
same "mode"
echo old > there
perf kvm-callchain export --format folded -i perf.data -o link 2> errors || failure "-o link" errors
[ -L link ] && [ "$(wc -l < there)" -gt 1 ] || failure "-o link: it is replaced"
ls there.* 2> /dev/null && failure "a temporary file is left"

# the recording is not what is written, by whatever name
ln perf.data hard.data
ln -s perf.data soft.data
sha1sum perf.data > expected
perf kvm-callchain export --format none -i perf.data 2>&1 > /dev/null |
	sed -n 's/.* it is one of //p' | tr -d , > formats
[ "$(wc -w < formats)" -ge 5 ] || failure "formats" formats
for format in $(cat formats) flamegraph; do
	of=(export --format "$format")
	[ "$format" != flamegraph ] || of=(flamegraph)
	for name in perf.data hard.data soft.data; do
		if perf kvm-callchain "${of[@]}" -i perf.data -o "$name" > got 2> errors; then
			failure "$format -o $name: no error"
		fi
		grep -q "^$name is the recording itself: choose another file" errors ||
			failure "$format -o $name: it does not say" errors
	done
done
if perf kvm-callchain export --format folded -o perf.data > got 2> errors; then
	failure "-o with the default recording: no error"
fi
if perf kvm-callchain export --format folded -i perf.data >> perf.data 2> errors; then
	failure "appended to the recording: no error"
fi
sha1sum perf.data > got
same "the recording"

exit $failed
