# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# bash completion of perf-kvm-callchain and, behind perf-completion.sh, of 'perf
# kvm-callchain', whose subcommands have names that perf's own commands have, too, but
# options of their own.

# _perf_kvm_callchain_guests CUR COMMAND...: a guest's name may be anything that is printable,
# so compgen, which expands its words, is not to see it
_perf_kvm_callchain_guests()
{
	local cur=$1 name

	shift
	# no guest mounts there, so nothing to wait for
	while read -r name; do
		name=${name//\\\"/\"} name=${name//\\\\/\\}
		[[ $name != "$cur"* ]] || COMPREPLY+=("$(printf '%q' "$name")")
	done < <("$@" list --json --guestmount /nonexistent 2> /dev/null |
		 sed -n 's/.*"name": "\(.*\)", "vmm":.*/\1/p')
}

# As complete -F calls it
_perf_kvm_callchain()
{
	local cur=$2 prev=$3 command=("${COMP_WORDS[0]}") subcommand words
	local at=1 # where the subcommand is

	if [ "${COMP_WORDS[1]}" = kvm-callchain ]; then
		command+=(kvm-callchain)
		at=2
	fi
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq "$at" ]; then
		words=$("${command[@]}" --list-cmds 2> /dev/null)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	subcommand=${COMP_WORDS[at]}

	# "=" is a word of its own
	[ "$cur" != = ] || cur=
	[ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	if [ "$prev" = --guest ] ||
	   [[ $subcommand == @(mount|umount) && $COMP_CWORD -eq $((at + 1)) && $cur != -* ]]; then
		_perf_kvm_callchain_guests "$cur" "${command[@]}"
		return
	fi
	case $prev in
	--format)
		words="folded html json pprof speedscope" ;;
	--guest-unwind)
		words="auto dwarf fp orc scan" ;;
	*)
		[[ $cur == --* ]] || return
		words=$("${command[@]}" "$subcommand" --list-opts 2> /dev/null) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

# Of 'perf kvm-callchain record -e' perf's own knows the events.
_perf_or_kvm_callchain()
{
	if [ "$COMP_CWORD" -gt 1 ] && [ "${COMP_WORDS[1]}" = kvm-callchain ] &&
	   [[ $3 != -e && $3 != --event ]]; then
		compopt +o nospace 2> /dev/null
		_perf_kvm_callchain "$@"
	else
		_perf "$@"
	fi
}

complete -o bashdefault -o default -F _perf_kvm_callchain perf-kvm-callchain
if declare -F _perf > /dev/null; then
	complete -o bashdefault -o default -o nospace -F _perf_or_kvm_callchain perf
fi
