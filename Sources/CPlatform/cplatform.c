// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "cplatform.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int cplatform_rename_exchange(const char *a, const char *b) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 1u << 1);
}

int cplatform_rename_noreplace(const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u << 0);
}

ssize_t cplatform_copy_file_range(int from, int to, size_t length) {
    return copy_file_range(from, NULL, to, NULL, length, 0);
}

int cplatform_reflink(int from, int to) { return ioctl(to, FICLONE, from); }

int cplatform_syncfs(int fd) { return syncfs(fd); }

void cplatform_prefer_large_pages(void *memory, size_t length) {
    // Refused or not known to the kernel, it is memory like any other.
    (void)madvise(memory, length, MADV_HUGEPAGE);
}

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

int cplatform_is_mount_point(const char *path) {
    struct statx found;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &found) != 0) return errno == ENOSYS ? 0 : -1;
    return (found.stx_attributes_mask & found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int cplatform_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cplatform_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int cplatform_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cplatform_process_read(pid_t pid, struct cplatform_process *process) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) return -1;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    // The command name is in parentheses and may hold anything, so count fields from its end.
    char *end = strrchr(line, ')');
    int parent, group, session;
    unsigned long long start;
    if (end == NULL || sscanf(end + 1,
                              " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                              &process->state, &parent, &group, &session, &start) != 5) {
        errno = ESRCH;
        return -1;
    }
    process->parent = parent;
    process->group = group;
    process->session = session;
    process->start_time = start;
    return 0;
}

/// The files of a child, in an order in which no dup2 can overwrite a source that is still needed.
static int set_files(posix_spawn_file_actions_t *actions, const struct cplatform_spawn *what, int high[4]) {
    int low[4] = {what->input, what->output, what->error, what->kept};
    int failure = 0;
    for (int i = 0; i < 4 && failure == 0; i++) {
        if (low[i] < 0) continue;
        high[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 10);
        failure = high[i] < 0 ? errno : posix_spawn_file_actions_adddup2(actions, high[i], i);
    }
    if (failure == 0 && what->working_directory != NULL)
        failure = posix_spawn_file_actions_addchdir_np(actions, what->working_directory);
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(actions, what->kept < 0 ? 3 : 4);
    return failure;
}

int cplatform_spawn(const struct cplatform_spawn *what, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int high[4] = {-1, -1, -1, -1};
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    // An agent ignores SIGPIPE and handles SIGTERM by ignoring it first; its children must not inherit that.
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    failure = set_files(&actions, what, high);
    if (failure == 0)
        failure = posix_spawn(pid, what->program, &actions, &attributes, what->arguments, what->environment);
    for (int i = 0; i < 4; i++)
        if (high[i] >= 0) close(high[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
#else
#error "Platform has no form for this operating system yet; see docs/portability.md"
#endif
