#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make install, into a directory: what is there works, by both of its names.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/expect.sh
dest=$(realpath "${BUILD:-build}")/test/install
built=$(realpath "${BUILD:-build}")/perf/perf
made=$dest/made
source=$PWD/tools/perf/scripts/python
lib=$PWD/tools/perf/tests/shell/lib

rm -rf "$dest"
make -s install DESTDIR="$dest" PREFIX=/usr/local || exit
prefix=$dest/usr/local
cd "$prefix/bin" || exit

expect "install perf" cmp perf "$built"
# by the name under which another perf looks for the command
expect "install perf-kvm-callchain" diff <(./perf-kvm-callchain list 2>&1) <("$built" kvm-callchain list 2>&1)
usage=$(./perf-kvm-callchain -h 2>&1)
expect "install perf-kvm-callchain, its own usage" grep -q 'Usage: perf kvm-callchain .*|doctor|' <<< "$usage"

# The manual pages, as man(1) shows them
page() { MANWIDTH=100 man -l "$prefix/share/man/man1/$1.1" 2>&1; }
has_commands() {
	local command text
	text=$(page perf-kvm-callchain)
	for command in $("$built" kvm-callchain --list-cmds); do
		grep -Eq "^ +([a-z]+, )*$command(, [a-z]+)*\$" <<< "$text" || { echo "$command"; return 1; }
	done
}
expect "install manual page, with every subcommand" has_commands
expect "install manual page of perf kvm" grep -q -- --guest <(page perf-kvm)
help=$(MANPATH=$prefix/share/man ./perf help kvm-callchain 2>&1)
expect "install perf help kvm-callchain" grep -q 'Profile KVM guests' <<< "$help"

# completes LINE-AS-WORDS...: what bash offers for the last word, a line each
completes() {
	PATH=$prefix/bin:$PATH bash -c '
		. "$1/$2"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
		by=$(complete -p "$1" | sed "s/.* -F \([^ ]*\) .*/\1/")
		"$by" "$1" "${@: -1}" "${@: -2:1}" 2> /dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$prefix/share/bash-completion/completions" "$@"
}
# offers WORD LINE-AS-WORDS...: among others
offers() { grep -qxF -e "$1" <(completes "${@:2}"); }

# an option that perf's own command of that name does not have
own_option() {
	case $1 in
	list) echo --json ;;
	mount | umount | doctor) echo --guestmount ;;
	record | top) echo --guest-files ;;
	exits) echo --depth ;;
	serve) echo --quota ;;
	*) echo --guest-unwind ;;
	esac
}
completes_all() { # WORDS-OF-THE-COMMAND...
	local subcommand option
	for subcommand in $("$built" kvm-callchain --list-cmds); do
		option=$(own_option "$subcommand")
		offers "$subcommand" "$@" "${subcommand%?}" &&
			offers "$option" "$@" "$subcommand" "${option%??}" ||
			{ echo "$subcommand $option"; return 1; }
	done
}
expect "install completion of perf kvm-callchain" completes_all perf kvm-callchain
expect "install completion of perf-kvm-callchain" completes_all perf-kvm-callchain
expect "install completion of perf's own commands" offers --call-graph perf record --call-gra
expect "install completion of events" offers cpu-clock perf kvm-callchain record -e cpu-cl

mkdir "$made"
python3 "$lib/guest_callchain_data.py" "$made" || exit
formats() {
	local format formats
	formats=$(completes perf-kvm-callchain export --format "")
	[ -n "$formats" ] || return
	for format in $formats; do
		./perf-kvm-callchain export --format "$format" -i "$made/perf.data" -o "$made/$format" 2> /dev/null &&
			[ -s "$made/$format" ] || return
	done
}
expect "install completion of formats" formats

# names of guests are nothing to be expanded; those with a blank are quoted
mkdir "$dest/fake"
cat > "$dest/fake/perf-kvm-callchain" <<-'END'
	#!/bin/sh
	echo '[
	  { "pid": 7, "name": "web one", "vmm": "qemu", "vcpus": [] },
	  { "pid": 8, "name": "web$(touch expanded)", "vmm": "qemu", "vcpus": [] },
	  { "pid": 9, "name": "db", "vmm": "qemu", "vcpus": [] }
	]'
END
chmod +x "$dest/fake/perf-kvm-callchain"
guests=$(PATH=$dest/fake:$PATH
	 . "$dest/usr/local/share/bash-completion/completions/perf-kvm-callchain"
	 cd "$dest/fake" && COMP_WORDS=(perf-kvm-callchain record --guest we) COMP_CWORD=3
	 _perf_kvm_callchain perf-kvm-callchain we --guest; printf '%s\n' "${COMPREPLY[@]}")
expect "install completion of guests" [ "$guests" = 'web\ one
web\$\(touch\ expanded\)' ]
expect "install completion, nothing of a guest's name is run" [ ! -e "$dest/fake/expanded" ]

# The Python programs
installed() { PATH=$prefix/bin:$PATH perf --exec-path="$prefix/libexec/perf-core" script "$@" 2> /dev/null; }
lists_programs() {
	local program listed
	listed=$(installed -l)
	for program in "$source"/guest-*.py; do
		program=${program##*/}
		grep -Eq "^  ${program%.py} \[-- .*KVM" <<< "$listed" || { echo "$program"; return 1; }
	done
}
runs_program() {
	installed report "$1" -i "$made/perf.data" "${@:2}" > "$made/said"
	[ -s "$made/said" ] && "$built" kvm-callchain script -i "$made/perf.data" -s "$source/$1.py" "${@:2}" \
		2> /dev/null | diff - "$made/said"
}
expect "install perf script -l" lists_programs
expect "install perf script report guest-stacks" runs_program guest-stacks
expect "install perf script report guest-stacks -- --host" runs_program guest-stacks -- --host
expect "install perf script report guest-top" runs_program guest-top -- --depth 1
expect "install perf script report guest-dump" runs_program guest-dump -- --json

exit $failed
