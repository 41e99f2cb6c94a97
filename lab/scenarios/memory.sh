# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The guest's memory is swapped out again and again while it is recorded: stacks
# and page tables that a walk needs may not be there.
load_kvm
guest_memory=192M
start_guest
copy_guest
start_work --mix asrMI
save_guest

swap_on() {
	echo 1G > /sys/block/zram0/disksize && mkswap /dev/zram0 >&2 && swapon /dev/zram0
}
swap_on || { skip lab-memory "no swap in this kernel"; exit; }

cat > /tmp/pageout.py <<'PYTHON'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
pid, until = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
maps = [line.split()[0].split("-") for line in open(f"/proc/{pid}/maps")]
start, end = max(((int(a, 16), int(b, 16)) for a, b in maps), key=lambda m: m[1] - m[0])
iov = (ctypes.c_ulong * 2)(start, end - start)
while True:
    done = libc.syscall(440, os.pidfd_open(pid), iov, ctypes.c_ulong(1), 21, 0)
    print(f"paged out {done} bytes", file=sys.stderr, flush=True)
    if time.monotonic() > until:
        break
    time.sleep(0.2)
PYTHON
# the first time takes seconds, and then it is what the guest has used since
python3 /tmp/pageout.py "$guest_pid" 0 >&2
python3 /tmp/pageout.py "$guest_pid" 8 >&2 &
$perf kvm --guest --guestmount=$guestmount record -e cpu-clock -F 250 -a -g \
	-o /tmp/perf.data.guest -- sleep 7 >&2
expect lab-memory-record [ $? = 0 ]
wait $!
read -r reads _ _ _ writes _ < /sys/block/zram0/stat
echo "pages swapped in: $reads, out: $writes" | tee /out/swap.txt
expect lab-memory-swapped [ "$reads" -gt 100 ]
expect lab-memory-guest-lives [ "$(guest uname -n)" = lab-guest ]
walk_counters > /out/counters.txt
cp /tmp/perf.data.guest /out/
