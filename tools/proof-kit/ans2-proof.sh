#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC3043
# Looks at the SSD of an Apple silicon Mac and at its driver, and writes a report.
#
# Usage: ans2-proof.sh [WORD...]       see README for each
#
#   scratch=PATH   write to this file or partition, and to nothing else
#   size=MIB       so much of it (64)
#   keep           leave the scratch file, for a later check=
#   check=PATH     only see whether a file that was kept is still right
#   reset          resets of the controller are allowed
#   restart        restarts of its firmware are allowed
#   sleep          a suspend of the whole system is allowed
#   hottest=C      stop if the drive is hotter (70)
#   report=FILE    instead of ans2-report-DATE.txt, here
#
# For dash, busybox and bash. Status: 0 the report is complete, 1 something is
# missing here, 2 a word was refused, 3 stopped at an odd sign.

set -u
LC_ALL=C
export LC_ALL
kit=$(dirname "$0")
words=' ' scratch='' size=64 check='' hottest=70 report=''
traces='' rehearsing='' odd=''
starts=0 expected_starts=0 media='' unsafe=''
newline='
'

say() { echo "ans2-proof: $*" >&2; }
refuse() { say "refused: $*"; exit 2; }

is_number() {
	case $1 in
	# an arithmetic expression takes one with a 0 in front for octal
	''|0*|*[!0-9]*|??????*) return 1 ;;
	esac
}

read_words() {
	local word
	for word; do
		case $word in
		scratch=*) scratch=${word#*=} ;;
		size=*) size=${word#*=} ;;
		check=*) check=${word#*=} ;;
		hottest=*) hottest=${word#*=} ;;
		report=*) report=${word#*=} ;;
		keep|reset|restart|sleep) words="$words$word " ;;
		*) sed -n 's/^# \{0,1\}//; /^Usage/,/^For dash/p' "$0" >&2
		   refuse "'$word' is no word of this script" ;;
		esac
	done
	is_number "$size" && [ "$size" -ge 2 ] && [ "$size" -le 1024 ] ||
		refuse "size= wants a number from 2 to 1024"
	is_number "$hottest" || refuse "hottest= wants a number"
	[ -z "$scratch" ] || [ -z "$check" ] ||
		refuse "scratch= and check= do not go together"
}

# ----- what only root can do -----

# as_root COMMAND...: status 77 if that is not possible
root=no
find_root() {
	if [ "$(id -u)" = 0 ]; then
		root=yes
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		root=sudo
		say "sudo may ask for your password: root reads the kernel's log, the page"
		say "tables, traces and the drive's own data, empties the page cache, and does"
		say "the resets and the suspend that you allow"
	fi
}
as_root() {
	case $root in
	yes) "$@" ;;
	sudo) sudo -- "$@" ;;
	*) return 77 ;;
	esac
}
# set_file VALUE FILE
set_file() {
	# shellcheck disable=SC2016
	as_root sh -c 'echo "$1" >"$2"' sh "$1" "$2" 2>/dev/null
}
as_root_there() { as_root test -e "$1"; }

# ----- the report -----

hidden=''
# Nobody's name, address or number is in a report.
hide() {
	local name
	for name in "$(uname -n)" "$(cat "$sysfs/serial" 2>/dev/null)" \
		"$(dt serial-number)"; do
		name=$(echo "$name" | sed 's/ *$//')
		case $name in
		''|?|??|*[!A-Za-z0-9._-]*) ;;
		*) hidden="$hidden
s/\\<$(echo "$name" | sed 's/\./\\./g')\\>/<hidden>/g" ;;
		esac
	done
}
put() {
	sed -e 's/[0-9A-Fa-f]\{8\}-[0-9A-Fa-f]\{4\}-[0-9A-Fa-f]\{4\}-[0-9A-Fa-f]\{4\}-[0-9A-Fa-f]\{12\}/<uuid>/g' \
		-e 's/\([0-9A-Fa-f]\{2\}[:-]\)\{5\}[0-9A-Fa-f]\{2\}/<address>/g' \
		-e "$hidden" | tee -a "$report"
}
line() { echo "$*" | put; }
# each NAME TEXT: one line for each of the text
each() { echo "$2" | sed "s/^/$1: /"; }

# ----- the odd -----

log() { as_root "$kit/kernel-log" "$1"; }
smart() { as_root "$kit/nvme-info" smart "/dev/$ctrl"; }

# Said by a kernel that is in trouble, and by one whose drive is.
trouble='WARNING:|BUG:|Oops|Call trace:|Internal error|SError|Unable to handle|blocked for more than|detected stall|I/O error|[a-z0-9]-fs error|BTRFS error|records of the log are lost'
harmless='using unchecked data buffer|passthrough uses implicit|nknown .*endpoint|bogus Namespace'

# look_at NUMBER: the records behind that one and SMART. Three lines: the last
# record, how many starts of the firmware there were, and the first that is odd
look_at() {
	{
		log "$1" || echo failed: the kernel\'s log
		smart
	} 2>&1 | awk -v trouble="$trouble" -v ours="$node|$sart|nvme" \
		-v harmless="$harmless" -v start="$node: RTKit: Initializing" \
		-v last="$1" -v media="$media" -v hottest="$hottest" '
	function note(text) { if (odd == "") odd = text }
	/^[0-9]/ {
		last = $1
		level = $2
		sub(/^[^ ]+ [^ ]+ [^ ]+ /, "")
		if (index($0, start))
			starts++
		if ($0 !~ harmless && ($0 ~ trouble || (level <= 4 && $0 ~ ours)))
			note("the kernel says: " $0)
		next
	}
	/^smart-/ { seen = 1 }
	/^smart-critical-warning:/ && $2 != 0 { note("SMART: critical warning " $2) }
	/^smart-temperature:/ && $2 - 273 > hottest { note("the drive has " $2 - 273 " degrees") }
	/^smart-media-errors:/ && media != "" && $2 != media { note("SMART: new media errors") }
	/^failed:/ { note($0) }
	END {
		if (!seen)
			note("SMART cannot be read")
		print last
		print starts + 0
		print odd
	}'
}
lost() {
	lost=0
	[ ! -e "$sysfs/ans2_lost_interrupts" ] || read -r lost <"$sysfs/ans2_lost_interrupts"
}
watch() {
	local text more state
	text=$(look_at "$seen")
	{
		read -r seen
		read -r more
		read -r odd
	} <<-END
		$text
	END
	starts=$((starts + more))
	[ $starts = $expected_starts ] || [ "$odd" ] ||
		odd="the firmware was started $starts times, expected $expected_starts"
	lost
	[ "$lost" = "$lost_before" ] || [ "$odd" ] || odd="an interrupt was lost"
	read -r state <"$sysfs/state" || state=gone
	[ "$state" = live ] || [ "$odd" ] || odd="the controller is $state"
	[ -z "$odd" ] || finish 3
}
# take NAME COMMAND...: its output is the line NAME; no success is odd
take() {
	local name=$1 text rc
	shift
	text=$("$@" 2>&1)
	rc=$?
	[ -z "$text" ] || each "$name" "$text" | put
	[ $rc -eq 0 ] || { odd="$name: $text"; finish 3; }
	watch
}
# the same for a program that names its lines itself
take_named() {
	local text rc
	text=$("$@" 2>&1)
	rc=$?
	echo "$text" | put
	[ $rc -eq 0 ] || { odd=${text##*"$newline"}; finish 3; }
	watch
}

# ----- what there is -----

find_drive() {
	local dir device
	for dir in /sys/class/nvme/nvme*; do
		device=$(readlink -f "$dir/device") || continue
		while [ "$device" ] && [ "$device" != /sys/devices ]; do
			if grep -qs nvme-ans2 "$device/of_node/compatible"; then
				sysfs=$dir ctrl=${dir##*/} platform=$device
				node=${device##*/}
				driver=$(readlink -f "$platform/driver")
				driver=${driver##*/}
				function=''
				[ "$driver" = nvme-apple ] ||
					function=$(readlink -f "$dir/device")
				return 0
			fi
			device=${device%/*}
		done
	done
	return 1
}
tree=/sys/firmware/devicetree/base
text_of() { cat "$1" 2>/dev/null | tr '\0' ' ' | sed 's/ *$//'; }
dt() { text_of "$tree/$1"; }

# The hex digits of a property
cells() { od -An -v -tx1 "$1" | tr -d ' \n'; }
# window NAME FILE NUMBER: an address and a size for mappings, of a reg property
window() {
	cells "$2" | awk -v name="$1" -v n="$3" '{
		at = 32 * n + 1
		print name ":" substr($0, at, 16) ":" substr($0, at + 16, 16) }'
}
find_sart() {
	local dir wanted
	sart='no sart' mbox=''
	for dir in $(grep -ls -e -sart /sys/bus/platform/devices/*/of_node/compatible); do
		dir=${dir%/of_node/*}
		[ ! -e "$dir/driver" ] || sart=${dir##*/}
	done
	wanted=$(cells "$platform/of_node/mboxes" 2>/dev/null | cut -c 1-8)
	for dir in /sys/bus/platform/devices/*.mbox; do
		[ -z "$wanted" ] || [ "$(cells "$dir/of_node/phandle")" != "$wanted" ] ||
			mbox=$dir
	done
}
coherent() {
	local dir=$platform/of_node
	if [ "$driver" = apple-ans2 ] && [ "$(parameter apple_ans2/parameters/coherent N)" = Y ]; then
		echo "yes, by apple_ans2.coherent"
		return
	fi
	dir=$(readlink -f "$dir")
	while [ "${dir##*/}" != base ] && [ "$dir" != / ]; do
		[ ! -e "$dir/dma-coherent" ] || { echo "yes, in ${dir##*/}"; return; }
		dir=${dir%/*}
	done
	echo "in no node, so the kernel cares for the caches"
}
versions() {
	local file
	for file in $tree/chosen/asahi,*version*; do
		[ ! -e "$file" ] || echo "${file##*/} $(text_of "$file")"
	done
}
parameter() { cat "/sys/module/$1" 2>/dev/null || echo "$2"; }

system() {
	local text
	echo "report: Apple ANS2 proof kit $(cat "$kit/VERSION" 2>/dev/null)"
	echo "words:$words${scratch:+scratch }size=$size hottest=$hottest"
	echo "root: $root"
	echo "kernel: $(uname -r)"
	echo "page-size: $("$kit/mappings")"
	echo "soc: $(dt compatible)"
	text=$(versions)
	each system-firmware "${text:-not told by the boot loader}"
	echo "driver: $driver${function:+, function ${function##*/}}"
	echo "driver-word: $(parameter kernel/parameters/apple_ssd 'no choice in this kernel')"
	echo "stat-per-batch: $(parameter nvme/parameters/ans2_stat_per_batch 'no such parameter')"
	echo "firmware: $(cat "$sysfs/firmware_rev")"
	echo "controller: $(cat "$sysfs/state"), memory at multiples of $step"
	echo "dma-coherent: $(coherent)"
}
pci_function() {
	if [ -z "$function" ]; then
		echo "lspci: no function with this driver"
	elif command -v lspci >/dev/null; then
		each lspci "$(as_root lspci -vvnn -s "${function##*/}" 2>/dev/null ||
			lspci -vnn -s "${function##*/}")"
	else
		echo "lspci: is not here, the beginning of the configuration space:"
		each lspci "$(od -An -v -tx1 -N 64 "$function/config")"
	fi
}
registers() {
	set -- "$(window nvme "$platform/of_node/reg" 0)" \
		"$(window co-processor "$platform/of_node/reg" 1)"
	[ -z "$mbox" ] || set -- "$@" "$(window mailbox "$mbox/of_node/reg" 0)"
	[ "$sart" = 'no sart' ] ||
		set -- "$@" "$(window sart "/sys/bus/platform/devices/$sart/of_node/reg" 0)"
	as_root "$kit/mappings" "$@"
}
sart_table() { as_root cat "/sys/kernel/debug/apple-sart-$sart" 2>/dev/null; }
boot_entries() { sart_table | grep boot-loader; }
sart_entries() {
	local text
	text=$(sart_table) || text="no table (apple-sart-filter has one, with debugfs)"
	each sart "$text"
}
# sart_kept WHEN: what is left of the boot loader's entries
sart_kept() {
	[ -n "$entries" ] || { line "sart-after-$1: no table to compare"; return; }
	if [ "$(boot_entries)" = "$entries" ]; then
		line "sart-after-$1: the boot loader's entries are as they were"
	else
		line "sart-after-$1: the boot loader's entries have changed"
		sart_entries | put
	fi
}

identify() {
	as_root "$kit/nvme-info" identify "/dev/$ctrl" &&
		as_root "$kit/nvme-info" namespace "/dev/$ctrl"
}

# ----- times in the log -----

# span NAME FROM TO: milliseconds from the first record of $all that fits FROM to
# the next one that fits TO
span() {
	echo "$all" | awk -v name="$1" -v from="$2" -v to="$3" '
	begin == "" && $0 ~ from { begin = $3; next }
	begin != "" && end == "" && $0 ~ to { end = $3 }
	END {
		if (end == "")
			print name ": not in the log any more"
		else
			printf "%s: %.1f ms\n", name, (end - begin) / 1000
	}'
}
boot_times() {
	local all
	all=$(log -1)
	if [ -n "$function" ]; then
		span time-firmware "$node: RTKit: Initializing" "$node: PCI host bridge"
		span time-enable "nvme $ctrl: pci function" "nvme $ctrl: .*poll queues"
	else
		span time-firmware "$node: RTKit: Initializing" "${ctrl}n1: p1"
		echo "time-enable: is in time-firmware with this driver"
	fi
}

# ----- traces -----

trace_on() {
	local dir
	for dir in /sys/kernel/tracing /sys/kernel/debug/tracing; do
		as_root_there "$dir/events/apple_ans2" || continue
		as_root mkdir "$dir/instances/ans2-proof" || return
		traces=$dir/instances/ans2-proof
		set_file 1 "$traces/events/apple_ans2/enable"
		set_file 1 "$traces/events/nvme_ans2/enable"
		return
	done
}
trace_lines() {
	local text
	if [ -z "$traces" ]; then
		echo "trace: no events of this driver"
		return
	fi
	text=$(as_root cat "$traces/trace" | sed '/^#/d; s/^.*[0-9]\{1,\}\.[0-9]*: //')
	each trace "${text:-nothing happened}"
}

# ----- what the drive does -----

now_ms() {
	local up
	read -r up _ </proc/uptime
	echo $((${up%.*} * 1000 + (1${up#*.} - 100) * 10))
}
wait_live() {
	local turn=0
	until [ "$(cat "$sysfs/state" 2>/dev/null)" = live ]; do
		turn=$((turn + 1))
		[ $turn -le 900 ] || return 1
		sleep 0.1
	done
}
first_partition() {
	local part
	for part in "/sys/block/$disk/$disk"p*; do
		[ "$(cat "$part/size")" -ge 262144 ] || continue
		grep -q "^[^ ]* [^ ]* $(cat "$part/dev") " /proc/self/mountinfo ||
			{ echo "/dev/${part##*/}"; return; }
	done
	echo "/dev/$disk"
}
drop_caches() { sync; set_file 3 /proc/sys/vm/drop_caches; }
# The scratch file is the user's, so it needs no root; a partition does.
on_scratch() {
	local what=$1
	shift
	case $scratch in
	/dev/*) as_root "$kit/scratch" "$what" "$scratch" "$disk" "$@" ;;
	*) "$kit/scratch" "$what" "$scratch" "$disk" "$@" ;;
	esac
}
verify() {
	drop_caches
	on_scratch verify "$step"
}
# verify_after WHEN
verify_after() {
	if [ -n "$scratch" ]; then
		take "data-after-$1" verify
	else
		line "data-after-$1: no scratch was named"
	fi
}
data() {
	if [ -z "$scratch" ]; then
		for name in scratch data-written data-verified time-write time-flush; do
			echo "$name: no scratch was named"
		done | put
		return
	fi
	take scratch on_scratch check "$size"
	take data-written on_scratch write "$size" "$step"
	take data-verified verify
	take_named on_scratch flush $((size * 2))
}

# allowed WORD QUESTION
allowed() {
	local answer
	case $words in
	*" $1 "*) return 0 ;;
	esac
	[ -t 0 ] || return 1
	printf '%s [y/N] ' "$2" >&2
	read -r answer && [ "$answer" = y ]
}
# timed NAME FILE TIMES STARTS: writes 1 there; each time starts the firmware so often
timed() {
	local turn=0 begin text=''
	while [ $turn -lt "$3" ]; do
		begin=$(now_ms)
		set_file 1 "$2" && wait_live || { odd="$1 failed"; finish 3; }
		text="$text $(($(now_ms) - begin))"
		expected_starts=$((expected_starts + $4))
		turn=$((turn + 1))
		watch
	done
	line "$1: $3 times, ms:$text"
	verify_after "$1"
}
resets() {
	local per=0
	# nvme-apple starts its firmware anew each time
	[ -n "$function" ] || per=1
	if allowed reset "Reset the controller three times, as the kernel does after an error?"; then
		timed reset "$sysfs/reset_controller" 3 $per
	else
		line "reset: not allowed"
		line "data-after-reset: no reset"
	fi
}
restarts() {
	if [ -z "$function" ]; then
		line "restart: is part of a reset with this driver"
		line "data-after-restart: see data-after-reset"
		line "sart-after-restart: no table to compare"
	elif allowed restart "Restart the firmware twice? If it does not come back the drive is gone until the next boot."; then
		timed restart "$function/reset" 2 1
		sart_kept restart
	else
		line "restart: not allowed"
		line "data-after-restart: no restart"
		line "sart-after-restart: no restart"
	fi
}

clock() {
	local dir
	for dir in /sys/class/rtc/rtc*; do
		[ "$(cat "$dir/device/power/wakeup" 2>/dev/null)" = enabled ] &&
			[ -e "$dir/wakealarm" ] && { echo "$dir"; return; }
	done
}
# fall_asleep NAME: how it went, as the line NAME
fall_asleep() {
	local begin
	begin=$(now_ms)
	set_file "$state" /sys/power/state || { odd="$1: the system does not sleep"; finish 3; }
	wait_live || { odd="$1: the controller does not come back"; finish 3; }
	expected_starts=$((expected_starts + 1))
	watch
	line "$1: $state, all is back, $(($(now_ms) - begin)) ms"
}
rehearse() {
	local level
	if ! grep -qs platform /sys/power/pm_test; then
		line "sleep-rehearsal: this kernel has no pm_test"
		return
	fi
	for level in devices platform; do
		rehearsing=yes
		set_file $level /sys/power/pm_test
		fall_asleep "sleep-rehearsal-$level"
	done
	set_file none /sys/power/pm_test
	rehearsing=
	line "sleep-rehearsal: done"
}
real_sleep() {
	local rtc
	rtc=$(clock)
	if [ -z "$rtc" ]; then
		line "sleep: there is no clock that can wake this machine"
		return
	fi
	if [ -n "$(cat "$rtc/wakealarm")" ]; then
		line "sleep: somebody has set an alarm of this clock already"
		return
	fi
	set_file +20 "$rtc/wakealarm" || { line "sleep: the clock takes no alarm"; return; }
	fall_asleep sleep
}
sleeps() {
	if ! allowed sleep "Let the system sleep for 20 seconds?"; then
		for name in sleep-rehearsal sleep data-after-sleep sart-after-sleep; do
			echo "$name: not allowed"
		done | put
		return
	fi
	state=mem
	grep -q mem /sys/power/state || state=freeze
	rehearse
	real_sleep
	verify_after sleep
	sart_kept sleep
}

# ----- the end -----

counts() {
	local all new
	all=$(log -1)
	lost
	if [ -n "$function" ]; then
		echo "lost-interrupts: $lost_before before, $lost now"
	else
		echo "lost-interrupts: not counted by this driver"
	fi
	echo "unsafe-shutdowns: ${unsafe:-not known} before, $(smart |
		sed -n 's/^smart-unsafe-shutdowns: //p') now"
	echo "completions-polled: $(echo "$all" | grep -c 'completion polled') in the log since boot"
	echo "crash-recovery: $(echo "$all" | grep -c 'restarted after a crash') in the log since boot"
	echo "firmware-starts: $starts, expected $expected_starts"
	new=$(echo "$all" | grep -E 'TCB.*(not invalidated|invalidation failed)' |
		cut -d' ' -f4-)
	each tcb-stat "${new:-0 whenever it was read, as far as the log goes back}"
}
log_lines() {
	log -1 | grep -E "$node|$sart|nvme $ctrl|nvme 1[0-9a-f]*:|apple_ssd:|PM: suspend" |
		sed 's/\(syslog message:\).*/\1 (left out)/' |
		awk '{ us = $3; sub(/^[^ ]+ [^ ]+ [^ ]+ /, ""); printf "%.6f %s\n", us / 1000000, $0 }' |
		tail -n 400 | sed 's/^/log: /'
}
clean_up() {
	[ -z "$rehearsing" ] || set_file none /sys/power/pm_test
	[ -z "$traces" ] || as_root rmdir "$traces"
	traces='' rehearsing=''
}
# finish STATUS: the rest of the report
finish() {
	trap - EXIT INT TERM HUP
	{
		counts
		trace_lines
		log_lines
	} | put
	clean_up
	if [ "$1" -eq 0 ]; then
		line "result: complete"
		say "the report is in $report"
	else
		line "result: stopped: $odd"
		say "stopped at an odd sign: $odd"
		say "the report is in $report; restart the Mac before you try anything else"
		[ -z "$scratch" ] || say "$scratch is left as it is"
	fi
	exit "$1"
}
interrupted() {
	clean_up
	line "result: stopped: by a signal"
	exit 130
}

only_check() {
	scratch=$check
	step=4096
	case $root$scratch in
	no/dev/*) refuse "check=$scratch: a partition needs root" ;;
	esac
	on_scratch verify "$step"
	exit
}

main() {
	read_words "$@"
	find_root
	find_drive || { say "no ANS2 drive is here"; exit 1; }
	disk=${ctrl}n1
	step=$(($(cat "/sys/block/$disk/queue/dma_alignment" 2>/dev/null || echo 127) + 1))
	# nvme-apple gets on with whole cache lines only
	[ -n "$function" ] || [ $step -ge 128 ] || step=128
	[ -z "$check" ] || only_check
	if [ -n "$scratch" ]; then
		[ $root != no ] || refuse "without root nobody watches the kernel's log"
		name=$(on_scratch check "$size") || refuse "scratch=$scratch: ${name#refused: }"
	fi
	[ -n "$report" ] || report=ans2-report-$(date +%Y%m%d-%H%M%S).txt
	[ ! -e "$report" ] || refuse "report=$report: it is there already"
	# a link to nowhere is one, too
	(set -C; : >"$report") || refuse "report=$report: it cannot be written"
	hide
	find_sart
	# not through the filter: a host may have its name from the model
	echo "model: $(dt model)" | tee -a "$report"
	{ system; pci_function; } | put
	if ! log -1 >/dev/null 2>&1; then
		line "result: incomplete: the rest needs root"
		say "the report is in $report; without root it is not complete"
		exit 1
	fi
	seen=$(log -1 | tail -n 1)
	seen=${seen%% *}
	lost
	lost_before=$lost
	trap clean_up EXIT
	trap interrupted INT TERM HUP
	trace_on
	entries=$(boot_entries)
	watch
	{ registers; sart_entries; boot_times; } | put
	take_named identify
	text=$(smart)
	media=$(echo "$text" | sed -n 's/^smart-media-errors: //p')
	unsafe=$(echo "$text" | sed -n 's/^smart-unsafe-shutdowns: //p')
	echo "$text" | put
	take_named as_root "$kit/read-drive" "$(first_partition)" "$step" "$size"
	data
	resets
	restarts
	sleeps
	case $words in
	*" keep "*) ;;
	*) [ -z "$scratch" ] || take scratch-removed on_scratch remove ;;
	esac
	finish 0
}

main "$@"
