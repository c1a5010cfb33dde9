// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs commands in the guest for the host
 *
 *	agent /dev/ttySAC2
 *
 * The line is a serial port of its own, so that no kernel message and no
 * program's output can be mistaken for an answer. Frames are described in
 * frame.h. One command or one file transfer at a time; a command gets
 * /dev/null as its input and a session of its own, and whatever is left of
 * that session is killed at the time-out. A command has ended when its shell
 * has: output that a background process writes later is not waited for.
 *
 * Each answer is written to the line as a whole before anything else is read,
 * so the host must keep reading. SIGTERM ends the agent once no command runs,
 * so that even the command that brought the machine down gets its answer.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

#define OUTPUT_CHUNK	4096
#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LEN	36

/**
 * struct job - the command that runs
 * @id: given by the host
 * @pid: its shell, leader of its session; 0 if no command runs
 * @pidfd: becomes readable when the shell has ended
 * @pipe: reading ends of its output and its error output
 * @timeout: in ms, 0 for none
 * @deadline: in ms of CLOCK_MONOTONIC
 * @expired: it was killed because of the time-out
 */
struct job {
	uint32_t id;
	pid_t pid;
	int pidfd;
	int pipe[2];
	uint32_t timeout;
	uint64_t deadline;
	bool expired;
};

/**
 * struct agent - everything the agent knows
 * @line: the serial port
 * @rx: receiver of frames
 * @seq: sequence number of the next frame to the host
 * @job: the command that runs
 * @file: file being written, or -1
 * @file_id: given by the host
 */
struct agent {
	int line;
	struct frame_rx rx;
	uint8_t seq;
	struct job job;
	int file;
	uint32_t file_id;
};

static volatile sig_atomic_t leaving;

static void leave(int sig)
{
	leaving = sig;
}

static const uint8_t output_frame[2] = { FRAME_STDOUT, FRAME_STDERR };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

/* Without the line there is nobody to tell: init starts a new agent. */
static void send_frame(struct agent *a, const struct frame *f)
{
	if (frame_send(a->line, &a->seq, f)) {
		perror("agent: write");
		exit(1);
	}
}

static void send_words(struct agent *a, uint8_t type, int n, ...)
{
	struct frame f = { .type = type };
	va_list ap;

	va_start(ap, n);
	while (n--)
		frame_put32(&f, va_arg(ap, uint32_t));
	va_end(ap);
	send_frame(a, &f);
}

static void send_bad(struct agent *a, const char *fmt, ...)
{
	struct frame f = { .type = FRAME_BAD };
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf((char *)f.data, 256, fmt, ap);
	va_end(ap);
	f.len = n < 256 ? n : 255;
	send_frame(a, &f);
}

static void send_ready(struct agent *a)
{
	struct frame f = { .type = FRAME_READY };
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

	frame_put32(&f, FRAME_VERSION);
	memset(f.data + f.len, '?', BOOT_ID_LEN);
	if (fd >= 0) {
		if (read(fd, f.data + f.len, BOOT_ID_LEN) != BOOT_ID_LEN)
			memset(f.data + f.len, '?', BOOT_ID_LEN);
		close(fd);
	}
	f.len += BOOT_ID_LEN;
	send_frame(a, &f);
}

/* The path or command behind @skip bytes of numbers; NULL if there is none. */
static const char *frame_text(struct frame *f, unsigned int skip)
{
	if (f->len <= skip || f->len == FRAME_MAX ||
	    memchr(f->data + skip, '\0', f->len - skip))
		return NULL;
	f->data[f->len] = '\0';
	return (char *)f->data + skip;
}

/* ----- commands ----- */

static void run_shell(const char *command, int out, int err)
{
	sigset_t none;
	int in = open("/dev/null", O_RDONLY);

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int job_spawn(struct job *job, const char *command)
{
	int out[2], err[2], ret;

	if (pipe2(out, O_CLOEXEC))
		return errno;
	if (pipe2(err, O_CLOEXEC)) {
		ret = errno;
		goto close_out;
	}
	job->pid = fork();
	if (job->pid < 0) {
		ret = errno;
		goto close_err;
	}
	if (!job->pid)
		run_shell(command, out[1], err[1]);

	job->pidfd = syscall(SYS_pidfd_open, job->pid, 0);
	if (job->pidfd < 0) {
		ret = errno;
		kill(job->pid, SIGKILL);
		waitpid(job->pid, NULL, 0);
		goto close_err;
	}
	close(out[1]);
	close(err[1]);
	job->pipe[0] = out[0];
	job->pipe[1] = err[0];
	for (int i = 0; i < 2; i++)
		fcntl(job->pipe[i], F_SETFL, O_NONBLOCK);
	return 0;

close_err:
	close(err[0]);
	close(err[1]);
close_out:
	close(out[0]);
	close(out[1]);
	job->pid = 0;
	return ret;
}

static void job_start(struct agent *a, struct frame *f)
{
	struct job *job = &a->job;
	const char *command = frame_text(f, 8);
	int ret;

	if (!command) {
		send_bad(a, "exec: no command");
		return;
	}
	if (job->pid) {
		send_bad(a, "exec: command %u still runs", job->id);
		return;
	}
	*job = (struct job){
		.id = frame_get32(f, 0),
		.timeout = frame_get32(f, 4),
	};
	job->deadline = now_ms() + job->timeout;
	ret = job_spawn(job, command);
	if (ret)
		send_words(a, FRAME_EXIT, 3, job->id, END_FAILED, ret);
	else
		send_words(a, FRAME_STARTED, 1, job->id);
}

/* Hand on what a pipe has; at most a few chunks, so that nobody starves. */
static void job_output(struct agent *a, int which)
{
	struct frame f = { .type = output_frame[which] };
	int *fd = &a->job.pipe[which];

	for (int chunk = 0; chunk < 16 && *fd >= 0; chunk++) {
		ssize_t n;

		f.len = 0;
		frame_put32(&f, a->job.id);
		n = read(*fd, f.data + f.len, OUTPUT_CHUNK);
		if (n < 0)
			return;
		if (!n) {
			close(*fd);
			*fd = -1;
			return;
		}
		f.len += n;
		send_frame(a, &f);
	}
}

static void job_end(struct agent *a)
{
	struct job *job = &a->job;
	uint32_t how = END_EXIT, value;
	int status;

	if (waitpid(job->pid, &status, WNOHANG) != job->pid)
		return;
	for (int i = 0; i < 2; i++) {
		job_output(a, i);
		if (job->pipe[i] >= 0)
			close(job->pipe[i]);
	}
	close(job->pidfd);
	value = WEXITSTATUS(status);
	if (job->expired) {
		how = END_TIMEOUT;
		value = job->timeout;
	} else if (WIFSIGNALED(status)) {
		how = END_SIGNAL;
		value = WTERMSIG(status);
	}
	job->pid = 0;
	send_words(a, FRAME_EXIT, 3, job->id, how, value);
}

static int job_poll_ms(struct job *job)
{
	uint64_t now = now_ms();

	if (!job->pid || !job->timeout || job->expired)
		return -1;
	if (now < job->deadline)
		return job->deadline - now;
	job->expired = true;
	kill(-job->pid, SIGKILL);
	return -1;
}

/* ----- files ----- */

static void file_open(struct agent *a, struct frame *f)
{
	const char *path = frame_text(f, 8);
	uint32_t id;

	if (!path) {
		send_bad(a, "write: no path");
		return;
	}
	id = frame_get32(f, 0);
	if (a->file >= 0)
		close(a->file);
	a->file_id = id;
	a->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (a->file >= 0 && fchmod(a->file, frame_get32(f, 4) & 07777)) {
		close(a->file);
		a->file = -1;
	}
	send_words(a, FRAME_ACK, 2, id, a->file < 0 ? errno : 0);
}

static void file_data(struct agent *a, struct frame *f)
{
	unsigned int at = 4;
	int ret = 0;

	if (f->len < 4 || a->file < 0 || frame_get32(f, 0) != a->file_id) {
		send_bad(a, "data: no such file is open");
		return;
	}
	while (!ret && at < f->len) {
		ssize_t n = write(a->file, f->data + at, f->len - at);

		if (n < 0)
			ret = errno;
		else
			at += n;
	}
	send_words(a, FRAME_ACK, 2, a->file_id, ret);
}

static void file_close(struct agent *a, struct frame *f)
{
	int ret = 0;

	if (f->len != 4 || a->file < 0 || frame_get32(f, 0) != a->file_id) {
		send_bad(a, "close: no such file is open");
		return;
	}
	if (close(a->file))
		ret = errno;
	a->file = -1;
	send_words(a, FRAME_ACK, 2, a->file_id, ret);
}

static void file_send(struct agent *a, struct frame *f)
{
	const char *path = frame_text(f, 4);
	struct frame out = { .type = FRAME_DATA };
	uint32_t id;
	int fd, ret = 0;

	if (!path) {
		send_bad(a, "read: no path");
		return;
	}
	id = frame_get32(f, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		send_words(a, FRAME_ACK, 2, id, errno);
		return;
	}
	for (;;) {
		ssize_t n;

		out.len = 0;
		frame_put32(&out, id);
		n = read(fd, out.data + out.len, OUTPUT_CHUNK);
		if (n < 0)
			ret = errno;
		if (n <= 0)
			break;
		out.len += n;
		send_frame(a, &out);
	}
	close(fd);
	send_words(a, FRAME_ACK, 2, id, ret);
}

/* ----- the line ----- */

static void handle_frame(struct agent *a, struct frame *f)
{
	if (a->rx.lost) {
		send_bad(a, "%lu frames lost before type '%c'", a->rx.lost,
			 f->type);
		a->rx.lost = 0;
	}
	switch (f->type) {
	case FRAME_EXEC:
		job_start(a, f);
		break;
	case FRAME_WRITE:
		file_open(a, f);
		break;
	case FRAME_DATA:
		file_data(a, f);
		break;
	case FRAME_CLOSE:
		file_close(a, f);
		break;
	case FRAME_READ:
		file_send(a, f);
		break;
	default:
		send_bad(a, "unknown frame type 0x%02x", f->type);
	}
}

static void handle_line(struct agent *a)
{
	static struct frame f;
	int n = frame_read(&a->rx, a->line);

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		perror("agent: read");
		exit(1);
	}
	while (frame_next(&a->rx, &f))
		handle_frame(a, &f);
}

static void loop(struct agent *a)
{
	while (!leaving || a->job.pid) {
		struct job *job = &a->job;
		int ms = job_poll_ms(job);
		bool busy = job->pid;
		struct pollfd p[] = {
			{ .fd = a->line, .events = POLLIN },
			{ .fd = busy ? job->pipe[0] : -1, .events = POLLIN },
			{ .fd = busy ? job->pipe[1] : -1, .events = POLLIN },
			{ .fd = busy ? job->pidfd : -1, .events = POLLIN },
		};

		if (poll(p, 4, ms) < 0 && errno != EINTR)
			exit(1);
		for (int i = 0; i < 2; i++)
			if (busy && p[1 + i].revents)
				job_output(a, i);
		if (busy && p[3].revents)
			job_end(a);
		if (p[0].revents)
			handle_line(a);
	}
}

static int open_line(const char *path)
{
	struct termios tio;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &tio))
		return -1;
	cfmakeraw(&tio);
	cfsetspeed(&tio, B115200);
	tio.c_cflag |= CLOCAL;
	if (tcsetattr(fd, TCSANOW, &tio))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static struct agent agent = { .file = -1 };

	if (argc != 2) {
		fprintf(stderr, "usage: agent TTY\n");
		return 2;
	}
	agent.line = open_line(argv[1]);
	if (agent.line < 0) {
		perror(argv[1]);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, leave);
	signal(SIGHUP, SIG_IGN);
	send_ready(&agent);
	loop(&agent);
}
