#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# serve.sh PERF: perf kvm-callchain serve by curl and in a browser, as root. It records this
# machine itself, as there are no guests; recordings of guests are made-up.py's, which test.sh
# has left in build/web. Screenshots are left there, too.
set -uo pipefail
web=$(realpath "$(dirname "$0")")
. "$web/../scripts/expect.sh"
perf=$(realpath "$1")
cd "${BUILD:-$web/../build}/web" || exit
[ "$(id -u)" = 0 ] || { echo "not ok web serve: it records this machine, as root"; exit 1; }
export NODE_PATH=$PWD/node_modules
store=$PWD/serve
trap '[ -z "${serve-}" ] || kill "$serve" 2> /dev/null' EXIT

# begin [OPTION...]: have it serve. Sets serve (its pid), host (ADDRESS:PORT), token and server,
# the pid of the process that serves pages
begin() {
	"$perf" kvm-callchain serve --listen 127.0.0.1:0 --directory "$store" "$@" \
		> serve.out 2> serve.err &
	serve=$!
	local i url=
	for ((i = 0; i < 100 && ${#url} == 0; i++)); do
		sleep 0.1
		url=$(sed -n 's|^http://||p' serve.out)
	done
	host=${url%%/*} token=${url##*=}
	[ -n "$url" ] || { cat serve.out serve.err; echo "not ok web serve: it starts"; exit 1; }
	server=$(cat /proc/$serve/task/$serve/children)
	server=${server%% *}
}

# http METHOD PATH [CURL-OPTION...]: the status; the response is in ./body
http() {
	curl -s -m 60 -o body -D headers -w '%{http_code}' -X "$1" -b "kvm_callchain_${host##*:}=${cookie-}" \
		"${@:3}" "http://$host$2"
}

# gives STATUS METHOD PATH [CURL-OPTION...]
gives() {
	local status
	status=$(http "${@:2}")
	[ "$status" = "$1" ] || { echo "status $status, not $1:"; head -c 300 body; return 1; }
}
# the same from our own page
acts() { gives "$1" POST "$2" -H "Origin: http://$host" "${@:3}"; }

# enter: use the token. Sets cookie
enter() {
	gives 303 GET "/?token=$token" || return
	cookie=$(sed -n 's/^Set-Cookie: [a-z_0-9]*=\([0-9a-f]*\);.*/\1/p' headers)
	[ ${#cookie} = 32 ]
}

# now FILTER: of what is recorded, as JSON
now() {
	http GET /recordings > /dev/null
	python3 -c "import json; d = json.load(open('body')); print($1)"
}

# becomes STATE: within a minute
becomes() {
	local i
	for ((i = 0; i < 120; i++)); do
		[ "$(now 'd["state"]')" != "$1" ] || return 0
		sleep 0.5
	done
	cat body
	return 1
}

# total ID: samples in its table
total() { http GET "/table?id=$1" > /dev/null; awk '{ n += $NF } END { print n + 0 }' body; }

# samples FILE: as perf script counts them
samples() { "$perf" kvm-callchain script --host -F tid -i "$1" 2> /dev/null | grep -c .; }

gone() {
	local pid i
	for pid; do
		for ((i = 0; i < 300; i++)); do
			[ -e "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" || break
			sleep 0.1
		done
		[ $i -lt 300 ] || { echo "$pid is still there"; return 1; }
	done
}

# put ID RECORDING: among its recordings
put() {
	mkdir -p "$store/$1"
	cp "$2.data" "$store/$1/perf.data"
	cp -r "$2.data.guests" "$store/$1/perf.data.guests"
	echo "0 0 99 10 0" > "$store/$1/asked"
}

# is_user USER PID [LINE...]: a process without privileges, with these lines in its status
is_user() {
	local want
	for want in "Uid:	$1	$1	$1" "Gid:	$1	$1	$1" 'CapPrm:	0000000000000000' \
		    'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'NoNewPrivs:	1' "${@:3}"; do
		grep -q "^$want" "/proc/$2/status" || { echo "not: $want"; return 1; }
	done
}

# the process that draws a graph, as long as it does
drawing() {
	local pid
	for pid in $(cat "/proc/$serve/task/$serve/children"); do
		[[ $(tr '\0' ' ' < "/proc/$pid/cmdline") != "perf kvm-callchain flamegraph "* ]] || echo "$pid"
	done
}

# draws_as_nobody ID: of a recording that takes a while; as a user of its own, in a network of its
# own, without a terminal
draws_as_nobody() {
	local pid i asked user status=1
	http GET "/graph?id=$1" > /dev/null &
	asked=$!
	for ((i = 0; i < 500; i++)); do
		pid=$(drawing)
		[ -z "$pid" ] || break
		sleep 0.02
	done
	user=$((0x7f000000 + pid))
	is_user $user "$pid" "Uid:	$user	$user	$user	$user" && [ "$(cut -d' ' -f6 "/proc/$pid/stat")" = "$pid" ] && [ "$(grep -c : "/proc/$pid/net/dev")" = 1 ] &&
		status=0
	wait $asked
	return $status
}

has_nothing() {
	is_user 65534 "$server" 'Seccomp:	2' || return
	diff <(ls "/proc/$server/root/" | grep -v '^[0-9]*$') /dev/null
}

refuses_values() {
	local good="pid=0&event=cpu-clock&freq=99&seconds=5&host=1" bad
	for bad in freq=0 freq=4001 freq=-1 freq=9x freq= seconds=0 seconds=3601 pid=4194305 \
		   pid=99999999999999999999 host=2 event=cycles%3bid event=../x event=; do
		acts 400 "/start?$bad&$good" || { echo "$bad"; return 1; }
	done
	acts 400 /start && gives 400 GET "/graph?id=../../etc" && gives 404 GET "/graph?id=7"
}

refuses_hosts() {
	local bad
	for bad in evil.example "evil.example:${host##*:}" 127.0.0.1.evil.example 192.0.2.1 \
		   "127.0.0.1:80:80" "[::1" "localhost.evil.example"; do
		gives 403 GET /guests -H "Host: $bad" || { echo "$bad"; return 1; }
	done
	gives 200 GET /guests -H "Host: localhost:${host##*:}"
}

refuses_origins() {
	local bad
	for bad in http://evil.example null "http://127.0.0.1" "https://$host" "http://localhost:1"; do
		gives 403 POST /stop -H "Origin: $bad" || { echo "$bad"; return 1; }
	done
	gives 403 POST /stop && gives 404 GET /stop &&
		acts 403 /stop -H "Sec-Fetch-Site: same-site"
}

refuses_size() {
	acts 413 /stop -d "$(printf '%02000d' 0)" && acts 413 /stop -H "Transfer-Encoding: chunked" -d x ||
		return
	local status
	status=$(http GET /guests -H "X: $(printf '%040000d' 0)")
	[ "$status" = 431 ] || [ "$status" = 000 ] || { echo "status $status"; return 1; }
	status=$(http GET "/guests?$(printf '%040000d' 0)")
	[ "$status" = 414 ] || [ "$status" = 431 ] || { echo "status $status"; return 1; }
	gives 200 GET /guests
}

grows() {
	local first second
	becomes recording && sleep 5 || return
	first=$(total "$id")
	sleep 5
	second=$(total "$id")
	[ "$first" -gt 0 ] && [ "$second" -gt "$first" ] || { echo "$first, then $second"; return 1; }
}

# the same frames and counts as flamegraph's own
same_graph() {
	gives 200 GET "/graph?id=$1${2:+&old=$2}" || return
	"$perf" kvm-callchain flamegraph -i "$store/$1/perf.data" ${2:+--diff "$store/$2/perf.data"} \
		-o direct.html > /dev/null 2>&1
	diff <(sed -n '/"kinds"/,/"version"/p' body) <(sed -n '/"kinds"/,/"version"/p' direct.html) &&
		grep -q '"kinds"' body
}

two_browsers() {
	local first=$cookie
	acts 200 /invite && token=$(sed 's/.*=//' body) && enter && [ "$cookie" != "$first" ] &&
		[ "$(now 'd["state"]')" = recording ] &&
		acts 409 "/start?pid=0&event=cpu-clock&freq=99&seconds=5&host=1" &&
		gives 403 GET "/?token=$token" && cookie=$first && gives 200 GET /recordings
}

rm -rf "$store"
begin
expect "web serve: the server has no privileges and sees no file" has_nothing
expect "web serve: the directory is root's" [ "$(stat -c %a "$store")" = 700 ]
expect "web serve: a directory is one's alone" eval \
	'! "$perf" kvm-callchain serve --listen 127.0.0.1:0 --directory "$store" 2> other.err > other.out &&
	 grep -q "another perf kvm-callchain serve" other.err'
expect "web serve: nothing without a session" eval \
	'gives 403 GET / && gives 403 GET /guests && gives 403 GET /x && acts 403 /stop'
expect "web serve: a wrong token" eval \
	'gives 403 GET "/?token=$(tr 0-9a-f 1-9a-f0 <<< "$token")" && gives 403 GET "/?token=" &&
	 gives 403 GET "/?token=${token}0"'
expect "web serve: the token" enter
expect "web serve: a cookie for this page alone" \
	grep -qi '^Set-Cookie: .*; HttpOnly; SameSite=Strict' headers
expect "web serve: the token again" gives 403 GET "/?token=$token"
expect "web serve: a wrong session" eval \
	'(cookie=$(tr 0-9a-f 1-9a-f0 <<< "$cookie"); gives 403 GET /guests)'
expect "web serve: the page" gives 200 GET /
expect "web serve: its policy" grep -q \
	"^Content-Security-Policy: default-src 'none'; script-src 'nonce-[0-9a-f]\{32\}'" headers
expect "web serve: nothing for pages of others" eval '! grep -qi ^Access-Control headers'
expect "web serve: other methods" eval 'gives 405 OPTIONS /guests && gives 405 PUT /start'
expect "web serve: wrong hosts" refuses_hosts
expect "web serve: wrong origins" refuses_origins
expect "web serve: values out of bounds" refuses_values
expect "web serve: too much" refuses_size
expect "web serve: guests" eval 'gives 200 GET /guests && diff <(tr -d "\n" < body) <(printf "[]")'

expect "web serve: start" acts 200 "/start?pid=0&event=cpu-clock&freq=199&seconds=60&host=1"
id=$(now 'd["id"]')
expect "web serve: samples while it records" grows
expect "web serve: a graph while it records" eval 'gives 200 GET "/graph?id=$id" && grep -q "\"kinds\"" body'
expect "web serve: two browsers" two_browsers
expect "web serve: what is recorded is not removed" acts 409 "/remove?id=$id"
expect "web serve: stop" eval 'acts 200 /stop && becomes idle'
expect "web serve: all samples" eval \
	'diff <(total "$id") <(samples "$store/$id/perf.data") && [ "$(total "$id")" -gt 100 ]'
expect "web serve: seconds" eval \
	'acts 200 "/start?pid=0&event=cpu-clock&freq=99&seconds=3&host=1" && becomes recording && becomes idle'
expect "web serve: a guest that is not there" eval \
	'acts 200 "/start?pid=1&event=cpu-clock&freq=99&seconds=3&host=0" && becomes idle &&
	 [ "$(now "len(d[\"recordings\"])")" = 2 ] && [[ $(now "d[\"said\"]") == *"No guest 1 runs here"* ]]'

put 1000 before
put 2000 after
put 3000 hostile
put 4000 large
expect "web serve: drawing has no privileges" draws_as_nobody 4000
acts 200 "/remove?id=4000"
expect "web serve: a recording of a guest" same_graph 2000
expect "web serve: two compared" same_graph 2000 1000
expect "web serve: remove" eval 'acts 200 "/remove?id=1000" && [ ! -e "$store/1000" ] && gives 404 GET "/graph?id=1000"'
put 1000 before

begun=$(cat /proc/$serve/task/$serve/children)
kill -INT $serve
wait $serve
expect "web serve: it ends at SIGINT" [ $? = 0 ]
expect "web serve: all of it" gone $begun
begin
enter
acts 200 "/start?pid=0&event=cpu-clock&freq=99&seconds=60&host=1" && becomes recording
id=$(now 'd["id"]')
begun=$(cat /proc/$serve/task/$serve/children)
kill -TERM $serve
wait $serve
expect "web serve: it ends while it records" [ $? = 0 ]
expect "web serve: all of it, while it records" gone $begun
expect "web serve: with a recording that is whole" [ "$(samples "$store/$id/perf.data")" -gt 0 ]

begin
enter
acts 200 "/start?pid=0&event=cpu-clock&freq=99&seconds=60&host=1" && becomes recording
begun=$(cat /proc/$serve/task/$serve/children)
kill -KILL $serve
wait $serve 2> /dev/null
expect "web serve: the recorder is killed, and nothing stays" gone $begun
begin
begun=$(cat /proc/$serve/task/$serve/children)
kill -KILL "$server"
wait $serve
status=$?
expect "web serve: the server is killed, which is an error" eval \
	'[ $status = 1 ] && grep -q "ended by itself" serve.err'
expect "web serve: the server is killed, and nothing stays" gone $begun

begin
begun=$(cat /proc/$serve/task/$serve/children)
"$web/serve-taken.py" "$server" || failed=1
wait $serve
expect "web serve: a server that is taken over: nothing stays" gone $begun

begin --quota $(($(du -sm "$store" | cut -f1) + 4))
enter
dd if=/dev/zero of="$store/1000/large" bs=1M count=8 2> /dev/null
expect "web serve: quota: the oldest goes, no other" eval \
	'acts 200 "/start?pid=0&event=cpu-clock&freq=99&seconds=2&host=1" && [ ! -e "$store/1000" ] &&
	 [ -e "$store/2000/perf.data" ] && [ -e "$store/3000/perf.data" ]'
becomes idle
kill -INT $serve
wait $serve

begin
node "$web/serve.cjs" "http://$host/?token=$token" "$serve" || failed=1
wait $serve 2> /dev/null
serve=
exit $failed
