# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# serve: a guest is recorded through perf kvm-callchain serve, and its frames are in the graph
# and in the table, while it is recorded and afterwards.
load_kvm
start_guest -name guest=alpha,debug-threads=on
copy_guest
start_work
export PERF_CONFIG=/run/perfconfig
printf '[kvm-callchain]\nguestmount = %s\n' "$guestmount" > $PERF_CONFIG
# the host's 9p root has no place for recordings
$perf kvm-callchain serve --listen 127.0.0.1:8707 --directory /tmp/serve \
	> /out/serve.txt 2> /out/serve-errors.txt &
serve=$!

# ask METHOD PATH: the response is in /tmp/body
ask() {
	curl -s -m 300 -f -o /tmp/body -b /tmp/cookies -c /tmp/cookies -X "$1" \
		-H "Origin: http://127.0.0.1:8707" "http://127.0.0.1:8707$2"
}
says() { ask GET "$1" && grep -q "$2" /tmp/body; }
# which of these is shown, of the program's own path and of the kernel's
has_frames() { ask GET "$1" && cp /tmp/body "/out/$2" && grep -q gw_leaf_ "/out/$2" && grep -q entry_SYSCALL_64_after_hwframe "/out/$2"; }

wait_for 60 grep -q token= /out/serve.txt || fail "no link"
expect serve-link ask GET "/?$(sed -n 's/.*?//p' /out/serve.txt)"
expect serve-guests says /guests '"name": "alpha"'
expect serve-start ask POST "/start?pid=$guest_pid&event=cpu-clock&freq=500&seconds=3600&host=0"
expect serve-records wait_for 120 says /recordings '"state": "recording"'
id=$(sed -n 's/.*"state": "[a-z]*", "id": \([0-9]*\),.*/\1/p' /tmp/body)
expect serve-live-table wait_for 120 has_frames "/table?id=$id" live.folded
expect serve-live-graph has_frames "/graph?id=$id" live.html
expect serve-stop ask POST /stop
expect serve-ends wait_for 120 says /recordings '"state": "idle"'
expect serve-table has_frames "/table?id=$id" guest.folded
expect serve-graph has_frames "/graph?id=$id" guest.html
# by perf as root, of the same file
$perf kvm-callchain export --format folded -i "/tmp/serve/$id/perf.data" > /out/root.folded 2> /out/root-errors.txt
expect serve-without-privileges-all-is-there cmp /out/root.folded /out/guest.folded
kill -INT $serve
wait $serve
expect serve-end [ $? = 0 ]
