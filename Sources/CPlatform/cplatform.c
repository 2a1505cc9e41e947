// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "cplatform.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
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

int cplatform_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

uint64_t cplatform_process_start_time(pid_t pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    // The command name is in parentheses and may hold anything, so count fields from its end.
    char *end = strrchr(line, ')');
    if (end == NULL) return 0;
    unsigned long long start = 0;
    if (sscanf(end + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &start) != 1)
        return 0;
    return start;
}
#else
#error "Platform has no form for this operating system yet; see docs/portability.md"
#endif
