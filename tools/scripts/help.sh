#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: help.sh    prints what `make` can do and the value of each variable
. "$(dirname "$0")/lib.sh"

cat <<EOF
See it work
  make run              boot the emulated Mac mini from its SSD, shell on the console
  make run CMD='...'    the same, run one command in it; fails if the command does
  make run DISTRO=1     the same with a whole Debian 13, through U-Boot and GRUB
  make setup            install packages, unpack sources (run does it by itself)

Test it
  make test             everything a release needs
  make check            style, licences, builds: what a reviewer would run
  make qtest            the device models alone
  make oracle           the machine under drivers that others wrote
  make kunit            the drivers' parts alone, on arm64
  make e2e              the drivers on the machine; T=name for one case
  make modules_test     the drivers as modules of a kernel without them; T=name
  make plant            the tests: is each planted fault seen? T=name or T=file
  make bench            what an I/O costs: these drivers, upstream's, any other drive;
                        JOBS=quick for a few of the jobs, JOBS='glob' for some

Use it elsewhere
  make weave KDIR=...   apply the drivers to a kernel tree
  make series           the same as patches for git am; KDIR=... for a tree of yours
  make trees            which kernels it fits, and what to do with a new one
  make modules          modules for an installed kernel; KDIR=headers KSRC=source,
                        then make modules_install, and modules_uninstall
  make proof-kit        what the owner of a Mac runs, to see what only a Mac can show

Housekeeping
  make qemu             build the emulator        make kernel   build a guest kernel
  make image            build the SSD's contents  make distro   the same, a Debian 13
  make clean            remove what was built

Variables               now         values
  KERNEL                $(printf %-11s "$KERNEL") $(kernel_choice | sed 's/ /, /g'), newest (in Debian unstable: $newest)
  KSRC                  $(printf %-11s "${KSRC:--}") source of a kernel that Debian does not have, a folder or an
                                    archive: with KERNEL=$(kernels tree | paste -sd , | sed 's/,/, /g')
  DRIVER                $(printf %-11s "$DRIVER") ans2 (this repository's), upstream (nvme-apple), in one kernel
  MACHINE               $(printf %-11s "$MACHINE") $(machines | paste -sd , | sed 's/,/, /g')
  PAGES                 $(printf %-11s "$PAGES") 16k, 4k
  DEBUG                 $(printf %-11s "${DEBUG:-0}") 1: lockdep, kmemleak, KASAN and more; locks: the first two
  MODULES               $(printf %-11s "${MODULES:-0}") 1: the drivers as modules, for make kernel alone
  DISTRO                $(printf %-11s "${DISTRO:-0}") 1: Debian 13 on the SSD, for make run; kernel: no U-Boot and GRUB
  O                     $(printf %-11s "$O") where everything is built
  SSD                   $(printf %-11s "${SSD:--}") an image that the guest may write; else a throw-away copy
  T                     $(printf %-11s "${T:--}") one case of check, kunit, qtest, oracle, e2e or plant
  TRACE                 $(printf %-11s "${TRACE:--}") events of the machine for build/log/*.trace, as in 'apple_ans2_*'
  JOBS                  $(printf %-11s "${JOBS:--}") jobs of make bench
EOF
