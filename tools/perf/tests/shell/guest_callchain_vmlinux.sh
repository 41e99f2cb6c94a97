#!/bin/bash
# Guest callchains with the kernel's vmlinux
# SPDX-License-Identifier: GPL-2.0
#
# perf kvm-callchain --guestvmlinux: source lines and annotate of a guest's kernel that
# runs at other addresses than it was linked for. Its "source" is assembler, so that which
# line is at which address is known.

. "$(dirname "$0")/lib/guest_callchain.sh"
need gcc objcopy objdump addr2line
make_up guest_callchain_data 6 own

# function NAME OFFSET: with a nop a line; the one after the label is of the line printed.
# Behind these are calls of what is not in the kernel's map: of a module's, and of nothing.
function_source() {
	echo ".org $2; .globl $1; .type $1, @function; $1:"
	yes nop | head -n 32
	yes "call _text + 0x3f000000; call *%rax" | head -n 32
	echo ".size $1, .-$1"
}
{
	echo ".globl _text, _stext; _text: _stext: nop"
	function_source guest_leaf 0x100
	function_source guest_mid 0x200
	function_source guest_entry 0x300
} > kernel.S
link() {
	gcc -g -nostdlib -static -no-pie -Wl,--build-id="$1" -Wl,-Ttext=0xffffffff80400000 \
		-Wl,-e,_text -o "$2" kernel.S 2> link.log || { cat link.log; exit 1; }
}
link 0x0123456789abcdef0123456789abcdef01234567 vmlinux
link 0xff23456789abcdef0123456789abcdef01234567 other

guest=perf.data.guests/100
taken_along
mkdir -p $guest/sys/kernel
cp kallsyms modules $guest/proc/
objcopy --dump-section .note.gnu.build-id=$guest/sys/kernel/notes vmlinux

# the nop 16 bytes behind each label
line() { grep -n "^\.org.* $1:" kernel.S | awk -F: '{ print $1 + 17 }'; }
printf '%s\n' "guest_leaf kernel.S:$(line guest_leaf)" "guest_mid kernel.S:$(line guest_mid)" \
	"guest_entry kernel.S:$(line guest_entry)" > expected
perf kvm-callchain script --guestvmlinux=vmlinux -F ip,sym,srcline 2> errors |
	awk '$2 ~ /^guest_/ { sym = $2; next } /kernel.S/ { sub(".*/", ""); print sym, $1 }' |
	head -n 3 > got
same "source lines" errors

# so that what is freed does not stay as it was
GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0 \
perf kvm-callchain annotate --guestvmlinux=vmlinux --stdio -s guest_leaf 2> errors > annotated || :
if ! grep -q '100.00 .*nop' annotated || [ "$(grep -c ' nop' annotated)" -lt 32 ]; then
	failure "annotate" annotated errors
fi
if [ "$(grep -c ' call ' annotated)" -lt 64 ]; then
	failure "annotate: calls" annotated errors
fi

# symbols stay, of modules as well
printf '%s\n' guest_leaf mod_leaf > expected
perf kvm-callchain report --guestvmlinux=vmlinux --stdio --no-children -g none -s sym 2> errors |
	awk '/^ +[0-9]/ { print $NF }' > got
same "symbols" errors

# another kernel's file is not used, and that is said
perf kvm-callchain script --guestvmlinux=other -F ip,sym,srcline > got 2> errors
if grep -q kernel.S got || ! grep -q 'other is not the kernel of guest web' errors; then
	failure "a file with another build-id" got errors
fi

# of the default guest, with its kallsyms: that decides what is where, and has the modules
mkdir default
python3 "$lib/guest_callchain_data.py" default 6
sed 's/guest_mid/other_fn/g' kernel.S > other.S
gcc -nostdlib -static -no-pie -Wl,-Ttext=0xffffffff80400000 -Wl,-e,_text -o rebuilt other.S \
	2> link.log || { cat link.log; exit 1; }
head -c 600 vmlinux > cut

# symbols_of NAME SAID OPTION...: what perf kvm reports with these, and what is said
symbols_of() {
	perf kvm --guest "${@:3}" report --stdio --no-children -g none -s sym \
		-i default/perf.data 2> errors | awk '/^ +[0-9]/ { print $NF }' | sort > got
	same "$1" errors
	if [ -n "$2" ]; then
		grep -q "$2" errors || failure "$1: not said" errors
	elif grep 'vmlinux=\|^vmlinux ' errors; then
		failure "$1: something is said" errors
	fi
}

given=(--guestkallsyms=default/kallsyms --guestmodules=default/modules)
printf '%s\n' guest_leaf mod_leaf > expected
symbols_of "vmlinux and kallsyms" "" --guestvmlinux=vmlinux "${given[@]}"
symbols_of "vmlinux of another build" "rebuilt is not the kernel" \
	--guestvmlinux=rebuilt "${given[@]}"
symbols_of "a missing vmlinux" "none: No such file" --guestvmlinux=none "${given[@]}"
symbols_of "a truncated vmlinux" "cut has no symbol" --guestvmlinux=cut "${given[@]}"
for kind in none cut; do
	perf kvm --guest --guestvmlinux=$kind report --stdio -i default/perf.data \
		> got 2> errors || :
	grep -q -- "--guestvmlinux=$kind: " errors || failure "$kind alone: not said" errors
done

exit $failed
