# The machines that this project uses, and nothing else.

# The emulated Mac mini
CONFIG_APPLE_J274=y

# KUnit and the comparison with a stock NVMe drive run on -M virt
CONFIG_ARM_VIRT=y
CONFIG_NVME_PCI=y
