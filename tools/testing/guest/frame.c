// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames between the guest's agent and the host: see frame.h
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

static uint32_t crc32(const uint8_t *data, unsigned int len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static uint16_t header_sum(const uint8_t *header)
{
	uint16_t sum = 0;

	for (int i = 0; i < 6; i++)
		sum += header[i];
	return ~sum;
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] | at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

int frame_read(struct frame_rx *rx, int fd)
{
	ssize_t n = read(fd, rx->buf + rx->fill, sizeof(rx->buf) - rx->fill);

	if (n > 0)
		rx->fill += n;
	return n;
}

static void drop(struct frame_rx *rx, unsigned int n)
{
	rx->fill -= n;
	memmove(rx->buf, rx->buf + n, rx->fill);
}

/* Skip to the next place where a frame may begin. */
static void seek_sync(struct frame_rx *rx)
{
	unsigned int at = 0;

	while (at < rx->fill && (rx->buf[at] != FRAME_SYNC0 ||
				 (at + 1 < rx->fill &&
				  rx->buf[at + 1] != FRAME_SYNC1)))
		at++;
	if (at)
		drop(rx, at);
}

int frame_next(struct frame_rx *rx, struct frame *f)
{
	for (;; drop(rx, 1)) {
		unsigned int len, whole;
		uint8_t seq;

		seek_sync(rx);
		if (rx->fill < FRAME_HEADER)
			return 0;
		len = get16(rx->buf + 4);
		if (header_sum(rx->buf) != get16(rx->buf + 6) ||
		    len > FRAME_MAX)
			continue;
		whole = FRAME_HEADER + len + FRAME_TRAILER;
		if (rx->fill < whole)
			return 0;
		if (crc32(rx->buf + FRAME_HEADER, len) !=
		    get32(rx->buf + FRAME_HEADER + len))
			continue;

		f->type = rx->buf[2];
		f->len = len;
		memcpy(f->data, rx->buf + FRAME_HEADER, len);
		seq = rx->buf[3];
		rx->lost += (uint8_t)(seq - rx->expect);
		rx->expect = seq + 1;
		drop(rx, whole);
		return 1;
	}
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
	return 0;
}

int frame_send(int fd, uint8_t *seq, const struct frame *f)
{
	static uint8_t buf[FRAME_HEADER + FRAME_MAX + FRAME_TRAILER];
	uint32_t crc = crc32(f->data, f->len);
	uint16_t sum;

	buf[0] = FRAME_SYNC0;
	buf[1] = FRAME_SYNC1;
	buf[2] = f->type;
	buf[3] = (*seq)++;
	buf[4] = f->len;
	buf[5] = f->len >> 8;
	sum = header_sum(buf);
	buf[6] = sum;
	buf[7] = sum >> 8;
	memcpy(buf + FRAME_HEADER, f->data, f->len);
	for (int i = 0; i < FRAME_TRAILER; i++)
		buf[FRAME_HEADER + f->len + i] = crc >> 8 * i;
	return write_all(fd, buf, FRAME_HEADER + f->len + FRAME_TRAILER);
}
