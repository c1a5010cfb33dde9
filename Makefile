# SPDX-License-Identifier: GPL-2.0-only
# Apple's ANS2 SSD controller in nvme-pci, and the emulated Mac that tests it.
# Each target calls one script of tools/scripts; `make` prints what there is.

KERNEL ?= 6.12
DRIVER ?= ans2
PAGES ?= 16k
O ?= build
# CMD and KDIR may hold $ signs, which are the shell's and not make's.
override CMD := $(value CMD)
override KDIR := $(value KDIR)
export KERNEL DRIVER PAGES DEBUG O CMD SSD T KDIR

scripts := tools/scripts
.DEFAULT_GOAL := help

help:
	@$(scripts)/help.sh

test:
	@$(scripts)/test.sh check

check:
	@$(scripts)/check.sh

setup run kunit qtest e2e oracle bench weave series:
	@$(scripts)/missing.sh $@

clean:
	@$(scripts)/clean.sh

.PHONY: help test check setup run kunit qtest e2e oracle bench weave series clean
