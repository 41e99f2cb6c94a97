#!/bin/bash
# Guest callchains: a guest's files are not read by perf itself
# SPDX-License-Identifier: GPL-2.0
#
# A recording with a guest's modules and a program, which its samples are in: no subcommand
# has libelf look at one of these, or unpacks anything. The modules' symbols are missing in
# the guest's kallsyms, which the guest decides, and what perf would read the files for.

. "$(dirname "$0")/lib/guest_callchain.sh"
need gcc objdump xz gzip
make_up guest_callchain_data 6 own

shim=$tmp/shim.so
gcc -shared -fPIC -O -o "$shim" "$lib/guest_callchain_shim.c" -ldl 2> errors ||
	{ cat errors; exit 1; }

# two modules of 16 KiB, with a build-id in their files; a program where the user frames are
echo 'int mod_leaf(void) { return 1; }' > guestmod.c
gcc -g -c -o guestmod.o guestmod.c
ld -r --build-id -o guestmod.ko guestmod.o
echo 'int main(void) { return 0; } int called(void) { return main(); }' > program.c
gcc -g -static -nostdlib -Wl,-e,main -Wl,-Ttext=0x401000 -o program program.c
guest=perf.data.guests/100
modules=$guest/lib/modules/6.1.0
taken_along
mkdir -p $guest/{processes,user/bin} $modules
grep -v guestmod kallsyms > $guest/proc/kallsyms
echo "Linux version 6.1.0 " > $guest/proc/version
for suffix in ko.xz ko.gz ko; do
	case $suffix in
	ko.xz) xz -kc guestmod.ko ;;
	ko.gz) gzip -kc guestmod.ko ;;
	ko) cat guestmod.ko ;;
	esac > "$modules/${suffix//./_}.$suffix"
done
{
	echo "ko_xz 16384 1 - Live 0xffffffffc0000000 (O)"
	echo "ko_gz 16384 1 - Live 0xffffffffc0010000 (O)"
	echo "ko 16384 1 - Live 0xffffffffc0020000 (O)"
} > $guest/proc/modules
cp program $guest/user/bin/program
echo "401000-402000 1000 /bin/program" > $guest/processes/1

cat > hostile.py <<-'END'
	import os, struct, sys
	sys.path.insert(0, sys.argv[1])
	import guest_callchain_data as g

	DIR = os.path.abspath("perf.data.guests/100/lib/modules/6.1.0")
	MODULES = {0xffffffffc0000000: "ko_xz.ko.xz", 0xffffffffc0010000: "ko_gz.ko.gz",
	           0xffffffffc0020000: "ko.ko"}

	def events():
	    for start, name in MODULES.items():
	        yield g.mmap(1, g.MISC_GUEST_KERNEL, g.PID, start, 16384, 0, f"{DIR}/{name}")
	    yield list(g.maps(True))[1]
	    yield g.comm(1)
	    for i, start in enumerate(MODULES, 1):
	        yield g.sample(i * 1000, g.MISC_GUEST_KERNEL, start + 0x10, [g.DEFERRED, i])
	        yield g.record(i * 1000 + 1, i, [g.GUEST_KERNEL, start + 0x10, g.ENTRY,
	                                         g.GUEST_USER, g.MAIN + 4])
	    yield g.sample(9000, 5, g.MAIN + 4, [g.DEFERRED, 9])
	    yield g.record(9001, 9, [g.GUEST_USER, g.MAIN + 4])

	def text(string):
	    data = string.encode().ljust(64, b"\0")
	    return struct.pack("<I", len(data)) + data

	# host's name, kernel and architecture, which data convert cannot do without
	FEATURES = [(bit, text("x86_64")) for bit in (3, 4, 5, 6)]

	with open("perf.data", "wb") as file:
	    file.write(g.perf_data(events(), features=FEATURES))
END
python3 hostile.py "$lib"

export HOME=$tmp SHIM_LOG=$tmp/shim.log

# shimmed COMMAND...: with what the shim has seen in $SHIM_LOG
shimmed() {
	: > "$SHIM_LOG"
	LD_PRELOAD=$shim timeout 60 "$@" > out 2> errors < /dev/null
}

# what perf itself reads of the host's, the shim sees
shimmed perf buildid-list -i program || failure "the shim: build-id of a file" out errors
grep -q "elf_begin $tmp/program" "$SHIM_LOG" || failure "the shim sees nothing" "$SHIM_LOG"

# not_read COMMAND...: ends well, and has not read what is a guest's
not_read() {
	local status=0
	shimmed "$@" || status=$?
	[ $status = 0 ] || failure "$*: status $status" errors
	if grep -v '^elf_begin ' "$SHIM_LOG" || grep 'guests/\|kmod\|gmod' "$SHIM_LOG"; then
		failure "$*: reads a guest's file by itself"
	fi
}

for perf in "perf" "perf kvm-callchain"; do
	not_read $perf report --stdio --no-children -s dso,sym
	not_read $perf report --stdio -v -s sym,srcline,srcfile
	not_read $perf report --stdio -s type
	not_read $perf script -F +srcline,+symoff
	not_read $perf annotate --stdio
	not_read $perf annotate --stdio --data-type
done
not_read perf script -F comm,ip,sym,dso
grep -q ' main ' out || failure "a child has read the program's symbols" out errors
not_read perf buildid-list --with-hits
not_read perf buildid-list
not_read perf buildid-cache --add "$modules/ko.ko" --add "$modules/ko_xz.ko.xz"
not_read perf inject -b -i perf.data -o injected
not_read perf inject --buildid-all -i perf.data -o injected
not_read perf diff perf.data perf.data
not_read perf data convert --to-json converted --force
not_read perf archive --all
not_read perf kvm --guest --guestmount="$tmp/perf.data.guests" -i perf.data report --stdio

# where it was recorded is where it still is, but the recording is elsewhere
mkdir moved
cp perf.data moved/
not_read perf script -i moved/perf.data --guestmount="$tmp/none" -F ip,sym,dso
not_read perf inject -b -i moved/perf.data -o injected

# record reads the build-ids of all that it has maps of
not_read perf kvm --guest --guestmount="$tmp/perf.data.guests" record --buildid-all \
	-e cpu-clock -o recorded -- true
not_read perf kvm --guest --guestmount="$tmp/perf.data.guests" record --buildid-mmap \
	-e cpu-clock -o recorded -- true
for file in program guestmod.ko $modules/ko_xz.ko.xz $modules/ko_gz.ko.gz; do
	if find -L .debug -type f -exec cmp -s {} "$file" \; -print 2> /dev/null | grep .; then
		failure "$file in the cache of build-ids"
	fi
done

# and annotate has the module's code all the same, where kallsyms knows it
cat kallsyms - > $guest/proc/kallsyms <<-'END'
	ffffffffc0000000 t mod_leaf	[ko_xz]
	ffffffffc0000040 t mod_end	[ko_xz]
END
sed -i '/guestmod/d' $guest/proc/kallsyms
not_read perf annotate --stdio -s mod_leaf
grep -q 'push\|mov' out || failure "annotate of a compressed module" out errors

# what objdump does to the guest's file it does behind a wall: a shell in its place cannot
# write, and with Landlock cannot read, what is the host's
not_read perf annotate --stdio -s mod_leaf --objdump="echo > $tmp/leaked; objdump"
grep -q 'push\|mov' out || failure "annotate after a refused write" out errors
[ ! -e leaked ] || failure "objdump could write a file"
# and as much as it likes: of that, not all is read
shimmed perf annotate --stdio -s mod_leaf --objdump="yes; :" || :
[ "$(grep -c 'Error running yes.*it prints too much' errors)" = 1 ] ||
	failure "objdump prints without end" errors
landlock=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
if [ "$landlock" -ge 1 ]; then
	not_read perf annotate --stdio -s mod_leaf \
		--objdump="read -r line < /etc/passwd && exit 1; objdump"
	grep -q 'push\|mov' out || failure "objdump could read a file of the host's" out errors
fi
# perf has no source lines for what is below /tmp/perf-*
elsewhere=$(mktemp -d /tmp/guest-callchain.XXXXXX)
trap 'rm -rf "$tmp" "$elsewhere"' EXIT
cp -r perf.data perf.data.guests "$elsewhere/"
not_read perf script -i "$elsewhere/perf.data" -F ip,sym,srcline
grep -q 'program.c:1' out || failure "source lines of a guest's program" out errors
# nor do these bring the program's escapes
evil=$'evil\033[31m.c'
echo 'int main(void) { return 0; }' > "$evil"
gcc -g -static -nostdlib -Wl,-e,main -Wl,-Ttext=0x401000 -o evil "$evil"
cp evil "$elsewhere/perf.data.guests/100/user/bin/program"
not_read perf script -i "$elsewhere/perf.data" -F ip,sym,srcline
grep -q 'evil?\[31m.c:1' out || failure "source lines with an escape" out errors
if grep -q $'\033' out; then
	failure "an escape sequence in source lines is shown" out
fi

ls /tmp/perf-gmod-* > /dev/null 2>&1 && failure "what was unpacked is left"

exit $failed
