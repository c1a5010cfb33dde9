/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames between the guest's agent and the host, over a serial line
 *
 * A frame is an 8-byte header, up to FRAME_MAX bytes of payload and the CRC-32
 * of the payload (the one of zlib). All numbers are little-endian.
 *
 *	0	FRAME_SYNC0, FRAME_SYNC1
 *	2	type, one of enum frame_type
 *	3	sequence number, counts the frames of one direction modulo 256
 *	4	length of the payload, 16 bits
 *	6	complement of the sum of the bytes before, 16 bits
 *
 * The receiver looks for the two sync bytes, believes the length only if the
 * sum is right and it is at most FRAME_MAX, and the payload only if the CRC is
 * right. After any mismatch it goes on looking one byte further, so that
 * garbage on the line costs the frames it hit and nothing else. A step in the
 * sequence numbers tells the receiver that frames were lost. A new agent
 * starts both directions at zero: its first frame is FRAME_READY.
 *
 * tools/testing/mac/agent.py is the other side.
 */

#ifndef GUEST_FRAME_H
#define GUEST_FRAME_H

#include <stdint.h>

#define FRAME_SYNC0	0xf5
#define FRAME_SYNC1	0x9a
#define FRAME_HEADER	8
#define FRAME_MAX	8192
#define FRAME_TRAILER	4
#define FRAME_VERSION	1

/**
 * enum frame_type - what a frame says
 * @FRAME_EXEC: host: run a command. u32 id, u32 time-out in ms (0: none), then
 *	the text for sh -c.
 * @FRAME_WRITE: host: create a file. u32 id, u32 mode, then the path.
 * @FRAME_CLOSE: host: the file is complete. u32 id.
 * @FRAME_READ: host: send a file. u32 id, then the path.
 * @FRAME_READY: agent: first frame after its start. u32 FRAME_VERSION, then
 *	36 characters that name this boot.
 * @FRAME_STDOUT: agent: output of the command. u32 id, then the bytes.
 * @FRAME_STDERR: agent: the same for standard error.
 * @FRAME_STARTED: agent: the command was started. u32 id.
 * @FRAME_EXIT: agent: the command ended. u32 id, u32 enum frame_end, u32 exit
 *	status, signal or errno.
 * @FRAME_ACK: agent: u32 id, u32 errno of a write, data, close or read.
 * @FRAME_BAD: agent: a frame made no sense. The reason as text.
 * @FRAME_DATA: both: content of a file. u32 id, then the bytes.
 */
enum frame_type {
	FRAME_EXEC	= 'x',
	FRAME_WRITE	= 'w',
	FRAME_CLOSE	= 'c',
	FRAME_READ	= 'r',
	FRAME_READY	= 'R',
	FRAME_STDOUT	= 'O',
	FRAME_STDERR	= 'E',
	FRAME_STARTED	= 'S',
	FRAME_EXIT	= 'X',
	FRAME_ACK	= 'A',
	FRAME_BAD	= 'B',
	FRAME_DATA	= 'd',
};

/**
 * enum frame_end - how a command ended
 * @END_EXIT: it exited; the value is its status
 * @END_SIGNAL: a signal killed it; the value is the signal
 * @END_TIMEOUT: it took too long and was killed; the value is the time-out
 * @END_FAILED: it could not be started; the value is the errno
 */
enum frame_end {
	END_EXIT,
	END_SIGNAL,
	END_TIMEOUT,
	END_FAILED,
};

/**
 * struct frame - one frame, received or to be sent
 * @type: enum frame_type
 * @len: bytes used in @data
 * @data: the payload
 */
struct frame {
	uint8_t type;
	uint16_t len;
	uint8_t data[FRAME_MAX];
};

/**
 * struct frame_rx - receiver of one direction
 * @buf: bytes that are not a whole frame yet
 * @fill: how many
 * @expect: next sequence number
 * @lost: frames missed, by their sequence numbers
 */
struct frame_rx {
	uint8_t buf[2 * (FRAME_HEADER + FRAME_MAX + FRAME_TRAILER)];
	unsigned int fill;
	uint8_t expect;
	unsigned long lost;
};

/**
 * frame_read - read what the line has
 * @rx: receiver
 * @fd: the line
 *
 * Return: bytes read, 0 at end of file, -1 with errno.
 */
int frame_read(struct frame_rx *rx, int fd);

/**
 * frame_next - take the next whole frame out of the receiver
 * @rx: receiver
 * @f: filled if there is one
 *
 * Return: 1 if @f was filled, 0 if more bytes are needed.
 */
int frame_next(struct frame_rx *rx, struct frame *f);

/**
 * frame_send - write a frame, all of it
 * @fd: the line
 * @seq: sequence number of this direction, counted up
 * @f: the frame
 *
 * Return: 0, or -1 with errno.
 */
int frame_send(int fd, uint8_t *seq, const struct frame *f);

static inline void frame_put32(struct frame *f, uint32_t val)
{
	f->data[f->len++] = val;
	f->data[f->len++] = val >> 8;
	f->data[f->len++] = val >> 16;
	f->data[f->len++] = val >> 24;
}

static inline uint32_t frame_get32(const struct frame *f, unsigned int at)
{
	return f->data[at] | f->data[at + 1] << 8 | f->data[at + 2] << 16 |
	       (uint32_t)f->data[at + 3] << 24;
}

#endif
