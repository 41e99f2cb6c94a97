#!/bin/bash
# Guest callchain recordings, however they end, and whatever the VMM does meanwhile
# SPDX-License-Identifier: GPL-2.0
#
# Ended by a signal, perf record leaves a file that can be read. Threads of a VMM that end
# while it starts are left out.

. "$(dirname "$0")/lib/guest_callchain_vmm.sh"
need gcc
make_up guest_callchain_data
make_guest web

yes > /dev/null &
busy=$!
pids+=($busy)
for signal in INT TERM HUP QUIT PIPE ALRM; do
	rm -rf rec*
	env --default-signal "${record[@]}" -e cpu-clock --host -o rec -t $busy > log 2>&1 &
	perf=$!
	for _ in {1..200}; do
		[ -d rec.guests ] && [ -s rec ] && break
		sleep 0.05
	done
	sleep 0.5
	kill -$signal $perf
	status=0
	wait $perf 2> /dev/null || status=$?
	[ $status = $((128 + $(kill -l $signal))) ] || failure "SIG$signal: $status" log
	perf script -i rec -F comm > got 2> errors || failure "SIG$signal: not to be read" errors
	grep -q yes got || failure "SIG$signal: no samples" errors log
	[ -e "rec.guests/$vmm/proc/kallsyms" ] || failure "SIG$signal: no symbols" log
done

# nohup(1) is not undone
rm -rf rec*
(trap '' HUP; exec "${record[@]}" --host -o rec -- sleep 2) > log 2>&1 &
perf=$!
sleep 1
kill -HUP $perf
wait $perf || failure "SIGHUP, ignored" log

cat > churn.c <<'END'
#include <pthread.h>
#include <unistd.h>

static void *nap(void *arg)
{
	usleep(20000);
	return arg;
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		pthread_create(&thread, &attr, nap, NULL);
		usleep(1000);
	}
}
END
gcc -pthread -o churn churn.c
./churn &
churn=$!
pids+=($churn)
be_guest $churn
sleep 1
for _ in {1..10}; do
	rm -rf rec*
	"${record[@]}" -p $churn --host -o rec -- sh -c 'echo run > ran; sleep 0.2' > log 2>&1 ||
		failure "threads that end: $?" log
	[ -e ran ] || failure "threads that end: the program was not run" log
	rm -f ran
	perf script -i rec -F comm 2> /dev/null | grep -q . || failure "no samples" log
done
exit $failed
