/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit: an ANS2 that writes down what is done to it
 */

#ifndef _APPLE_ANS_TESTS_FAKE_H_
#define _APPLE_ANS_TESTS_FAKE_H_

#include <linux/soc/apple/rtkit.h>
#include <linux/types.h>

#include "../core.h"

struct device;
struct kunit;

#define FAKE_RUN	0x10
#define FAKE_READY	0xde71ce55
#define FAKE_PAGES	8

/* Where its memory lies for the co-processor, one behind the other. */
#define FAKE_DMA(i)	(0x800000000ULL + (i) * 0x100000ULL)

/**
 * struct ans_fake - the ANS2 under test, and what stands in for the rest
 * @test: the test
 * @dev: platform device
 * @ans: the ANS2; a suite initialises what it needs of it
 * @log: the steps, as words
 * @brief: write down "run" and "stop" alone, and what ans_fake_log() is told
 * @at: called at each step, whether it is written down or not
 * @fail: this step fails
 * @error: with this errno, or -EIO
 * @spared: but not the first so many times
 * @times: and only so often, or for ever
 * @crash_early: so many handshakes end by a crash
 * @crash_late: so many handshakes are followed by a crash
 * @crashes: how often a crash was reported; where @ans counts them none is
 * @parts: how many are set up
 * @reset: the reset line is asserted
 * @cpu_control: CPU_CONTROL
 * @runs: how often it was started there
 * @status: BOOT_STATUS of firmware that runs
 * @status_reads: reads until it is shown
 * @looks: reads of it
 * @running: the handshake is done
 * @crashed: the firmware has crashed
 * @asks: sizes that it asks for in the handshake
 * @asks_late: it asks for another page when it is stopped
 * @late: what that request gave
 * @held: a test has its lock
 * @shmem: what the RTKit library keeps
 * @page: memory given out
 * @used: and not freed
 * @size: its size
 * @allocs: how often memory was given out
 * @range: what of it is in the filter
 * @allowed: ranges in the filter
 * @allowed_dma: the last one
 * @allowed_size: its size
 */
struct ans_fake {
	struct kunit *test;
	struct device *dev;
	struct ans ans;
	char log[512];
	bool brief;
	void (*at)(struct ans_fake *fake, const char *step);
	const char *fail;
	int error;
	int spared;
	int times;
	int crash_early;
	int crash_late;
	int crashes;

	int parts;
	bool reset;
	u32 cpu_control;
	int runs;
	u32 status;
	int status_reads;
	int looks;
	bool running;
	bool crashed;

	size_t asks[4];
	bool asks_late;
	int late;
	bool held;
	struct apple_rtkit_shmem shmem[4];
	u8 *page[FAKE_PAGES];
	bool used[FAKE_PAGES];
	size_t size[FAKE_PAGES];
	int allocs;
	size_t range[FAKE_PAGES];
	int allowed;
	dma_addr_t allowed_dma;
	size_t allowed_size;
};

extern const struct ans_loan_ops ans_fake_loan_ops;
extern const struct ans_firmware_ops ans_fake_firmware_ops;
extern const struct ans_parts ans_fake_parts;

struct ans_fake *ans_fake_new(struct kunit *test);
int ans_fake_init_firmware(struct ans_fake *fake);
int ans_fake_init_all(struct ans_fake *fake, u16 subsystem);
void ans_fake_log(struct ans_fake *fake, const char *word);
void ans_fake_forget(struct ans_fake *fake);
int ans_fake_start(struct ans_fake *fake);
void ans_fake_stop(struct ans_fake *fake);
void ans_fake_crash(struct ans_fake *fake);
u32 ans_fake_cfg(struct ans_fake *fake, int where);
int ans_fake_rescuers(void);
int ans_fake_pages(struct ans_fake *fake);
int ans_fake_buffers(struct ans_fake *fake, bool lent);
void ans_fake_expect_stopped(struct ans_fake *fake);
void ans_fake_expect_nothing_left(struct ans_fake *fake);

#endif /* _APPLE_ANS_TESTS_FAKE_H_ */
