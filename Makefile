# SPDX-License-Identifier: GPL-2.0-only
# Apple's ANS2 SSD controller in nvme-pci, and the emulated Mac that tests it.
# Each target calls one script, and a script first calls those whose results it
# needs.  A script knows by the content of its inputs whether there is anything
# to do, so a second `make run` builds nothing.

DRIVER ?= ans2
PAGES ?= 16k
MACHINE ?= j274
O ?= build
# CMD and KDIR may hold $ signs, which are the shell's and not make's.
override CMD := $(value CMD)
override KDIR := $(value KDIR)
override KSRC := $(value KSRC)
export KERNEL DRIVER PAGES MACHINE DEBUG MODULES DISTRO O CMD SSD T JOBS REFERENCE KDIR KSRC TRACE

scripts := tools/scripts

help:
	@$(scripts)/help.sh

setup:
	@$(scripts)/setup.sh --report
qemu kernel image proof-kit:
	@$(scripts)/$@.sh
run distro:
	@$(scripts)/$@.sh

test:
	@$(scripts)/test.sh check kunit qtest e2e \
		'e2e KERNEL=newest PAGES=4k DEBUG=locks T=core' \
		'oracle DEBUG=locks T=core' 'bench JOBS=quick'
check qtest e2e oracle bench series trees:
	@$(scripts)/$@.sh
weave:
	@tools/cocci/weave.sh "$$KDIR"
modules:
	@$(scripts)/modules.sh build
modules_install modules_uninstall: modules_%:
	@$(scripts)/modules.sh $*
modules_test:
	@$(scripts)/modules-test.sh
kunit plant:
	@tools/testing/$@/run.sh

clean:
	@$(scripts)/clean.sh

.PHONY: help setup qemu kernel image distro proof-kit run test check qtest \
	oracle kunit e2e plant bench weave series trees modules \
	modules_install modules_uninstall modules_test clean
