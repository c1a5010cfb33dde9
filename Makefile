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
files = $(shell find $(wildcard $(1)) -type f)

# What is built, and from what
kernel = $(O)/kernel/$(1)/arch/arm64/boot/Image
this_kernel := $(call kernel,$(KERNEL)-$(DRIVER)-$(PAGES)$(if $(filter 1,$(DEBUG)),-debug))
oracle_kernels := $(foreach k,6.12 7.2,$(call kernel,$k-upstream-16k))
setup := $(O)/stamp/setup-$(KERNEL)
qemu := $(O)/qemu/qemu-system-aarch64
image := $(O)/image/ssd.img
drivers := $(call files,drivers include tools/cocci)

help:
	@$(scripts)/help.sh

setup:
	@$(scripts)/setup.sh
qemu: $(qemu)
kernel: $(this_kernel)
image: $(image)

run: $(qemu) $(this_kernel) $(image)
	@$(scripts)/run.sh

test:
	@$(scripts)/test.sh check
check: $(setup)
	@$(scripts)/check.sh
qtest: $(qemu)
	@$(scripts)/qtest.sh
oracle: $(qemu) $(oracle_kernels) $(image)
	@$(scripts)/oracle.sh
kunit e2e bench weave series:
	@$(scripts)/missing.sh $@

clean:
	@$(scripts)/clean.sh

$(O)/stamp/setup-%: $(scripts)/setup.sh
	@KERNEL=$* $(scripts)/setup.sh
$(qemu): $(call files,tools/qemu) $(scripts)/qemu.sh | $(setup)
	@$(scripts)/qemu.sh
$(image): $(call files,$(scripts)/image.sh tools/testing/guest) | $(setup)
	@$(scripts)/image.sh

.SECONDEXPANSION:
$(call kernel,%): $(scripts)/kernel.sh $(call files,tools/testing/config) \
		$$(if $$(findstring ans2,$$*),$(drivers)) \
		| $(O)/stamp/setup-$$(firstword $$(subst -, ,$$*))
	@$(scripts)/kernel.sh $*

.PHONY: help setup qemu kernel image run test check qtest oracle kunit e2e \
	bench weave series clean
