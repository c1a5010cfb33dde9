# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh: packages, the host's and those of other Debian suites.
#
#   host_suite         sets suite (bookworm or trixie), mirror, security_mirror
#                      and keyring from the host's own apt configuration
#   install_missing    installs the named packages that are not there
#   private_update     makes the private apt state under $build/apt
#   papt, papt_cache   apt-get and apt-cache in that state
#
# The private state is an arm64 machine with nothing installed: its lists also
# hold what is for all architectures, and the host's own apt configuration
# (proxies, credentials) still applies to it.

# entries: one line "URI keyring suite" per suite of the host's apt
# configuration that has the component main
entries() {
	local file
	shopt -s nullglob
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[[ ! -r $file ]] || awk '
		$1 == "deb" {
			key = "-"; i = 2
			if ($i ~ /^\[/) {
				for (; i <= NF; i++) {
					opt = $i; gsub(/[][]/, "", opt)
					if (opt ~ /^signed-by=/) key = substr(opt, 11)
					if ($i ~ /\]$/) break
				}
				i++
			}
			for (j = i + 2; j <= NF; j++)
				if ($j == "main") print $i, key, $(i + 1)
		}' "$file"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[[ ! -r $file ]] || awk '
		function flush_(  u, s, n, m, a, b) {
			if (f["types"] ~ /(^| )deb( |$)/ && f["enabled"] !~ /^ *no/ &&
			    f["components"] ~ /(^| )main( |$)/) {
				m = split(f["suites"], b, " "); split(f["uris"], a, " ")
				split(f["signed-by"], k, " ")
				for (n = 1; n <= m; n++)
					print a[1], (k[1] ~ /^\// ? k[1] : "-"), b[n]
			}
			delete f; name = ""
		}
		/^#/ { next }
		/^[ \t]*$/ { flush_(); next }
		/^[ \t]/ { f[name] = f[name] " " $0; next }
		{ i = index($0, ":"); name = tolower(substr($0, 1, i - 1)); f[name] = " " substr($0, i + 1) }
		END { flush_() }' "$file"
	done
}

host_suite() {
	local uri key name
	suite=$(. /etc/os-release && echo "${ID-} ${VERSION_CODENAME-}")
	case $suite in
	'debian bookworm'|'debian trixie') suite=${suite#debian } ;;
	*) die "this machine is '$suite'; the packages are known by name on Debian 12 (bookworm) and 13 (trixie) only" ;;
	esac
	mirror='' security_mirror='' keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	while read -r uri key name; do
		case $name in
		"$suite")
			[[ -n $mirror ]] || { mirror=$uri; [[ $key == - ]] || keyring=$key; } ;;
		"$suite-security")
			[[ -n $security_mirror ]] || security_mirror=$uri ;;
		esac
	done < <(entries)
	[[ -n $mirror ]] || die "no line for $suite main in /etc/apt/sources.list or sources.list.d: apt has no mirror to ask"
	security_mirror=${security_mirror:-${mirror%/}-security}
}

# In a step, where nobody sees a question: ask_password comes before it.
as_root() {
	if [[ $(id -u) -eq 0 ]]; then
		"$@"
	elif ! command -v sudo >/dev/null; then
		echo "neither root nor sudo, so this cannot be run: $*"
		return 1
	else
		sudo -n -- "$@"
	fi
}

# Lets sudo ask for the password, if there is somebody to ask.
ask_password() {
	if [[ $(id -u) -ne 0 && -t 2 ]] && ! sudo -n true 2>/dev/null; then
		say "packages have to be installed; sudo asks for your password"
		sudo -v </dev/tty || die "sudo does not let you install packages"
	fi
}

host_apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
		-o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
		-o Acquire::https::Timeout=20 -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold "$@"
}

host_update_install() {
	host_apt update
	host_apt install --no-install-recommends "$@"
}

# install_missing PACKAGE...
install_missing() {
	local p have missing=()
	have=$(dpkg-query -Wf '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || :
	for p; do
		grep -qxF "$p installed" <<<"$have" || missing+=("$p")
	done
	[[ ${#missing[@]} -gt 0 ]] || return 0
	if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
		die "not root and no sudo; as root run: apt-get install --no-install-recommends ${missing[*]}"
	fi
	ask_password
	step packages "installing ${#missing[@]} packages" host_update_install "${missing[@]}"
}

papt() { apt-get -c "$build/apt/apt.conf" -q "$@"; }
papt_cache() { apt-cache -c "$build/apt/apt.conf" "$@"; }

write_private_state() {
	local dir=$build/apt line suites=$1
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial}
	: >"$dir/status"
	cat >"$dir/apt.conf" <<-EOF
		Dir::State "$dir/state";
		Dir::State::lists "$dir/state/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		#clear APT::Architectures;
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		#clear APT::Update;
		#clear DPkg;
		APT::Update::Error-Mode "any";
		APT::Sandbox::User "$(id -un)";
		APT::Default-Release "";
		Acquire::Languages "none";
		Acquire::PDiffs "false";
		Acquire::Retries "2";
		Acquire::http::Timeout "20";
		Acquire::https::Timeout "20";
	EOF
	for line in $suites; do
		case $line in
		*-security) echo "deb [arch=arm64 targets=Packages signed-by=$keyring] $security_mirror $line main" ;;
		*) echo "deb [arch=arm64 targets=Packages signed-by=$keyring] $mirror $line main" ;;
		esac
	done >"$dir/sources.list"
	echo "deb-src [targets=Sources signed-by=$keyring] $mirror trixie main" >>"$dir/sources.list"
}

# private_update SUITE...
private_update() {
	write_private_state "$*"
	papt update
}
