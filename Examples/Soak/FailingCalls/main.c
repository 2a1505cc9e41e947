// SPDX-License-Identifier: Apache-2.0
// failing-calls [--no-exchange] [--control PATH] -- COMMAND…
//
// Becomes COMMAND, whose file system calls can be made to fail; static programs too, since the kernel asks here before
// it carries a call out (seccomp user notification). For tests of what a program does on a bad disk.
//
//   --no-exchange   renameat2(RENAME_EXCHANGE) answers EINVAL, as on file systems that have no exchange.
//   --control PATH  makes the pipe PATH, which takes one line at a time:
//                     fail ERRNO SKIP COUNT [FILE]   lets SKIP calls pass and fails the next COUNT; with FILE, calls
//                                                    are counted from the moment on in which FILE is there
//                     off                            fails none any more
//                   Each call that was failed leaves its name and its error number as a line in PATH.hits.
//
// Only COMMAND's own threads have failing calls: what it starts (its health checks, the application) does not, though it
// lives behind the same filter. Only calls that change a file system are counted: of those that open a file, the ones that
// may write; of those that write, the ones to a regular file.
#define _GNU_SOURCE
#include <stdio.h>

#ifndef __linux__
int main(void) {
    fputs("failing-calls: needs Linux\n", stderr);
    return 127;
}
#else
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "failing-calls does not know this processor"
#endif

enum kind {
    CHANGES,      // counted as it is
    OPENS,        // counted when `flags` says that it may write or make a file
    WRITES,       // counted when its first argument is a regular file
};

struct call {
    int number;
    const char *name;
    enum kind kind;
    int flags; // for OPENS: which argument has the flags
};

#define CALL(name, kind, flags) {SYS_##name, #name, kind, flags}
static const struct call calls[] = {
#ifdef SYS_open
    CALL(open, OPENS, 1),      CALL(rename, CHANGES, 0),  CALL(link, CHANGES, 0),     CALL(unlink, CHANGES, 0),
    CALL(rmdir, CHANGES, 0),   CALL(mkdir, CHANGES, 0),   CALL(symlink, CHANGES, 0),  CALL(renameat, CHANGES, 0),
    CALL(chmod, CHANGES, 0),   CALL(chown, CHANGES, 0),   CALL(truncate, CHANGES, 0),
#endif
    CALL(openat, OPENS, 2),         CALL(renameat2, CHANGES, 0), CALL(linkat, CHANGES, 0),
    CALL(unlinkat, CHANGES, 0),     CALL(mkdirat, CHANGES, 0),   CALL(symlinkat, CHANGES, 0),
    CALL(fchmod, CHANGES, 0),       CALL(fchmodat, CHANGES, 0),  CALL(fchown, CHANGES, 0),
    CALL(fchownat, CHANGES, 0),     CALL(utimensat, CHANGES, 0), CALL(fsetxattr, CHANGES, 0),
    CALL(fsync, CHANGES, 0),        CALL(fdatasync, CHANGES, 0), CALL(syncfs, CHANGES, 0),
    CALL(ftruncate, CHANGES, 0),    CALL(fallocate, CHANGES, 0), CALL(copy_file_range, CHANGES, 0),
    CALL(write, WRITES, 0),         CALL(pwrite64, WRITES, 0),   CALL(writev, WRITES, 0),
    CALL(pwritev, WRITES, 0),
};
enum { call_count = sizeof calls / sizeof *calls };

static void die(const char *what) {
    fprintf(stderr, "failing-calls: %s: %s\n", what, strerror(errno));
    _exit(127);
}

// MARK: The filter

/// Answers its listener, or -1 when nothing is to be asked.
static int install_filter(int no_exchange, int asks) {
    struct sock_filter filter[16 + 5 * call_count];
    int n = 0;
#define ADD(...) filter[n++] = (struct sock_filter)__VA_ARGS__
#define LOAD(field) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (field)))
// The low half of an argument: the processors known here are little-endian.
#define ARGUMENT(index) (offsetof(struct seccomp_data, args) + 8 * (index))
#define ANSWER(what) ADD(BPF_STMT(BPF_RET | BPF_K, (what)))
    LOAD(offsetof(struct seccomp_data, arch));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0));
    ANSWER(SECCOMP_RET_ALLOW);
    LOAD(offsetof(struct seccomp_data, nr));
    if (no_exchange) {
        ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 4));
        LOAD(ARGUMENT(4));
        ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, RENAME_EXCHANGE, 0, 1));
        ANSWER(SECCOMP_RET_ERRNO | EINVAL);
        LOAD(offsetof(struct seccomp_data, nr));
    }
    for (int i = 0; asks && i < call_count; i++) {
        if (calls[i].kind == OPENS) {
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 4));
            LOAD(ARGUMENT(calls[i].flags));
            ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT, 1, 0));
            ANSWER(SECCOMP_RET_ALLOW);
            ANSWER(SECCOMP_RET_USER_NOTIF);
        } else {
            ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1));
            ANSWER(SECCOMP_RET_USER_NOTIF);
        }
    }
    ANSWER(SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)n, filter};
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no new privileges");
    int flags = asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener < 0) die("seccomp");
    return asks ? listener : -1;
}

// MARK: The listener's way to the one who answers

static void send_descriptor(int socket, int descriptor) {
    char byte = 0, space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    if (sendmsg(socket, &message, 0) != 1) die("sendmsg");
}

static int receive_descriptor(int socket) {
    char byte, space[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) _exit(127);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) _exit(127);
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

// MARK: Answering

/// What is to fail next.
struct order {
    int error; // 0: nothing
    long skip, count;
    char from[4096]; // empty: at once
};

/// Lines that came through the pipe; the last one holds.
static void take_orders(int control, struct order *order) {
    char text[8192];
    ssize_t length = read(control, text, sizeof text - 1);
    if (length <= 0) return;
    text[length] = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == 0) continue;
        struct order next = {0};
        if (sscanf(line, "fail %d %ld %ld %4095[^\n]", &next.error, &next.skip, &next.count, next.from) < 3)
            next.error = 0;
        *order = next;
    }
}

static int is_own_thread(pid_t process, pid_t thread) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d", process, thread);
    return access(path, F_OK) == 0;
}

/// Not its standard output and error: a log is no part of what the program does.
static int is_regular_file(pid_t process, int descriptor) {
    if (descriptor <= 2) return 0;
    char path[64];
    struct stat file;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", process, descriptor);
    return stat(path, &file) == 0 && S_ISREG(file.st_mode);
}

/// The error that this call gets; 0: it is carried out.
static int answer(const struct seccomp_notif *asked, struct order *order, pid_t process, int hits) {
    if (order->error == 0 || order->count <= 0) return 0;
    if (order->from[0] != 0 && access(order->from, F_OK) != 0) return 0;
    const struct call *call = NULL;
    for (int i = 0; i < call_count; i++)
        if (calls[i].number == asked->data.nr) call = &calls[i];
    if (call == NULL || !is_own_thread(process, (pid_t)asked->pid)) return 0;
    if (call->kind == WRITES && !is_regular_file(process, (int)asked->data.args[0])) return 0;
    if (order->skip > 0) {
        order->skip--;
        return 0;
    }
    order->count--;
    dprintf(hits, "%s %d\n", call->name, order->error);
    return order->error;
}

/// Until nobody lives behind the filter any more: what the command started may outlive it, and would find all these calls
/// missing if nobody answered.
static void serve(int listener, int control, int hits, pid_t process) {
    struct order order = {0};
    for (;;) {
        struct pollfd wanted[2] = {{listener, POLLIN, 0}, {control, POLLIN, 0}};
        if (poll(wanted, 2, -1) < 0) continue;
        if (wanted[1].revents & POLLIN) take_orders(control, &order);
        if (wanted[0].revents & POLLIN) {
            struct seccomp_notif asked;
            struct seccomp_notif_resp said;
            memset(&asked, 0, sizeof asked);
            memset(&said, 0, sizeof said);
            if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) continue;
            said.id = asked.id;
            said.error = -answer(&asked, &order, process, hits);
            if (said.error == 0) said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
            // Whoever asked may have been killed meanwhile.
            (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said);
        } else if (wanted[0].revents & POLLHUP) {
            return;
        }
    }
}

/// Starts the one who answers: in a session of its own and nobody's child, so that neither a signal to the command's
/// session nor its wait for its children meets it.
static void start_answering(const char *control_path, int socket, int other_end) {
    pid_t process = getpid(), child = fork();
    if (child < 0) die("fork");
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        return;
    }
    close(other_end);
    setsid();
    if ((child = fork()) != 0) _exit(child < 0 ? 127 : 0);
    char hits_path[4096];
    snprintf(hits_path, sizeof hits_path, "%s.hits", control_path);
    int hits = open(hits_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (mkfifo(control_path, 0600) != 0 && errno != EEXIST) _exit(127);
    // For writing too: the pipe has no end when one who gave an order closes it.
    int control = open(control_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (hits < 0 || control < 0) _exit(127);
    int listener = receive_descriptor(socket);
    if (write(socket, "", 1) != 1) _exit(127);
    // The command's own files must not stay open because of this one, above all a pipe that its caller reads to the end.
    for (int descriptor = 0; descriptor < 256; descriptor++)
        if (descriptor != listener && descriptor != control && descriptor != hits) close(descriptor);
    serve(listener, control, hits, process);
    unlink(control_path);
    _exit(0);
}

int main(int count, char **words) {
    int no_exchange = 0, i = 1;
    const char *control = NULL;
    for (; i < count && strcmp(words[i], "--") != 0; i++) {
        if (strcmp(words[i], "--no-exchange") == 0) no_exchange = 1;
        else if (strcmp(words[i], "--control") == 0 && i + 1 < count) control = words[++i];
        else break;
    }
    if (i >= count - 1 || strcmp(words[i], "--") != 0) {
        fputs("usage: failing-calls [--no-exchange] [--control PATH] -- COMMAND…\n", stderr);
        return 2;
    }
    int sockets[2] = {-1, -1};
    if (control != NULL) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) die("socketpair");
        start_answering(control, sockets[1], sockets[0]);
        close(sockets[1]);
    }
    int listener = install_filter(no_exchange, control != NULL);
    if (listener >= 0) {
        char byte;
        send_descriptor(sockets[0], listener);
        // From here on calls are answered; not before, so nothing above may be one of them.
        if (read(sockets[0], &byte, 1) != 1) die("nobody answers");
        close(listener);
        close(sockets[0]);
    }
    execvp(words[i + 1], words + i + 1);
    die(words[i + 1]);
}
#endif
