// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the emulated Mac
 *
 * Mounts what programs expect, keeps the agent (agent.c) running on the second
 * serial port, gives a shell on the console if the kernel's command line ends
 * in "-- shell:ROWSxCOLUMNS", and brings the machine down: SIGUSR2 powers off,
 * SIGTERM and SIGINT reboot, SIGUSR1 halts, which is what busybox's poweroff,
 * reboot and halt send to PID 1.
 *
 * The same program is /init of an initramfs. There it loads the modules that
 * /modules.load names, one file with its parameters a line, mounts the root
 * file system of the root= argument once its block device appears, shows the
 * initramfs' folder /payload as /run/payload of the new root, and starts the
 * init of the new root. With root=ram it stays where it is.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AGENT		"/sbin/agent"
#define CONSOLE		"/dev/console"
#define NEW_ROOT	"/newroot"
#define ROOT_WAIT_MS	30000
#define STOP_WAIT_MS	3000
#define TICK_MS		10

/*
 * Something that cannot start, such as an agent without its line, is tried
 * again, but not as fast as the processor can.
 */
#define RESPAWN_MS	1000

static const struct {
	const char *source;
	const char *target;
	const char *type;
	unsigned long flags;
	const char *data;
} mounts[] = {
	{ "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755" },
	{ "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620" },
	{ "tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL },
	{ "tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755" },
	{ "tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777" },
	{ "debugfs", "/sys/kernel/debug", "debugfs", 0, NULL },
	{ "tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL },
};

static char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"TERM=vt102",
	"LANG=C.UTF-8",
	NULL,
};

/**
 * struct service - a program that is started again when it ends
 * @argv: the program
 * @tty: its terminal, or NULL for /dev/null and no controlling terminal
 * @wanted: whether it is to run
 * @final: the machine powers off when it ends
 * @pid: its process, 0 if it does not run
 * @started_ms: when it was started last
 */
struct service {
	char *const *argv;
	const char *tty;
	bool wanted;
	bool final;
	pid_t pid;
	long started_ms;
};

static struct winsize window;

/* The second serial port: the Mac's, or a generic virtual machine's. */
static char *const agent_lines[] = { "/dev/ttySAC2", "/dev/ttyAMA1" };

static char *agent_argv[] = { AGENT, NULL, NULL };
static char *const shell_argv[] = { "-sh", NULL };

static struct service services[] = {
	{ .argv = agent_argv, .wanted = true },
	{ .argv = shell_argv, .tty = "/dev/ttySAC0", .final = true },
};

#define for_each_service(s) \
	for ((s) = services; (s) < services + 2; (s)++)

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* To the kernel's log, so that it comes in order with the kernel's lines. */
__attribute__((format(printf, 1, 2)))
static void say(const char *fmt, ...)
{
	char line[256] = "init: ";
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + 6, sizeof(line) - 6, fmt, ap);
	va_end(ap);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		dprintf(2, "%s\n", line);
	if (fd >= 0)
		close(fd);
}

static bool is_mount_point(const char *path)
{
	struct stat here, parent;
	char up[64];

	snprintf(up, sizeof(up), "%s/..", path);
	return !stat(path, &here) && !stat(up, &parent) &&
	       here.st_dev != parent.st_dev;
}

/*
 * The kernel may have mounted /dev, and the initramfs' init /run. A folder
 * that is missing is made where the file system lets us; a file system that
 * the kernel was built without is no mistake.
 */
static void mount_all(void)
{
	for (unsigned int i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].target, 0755);
		if (is_mount_point(mounts[i].target))
			continue;
		if (mount(mounts[i].source, mounts[i].target, mounts[i].type,
			  mounts[i].flags, mounts[i].data) &&
		    errno != EBUSY && errno != ENODEV && errno != ENOENT)
			say("mount %s: %m", mounts[i].target);
	}
}

static void open_console(void)
{
	int fd = open(CONSOLE, O_RDWR);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* ----- initramfs ----- */

static bool in_initramfs(void)
{
	struct statfs fs;

	return !statfs("/", &fs) &&
	       (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

static void load_modules(void)
{
	FILE *list = fopen("/modules.load", "re");
	char line[512];

	if (!list)
		return;
	while (fgets(line, sizeof(line), list)) {
		char *args;
		int fd;

		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		args = line + strcspn(line, " ");
		if (*args)
			*args++ = '\0';
		fd = open(line, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, args, 0))
			say("module %s: %m", line);
		if (fd >= 0)
			close(fd);
	}
	fclose(list);
}

/* The value of @name= on the kernel's command line, or NULL. */
static char *kernel_arg(const char *name)
{
	static char text[4096];
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t len = strlen(name);
	char *word, *rest = NULL;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	for (word = strtok_r(text, " \n", &rest); word;
	     word = strtok_r(NULL, " \n", &rest))
		if (!strncmp(word, name, len) && word[len] == '=')
			return word + len + 1;
	return NULL;
}

/* Whether the lines of the file @path include "KEY=VALUE". */
static bool has_line(const char *path, const char *key, const char *value)
{
	FILE *file = fopen(path, "re");
	size_t len = strlen(key);
	char line[256];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, key, len) && line[len] == '=' &&
			!strcmp(line + len + 1, value);
	}
	fclose(file);
	return found;
}

/*
 * The device node of root=/dev/NAME or root=PARTLABEL=NAME, if it is there
 * already.
 */
static bool find_root(const char *root, char *node, size_t size)
{
	static const char by_label[] = "PARTLABEL=";
	size_t prefix = strlen(by_label);
	bool found = false;
	struct dirent *d;
	char path[300];
	DIR *dir;

	if (strncmp(root, by_label, prefix)) {
		snprintf(node, size, "%s", root);
		return !access(node, F_OK);
	}
	dir = opendir("/sys/class/block");
	while (dir && !found && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/block/%s/uevent",
			 d->d_name);
		found = has_line(path, "PARTNAME", root + prefix);
		if (found)
			snprintf(node, size, "/dev/%s", d->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

__attribute__((noreturn, format(printf, 1, 2)))
static void give_up(const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("%s", text);
	/* The end of PID 1 is a kernel panic, which every harness sees. */
	exit(1);
}

static void show_payload(void)
{
	if (access("/payload", F_OK))
		return;
	if (mount("tmpfs", NEW_ROOT "/run", "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=0755") ||
	    mkdir(NEW_ROOT "/run/payload", 0755) ||
	    mount("/payload", NEW_ROOT "/run/payload", NULL, MS_BIND, NULL))
		give_up("payload: %m");
}

__attribute__((noreturn))
static void start_new_root(const char *root, char **argv)
{
	long end = now_ms() + ROOT_WAIT_MS;
	char node[300];

	while (!find_root(root, node, sizeof(node))) {
		if (now_ms() > end)
			give_up("root=%s did not appear within %d s", root,
				ROOT_WAIT_MS / 1000);
		sleep_ms(TICK_MS);
	}
	mkdir(NEW_ROOT, 0755);
	if (mount(node, NEW_ROOT, "ext4", 0, NULL))
		give_up("mount %s: %m", node);
	show_payload();
	if (mount("/dev", NEW_ROOT "/dev", NULL, MS_MOVE, NULL))
		give_up("move /dev: %m");
	umount2("/proc", MNT_DETACH);
	umount2("/sys", MNT_DETACH);
	if (chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		give_up("switch to %s: %m", node);
	execv("/sbin/init", argv);
	give_up("/sbin/init of %s: %m", node);
}

/* ----- services ----- */

__attribute__((noreturn))
static void run_service(struct service *s)
{
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	fd = open(s->tty ?: "/dev/null", O_RDWR | (s->tty ? 0 : O_NOCTTY));
	if (fd < 0) {
		say("%s: %m", s->tty);
		_exit(1);
	}
	dup2(fd, 0);
	if (s->tty) {
		ioctl(fd, TIOCSCTTY, 1);
		ioctl(fd, TIOCSWINSZ, &window);
		dup2(fd, 1);
		dup2(fd, 2);
	}
	if (fd > 2)
		close(fd);
	if (chdir("/root"))
		say("/root: %m");
	execve(s->argv[0][0] == '-' ? "/bin/sh" : s->argv[0], s->argv,
	       environment);
	say("%s: %m", s->argv[0]);
	_exit(1);
}

static void choose_agent_line(void)
{
	agent_argv[1] = agent_lines[0];
	if (access(agent_lines[0], F_OK) && !access(agent_lines[1], F_OK))
		agent_argv[1] = agent_lines[1];
}

static void start_services(void)
{
	struct service *s;

	for_each_service(s) {
		if (!s->wanted || s->pid ||
		    (s->started_ms && now_ms() - s->started_ms < RESPAWN_MS))
			continue;
		s->started_ms = now_ms();
		s->pid = fork();
		if (!s->pid)
			run_service(s);
		if (s->pid < 0)
			s->pid = 0;
	}
}

/* Returns true if a service ended whose end is the end of the machine. */
static bool reap(void)
{
	bool final = false;
	struct service *s;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for_each_service(s)
			if (s->pid == pid) {
				s->pid = 0;
				final |= s->final;
			}
	return final;
}

/* ----- the end ----- */

static void stop_processes(int sig)
{
	long end = now_ms() + STOP_WAIT_MS;

	kill(-1, sig);
	while (now_ms() < end) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return;
		if (!pid)
			sleep_ms(TICK_MS);
	}
}

/* Every file system on a block device but the root; the last mounted first. */
static void unmount_disks(void)
{
	static char targets[64][256];
	FILE *list = fopen("/proc/mounts", "re");
	char line[1024];
	int n = 0;

	while (list && n < 64 && fgets(line, sizeof(line), list))
		if (sscanf(line, "/dev/%*s %255s", targets[n]) == 1 &&
		    strcmp(targets[n], "/"))
			n++;
	if (list)
		fclose(list);
	while (n--)
		if (umount2(targets[n], 0))
			say("umount %s: %m", targets[n]);
}

__attribute__((noreturn))
static void shut_down(int how)
{
	say("going down");
	/* Interactive shells only mind the second. */
	kill(-1, SIGTERM);
	stop_processes(SIGHUP);
	stop_processes(SIGKILL);
	sync();
	unmount_disks();
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL))
		say("remount / read-only: %m");
	sync();
	reboot(how);
	say("reboot(0x%x): %m", how);
	reboot(RB_HALT_SYSTEM);
	for (;;)
		pause();
}

static int action_of(int sig)
{
	switch (sig) {
	case SIGUSR1:
		return RB_HALT_SYSTEM;
	case SIGUSR2:
		return RB_POWER_OFF;
	default:
		return RB_AUTOBOOT;
	}
}

__attribute__((noreturn))
static void serve(void)
{
	static const struct timespec tick = { .tv_sec = 1 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	reboot(RB_DISABLE_CAD);

	for (;;) {
		int sig;

		start_services();
		sig = sigtimedwait(&set, NULL, &tick);
		if (sig > 0 && sig != SIGCHLD)
			shut_down(action_of(sig));
		if (reap())
			shut_down(RB_POWER_OFF);
	}
}

int main(int argc, char **argv)
{
	if (getpid() != 1) {
		fprintf(stderr, "init: only as process 1\n");
		return 2;
	}
	umask(022);
	mount_all();
	open_console();
	if (in_initramfs()) {
		const char *root = kernel_arg("root");

		load_modules();
		if (!root)
			give_up("no root= on the kernel's command line");
		if (strcmp(root, "ram"))
			start_new_root(root, argv);
	}
	sethostname("mini", 4);
	for (int i = 1; i < argc; i++)
		if (sscanf(argv[i], "shell:%hux%hu", &window.ws_row,
			   &window.ws_col) == 2)
			services[1].wanted = true;
	choose_agent_line();
	serve();
}
