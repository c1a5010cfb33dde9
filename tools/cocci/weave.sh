#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Puts everything of this repository that belongs into a kernel tree into one:
# copies our files, applies the semantic patches, adds the Kconfig and Makefile
# lines.
#
#   weave.sh [--undo] KDIR
#   weave.sh --results DIR [--parts "PART..."] KDIR
#   weave.sh --look KDIR
#
# Everything is made on copies and moved in at the end, so a tree in which a
# hook finds no place is left as it was. A second run changes nothing, and no
# time stamp. After our files changed, a run brings the tree up to date: the
# originals are kept in KDIR/.ans2-weave.
#
# --undo      gives the tree back as it was
# --results   writes the changed files to DIR and leaves the tree alone
# --look      says the tree's version, if it is fit to be woven
# --parts     only these commits of the series (see the file parts)

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
# What of Documentation/ describes code of the kernel tree.
docs='Documentation/nvme Documentation/driver-api'
# What only a woven file has. Upstream's own driver has ans2 in other words.
marks='(nvme_|apple-|kconfig\.)ans2|ans2-hooks|apple.ssd|kconfig\.ssd'
. "$here/kernels.sh"

# The versions that fit, on one line.
fitting() {
	local version from
	for version in $(kernels default newest next tree); do
		from=$(kernel_is "$version" from)
		echo "$version${from:+ (from $version.$from on)}"
	done | paste -sd , | sed 's/,/, /g'
}
accepted="accepted is the top folder of an unpacked Linux tree, as released or as this script left it; known to fit: $(fitting)"

die() { printf 'weave: %s\n' "$*" >&2; exit 1; }
sum() { sha256sum "$1" | cut -d ' ' -f 1; }
rows() { grep -v -e '^#' -e '^[[:space:]]*$' "$here/$1"; }
# field N ROW: the Nth column of a row, without the blanks around the bar
field() { awk -F ' [|]( |$)' -v n="$1" '{ print $n }' <<<"$2"; }

# known VERSION SUBLEVEL: what is known of a tree that something does not fit
known() {
	local role from
	role=$(kernel_is "$1" role) from=$(kernel_is "$1" from)
	if [[ $role == refused ]]; then
		echo "Linux $1 is known not to fit: $(kernel_is "$1" known)"
	elif [[ -z $role ]]; then
		echo "nobody has tried Linux $1: see Documentation/nvme/apple-ans2-new-kernel.rst"
	elif [[ $2 -lt ${from:-0} ]]; then
		echo "Linux $1 is known to fit from $1.$from on: $(kernel_is "$1" known)"
	else
		echo "Linux $1 as released is known to fit"
	fi
}

# unfit TEXT: the end for a tree in which something finds no place
unfit() {
	local number=() name
	for name in VERSION PATCHLEVEL SUBLEVEL; do
		number+=("$(sed -n "s/^$name = *//p" "$kdir/Makefile")")
	done
	die "$*; the tree is left as it was. $(known "${number[0]}.${number[1]}" "${number[2]:-0}")"
}

undo='' look='' results='' parts='' kdir=''
while [[ $# -gt 0 ]]; do
	case $1 in
	--undo) undo=1 ;;
	--look) look=1 ;;
	--results) results=${2:?--results needs a folder}; shift ;;
	--parts) parts=${2:?--parts needs names}; shift ;;
	-*) die "unknown option $1" ;;
	*) [[ -z $kdir ]] || die "one tree at a time: $kdir or $1"; kdir=$1 ;;
	esac
	shift
done

wanted() { [[ -z $parts || " $parts " == *" $1 "* ]]; }

check_tree() {
	local f
	[[ -n $kdir ]] || die "KDIR is not set; $accepted: make weave KDIR=~/linux"
	[[ -d $kdir ]] || die "KDIR=$kdir is not a folder; $accepted"
	kdir=$(cd "$kdir" && pwd)
	[[ $kdir != "$top" ]] || die "KDIR is this repository; $accepted"
	# what make setup unpacked; make has copies of it in a folder woven
	[[ -n $results$look || ! -f $kdir.version || $kdir == */woven/src/* ]] ||
		die "KDIR=$kdir is what all builds here begin with; give a copy of it"
	for f in Makefile Kbuild include/linux/blk-mq.h drivers/nvme/host/pci.c; do
		[[ -f $kdir/$f ]] ||
			die "KDIR=$kdir is not a Linux tree, it has no $f; $accepted"
	done
	grep -q '^VERSION = ' "$kdir/Makefile" ||
		die "KDIR=$kdir is not a Linux tree, its Makefile names no version; $accepted"
	[[ -n $results$look || -w $kdir ]] || die "KDIR=$kdir cannot be written"
	[[ -n $look ]] || command -v spatch >/dev/null ||
		die "spatch is not here: install the package coccinelle"
}

# Our files, one a line.
overlay() {
	local f part
	(
		cd "$top"
		# shellcheck disable=SC2086
		find drivers include $docs -type f ! -name '.*.swp' ! -name '*~' \
			! -name '*.orig' ! -name '*.rej' 2>/dev/null
	) | sort | while read -r f; do
		if [[ -n $parts ]]; then
			part=$(part_of "$f") || exit 1
			wanted "$part" || continue
		fi
		echo "$f"
	done
}

part_of() {
	local row pattern patterns
	while read -r row; do
		read -ra patterns <<<"$(field 2 "$row")"
		for pattern in "${patterns[@]}"; do
			# shellcheck disable=SC2053
			[[ $1 != $pattern ]] || { field 1 "$row"; return; }
		done
	done < <(rows parts)
	die "$1 belongs to no commit of the series: add it to tools/cocci/parts"
}

ours() { [[ -f $top/$1 ]]; }

# The upstream files that rules and lines may change.
edited() {
	local row f
	{
		rows rules | while read -r row; do field 3 "$row"; done
		rows build-lines | while read -r row; do field 2 "$row"; done
	} | sed 's/^?//' | sort -u | while read -r f; do
		ours "$f" || [[ ! -f $kdir/$f ]] || echo "$f"
	done
}

state=
record() { awk -v f="$1" '$2 == f { print $1 }' "$state"/manifest* 2>/dev/null; }

# Nothing that somebody else changed is overwritten.
check_clean() {
	local f now
	if [[ ! -d $state ]]; then
		if [[ -e $kdir/.git ]] && command -v git >/dev/null; then
			now=$(edited | xargs git -C "$kdir" status --porcelain -- 2>&1) ||
				die "KDIR=$kdir: git status does not tell whether it has changes of its own: ${now%%$'\n'*}"
			[[ -z $now ]] || {
				now=${now%%$'\n'*}
				die "KDIR=$kdir has changes of its own (${now:3}); $accepted"
			}
		fi
		for f in $(overlay); do
			[[ ! -e $kdir/$f ]] ||
				die "KDIR=$kdir has $f but no record of a weave: it is half woven or woven by hand; $accepted"
		done
		for f in $(edited); do
			! grep -q -i -E "$marks" "$kdir/$f" ||
				die "KDIR=$kdir: $f has hooks but there is no record of a weave: it is half woven or woven by hand; $accepted"
		done
		return
	fi
	while read -r now f; do
		[[ -e $kdir/$f ]] || continue
		now=$(sum "$kdir/$f")
		if [[ -f $state/orig/$f && $now == "$(sum "$state/orig/$f")" ]]; then
			continue
		fi
		record "$f" | grep -qx "$now" ||
			die "KDIR=$kdir: $f was changed after it was woven; take the change away, or give another tree"
	done < <(cat "$state"/manifest* 2>/dev/null | sort -u -k 2)
	for f in $(overlay); do
		[[ ! -e $kdir/$f || -n $(record "$f") ]] ||
			die "KDIR=$kdir: $f is there and not from here; take it away, or give another tree"
	done
}

# The upstream text of a file, whether the tree is woven or not.
original() {
	if [[ -f $state/orig/$1 ]]; then
		echo "$state/orig/$1"
	else
		echo "$kdir/$1"
	fi
}

# work_copy FILE: makes $work/FILE
work_copy() {
	[[ ! -f $work/$1 ]] || return 0
	mkdir -p "$work/$(dirname "$1")"
	if ours "$1"; then
		cp "$top/$1" "$work/$1"
	else
		cp "$(original "$1")" "$work/$1"
		chmod u+w "$work/$1"
	fi
}

# holds CONDITION: is the property there? Properties are those of the tree
# before the rules change it.
holds() {
	local rest=$1 one
	while [[ -n $rest ]]; do
		one=${rest%%" && "*}
		rest=${rest#"$one"}
		rest=${rest#" && "}
		holds_one "$one" || return
	done
}

holds_one() {
	local verb file regex
	read -r verb file regex <<<"$1"
	file=$(original "$file")
	[[ -f $file ]] || unfit "KDIR=$kdir has no ${file#"$kdir/"}, which a rule asks about"
	case $verb in
	has) grep -qE "$regex" "$file" ;;
	lacks) ! grep -qE "$regex" "$file" ;;
	*) die "tools/cocci/rules: '$verb' is not a condition" ;;
	esac
}

apply_rules() {
	local part rule file when row why
	while read -r row; do
		part=$(field 1 "$row") rule=$(field 2 "$row")
		file=$(field 3 "$row") when=$(field 4 "$row")
		wanted "$part" || continue
		ours "$file" || [[ -f $kdir/$file ]] ||
			unfit "KDIR=$kdir has no $file for $rule"
		holds "$when" || continue
		work_copy "$file"
		why=$(mktemp "$work/.why.XXXXXX")
		if ! spatch --no-includes --very-quiet --sp-file "$here/$rule" \
				--in-place "$work/$file" >/dev/null 2>"$why"; then
			grep '^hook ' "$why" >&2 || cat "$why" >&2
			unfit "$rule does not fit $file of $kdir"
		fi
		rm -f "$why"
		# spatch indents a label that it adds, and breaks no line after a
		# case.
		sed -i -E -e 's/^\t+(again:)$/\1/' \
			-e 's/^(\t+)(case NVME_QUIRK_ADMIN_PAGE_ALIGN:) +(return .*)/\1\2\n\1\t\3/' \
			"$work/$file"
	done < <(rows rules)
}

apply_lines() {
	local part file anchor line need row count
	while IFS= read -r row; do
		part=$(field 1 "$row") file=$(field 2 "$row")
		anchor=$(field 3 "$row") line=$(field 4 "$row") need=$(field 5 "$row")
		wanted "$part" || continue
		ours "$need" || continue
		if [[ $file == \?* ]]; then
			file=${file#\?}
			[[ -f $kdir/$file ]] || continue
		fi
		[[ -f $kdir/$file ]] || unfit "KDIR=$kdir has no $file"
		work_copy "$file"
		anchor=${anchor//'\t'/$'\t'}
		count=$(grep -cxF -- "$anchor" "$work/$file" || :)
		[[ $count -eq 1 ]] ||
			unfit "line of $need: its anchor '$anchor' stands in $file $count times, expected once"
		A=$anchor L=$line awk '
			{ print }
			$0 == ENVIRON["A"] {
				n = ENVIRON["L"]
				gsub(/\\t/, "\t", n); gsub(/\\n/, "\n", n)
				print n
			}' "$work/$file" >"$work/.line"
		mv "$work/.line" "$work/$file"
	done < <(rows build-lines)
}

# Every file of the result is in $work afterwards.
make_results() {
	local f
	for f in $(overlay); do
		work_copy "$f"
	done
	apply_rules
	apply_lines
	rm -f "$work"/.why.*
}

listing() { (cd "$work" && find . -type f ! -name '.why.*' ! -name .line | sed 's,^\./,,' | sort); }

# From here on the tree changes. The new manifest stands beside the old one
# until all files are in place: a run that was cut off can be repeated.
move_in() {
	local f changed=0
	mkdir -p "$state/orig"
	listing | while read -r f; do
		printf '%s %s\n' "$(sum "$work/$f")" "$f"
	done >"$state/manifest.next"
	for f in $(listing); do
		if ! ours "$f" && [[ ! -f $state/orig/$f ]]; then
			mkdir -p "$state/orig/$(dirname "$f")"
			cp -p "$kdir/$f" "$state/orig/$f.part"
			mv "$state/orig/$f.part" "$state/orig/$f"
		fi
		! cmp -s "$work/$f" "$kdir/$f" || continue
		mkdir -p "$kdir/$(dirname "$f")"
		mv "$work/$f" "$kdir/$f"
		changed=$((changed + 1))
	done
	if [[ -f $state/manifest ]]; then
		while read -r _ f; do
			grep -q " $f\$" "$state/manifest.next" || restore "$f"
		done <"$state/manifest"
	fi
	mv "$state/manifest.next" "$state/manifest"
	printf 'weave: %s: %d files changed, %d in place\n' "$kdir" "$changed" \
		"$(wc -l <"$state/manifest")"
}

restore() {
	if [[ -f $state/orig/$1 ]]; then
		cp -p "$state/orig/$1" "$kdir/$1"
	else
		rm -f "$kdir/$1"
		(cd "$kdir" && rmdir -p --ignore-fail-on-non-empty "$(dirname "$1")")
	fi
}

# Kconfig takes options away without a word, so this is said.
say_what_to_set() {
	cat <<-EOF
	weave: what to set is in $here/ans2.config. With a .config in the tree:
	    cd $kdir && export ARCH=arm64
	    scripts/kconfig/merge_config.sh -m .config $here/ans2.config
	    make olddefconfig
	    $top/tools/scripts/check-config .config
	EOF
}

undo() {
	local f
	[[ -d $state ]] || die "KDIR=$kdir is not woven"
	check_clean
	while read -r _ f; do
		restore "$f"
	done < <(cat "$state"/manifest* | sort -u -k 2)
	rm -rf "$state"
	printf 'weave: %s: as it was\n' "$kdir"
}

check_tree
state=$kdir/.ans2-weave
if [[ -n $undo ]]; then
	undo
	exit
fi
check_clean
if [[ -n $look ]]; then
	awk '/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) =/ { v[$1] = $3 }
		END { print v["VERSION"] "." v["PATCHLEVEL"] "." v["SUBLEVEL"] v["EXTRAVERSION"] }' "$kdir/Makefile"
	exit
fi
if [[ -n $results ]]; then
	mkdir -p "$results"
	work=$(cd "$results" && pwd)
	[[ -z $(ls -A "$work") ]] || die "$results is not empty"
	make_results
	exit
fi
# In the tree's own folder, so that moving in is a rename.
work=$(mktemp -d "$kdir/.ans2-work.XXXXXX") || die "KDIR=$kdir cannot be written"
trap 'rm -rf "$work"' EXIT
make_results
move_in
say_what_to_set
