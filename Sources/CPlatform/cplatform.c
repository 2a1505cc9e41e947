// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "cplatform.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

int cplatform_reflink(int from, int to) { return ioctl(to, FICLONE, from); }

int cplatform_syncfs(int fd) { return syncfs(fd); }

void *cplatform_map_large(size_t length, void **start) {
    // One page more than is needed, so that the first one can begin where a large page does.
    void *mapping = mmap(NULL, length + cplatform_large_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    uintptr_t address = ((uintptr_t)mapping + cplatform_large_page - 1) & ~(uintptr_t)(cplatform_large_page - 1);
    *start = (void *)address;
    // Refused or not known to the kernel, it is memory like any other.
    (void)madvise(*start, length, MADV_HUGEPAGE);
    return mapping;
}

void cplatform_unmap_large(void *mapping, size_t length) { munmap(mapping, length + cplatform_large_page); }

void cplatform_keep_heap_small(void) {
#ifdef __GLIBC__
    // Set once, glibc does not raise the second by itself any more.
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

void cplatform_give_heap_back(void) {
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

#ifndef STATX_ATTR_IMMUTABLE
#define STATX_ATTR_IMMUTABLE 0x10
#define STATX_ATTR_APPEND 0x20
#endif

static int64_t nanoseconds(struct statx_timestamp time) {
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_nsec;
}

int cplatform_stat(int folder, const char *name, struct cplatform_file *file) {
    struct statx found;
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (name[0] == 0 ? AT_EMPTY_PATH : 0);
    if (statx(folder, name, flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return -1;
    file->mode = found.stx_mode;
    file->owner = found.stx_uid;
    file->group = found.stx_gid;
    file->links = found.stx_nlink;
    file->inode = found.stx_ino;
    file->device = gnu_dev_makedev(found.stx_dev_major, found.stx_dev_minor);
    file->size = (int64_t)found.stx_size;
    file->allocated = (int64_t)found.stx_blocks * 512;
    file->accessed = nanoseconds(found.stx_atime);
    file->modified = nanoseconds(found.stx_mtime);
    file->changed = nanoseconds(found.stx_ctime);
    file->born = (found.stx_mask & STATX_BTIME) ? nanoseconds(found.stx_btime) : 0;
    uint64_t known = found.stx_attributes_mask & found.stx_attributes;
    file->is_mount_point = (known & STATX_ATTR_MOUNT_ROOT) != 0;
    file->is_immutable = (known & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0;
    return 0;
}

int cplatform_rename_exchange_at(int folder, const char *a, int other, const char *b) {
    return (int)syscall(SYS_renameat2, folder, a, other, b, 1u << 1);
}

int cplatform_rename_noreplace_at(int folder, const char *from, int other, const char *to) {
    return (int)syscall(SYS_renameat2, folder, from, other, to, 1u << 0);
}

int cplatform_open_path(int folder, const char *name, int flags) {
    return openat(folder, name, O_PATH | O_CLOEXEC | O_NOFOLLOW | flags);
}

int cplatform_open_without_links(const char *path, int flags) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

off_t cplatform_seek_data(int fd, off_t offset) { return lseek(fd, offset, SEEK_DATA); }

off_t cplatform_seek_hole(int fd, off_t offset) { return lseek(fd, offset, SEEK_HOLE); }

ssize_t cplatform_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t length) {
    return copy_file_range(from, &from_offset, to, &to_offset, length, 0);
}

ssize_t cplatform_list_attributes(const char *path, char *names, size_t length) {
    return listxattr(path, names, length);
}

ssize_t cplatform_get_attribute(const char *path, const char *name, void *value, size_t length) {
    return getxattr(path, name, value, length);
}

int cplatform_set_attribute(const char *path, const char *name, const void *value, size_t length) {
    return setxattr(path, name, value, length, 0);
}

int cplatform_remove_attribute(const char *path, const char *name) { return removexattr(path, name); }

int cplatform_change_owner(int fd, uid_t owner, gid_t group) {
    return fchownat(fd, "", owner, group, AT_EMPTY_PATH);
}

int cplatform_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cplatform_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int cplatform_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cplatform_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

/// Reads a file of /proc, which may give less than asked for at each call, into `buffer`; its length or -1.
static ssize_t read_process_file(pid_t pid, const char *name, char *buffer, size_t capacity) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return -1;
    size_t length = 0;
    ssize_t count = 1;
    while (length < capacity && (count = read(file, buffer + length, capacity - length)) > 0) length += (size_t)count;
    int failure = errno;
    close(file);
    errno = failure;
    return count < 0 ? -1 : (ssize_t)length;
}

/// PF_KTHREAD, which no header for programs names.
enum { kernel_thread = 0x00200000 };

int cplatform_process_read(pid_t pid, struct cplatform_process *process) {
    char line[1024];
    ssize_t length = read_process_file(pid, "stat", line, sizeof line - 1);
    if (length < 0) return -1;
    line[length] = 0;
    // The command name is in parentheses and may hold anything, so count fields from its end.
    char *begin = strchr(line, '('), *end = strrchr(line, ')');
    int parent, session, threads;
    unsigned flags;
    unsigned long long start;
    if (begin == NULL || end == NULL || end < begin
        || sscanf(end + 1, " %c %d %*d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %llu",
                  &process->state, &parent, &session, &flags, &threads, &start) != 6) {
        errno = ESRCH;
        return -1;
    }
    process->parent = parent;
    process->session = session;
    process->threads = threads;
    process->is_kernel = (flags & kernel_thread) != 0;
    process->start_time = start;
    size_t name = (size_t)(end - begin - 1);
    if (name >= sizeof process->name) name = sizeof process->name - 1;
    memcpy(process->name, begin + 1, name);
    process->name[name] = 0;
    return 0;
}

enum { environment_limit = 1 << 20 };

ssize_t cplatform_process_variable(pid_t pid, const char *name, char *value, size_t capacity) {
    // Only what is read is ever touched of it.
    char *buffer = malloc(environment_limit + 1);
    if (buffer == NULL) return -1;
    ssize_t length = read_process_file(pid, "environ", buffer, environment_limit);
    if (length < 0) {
        free(buffer);
        return -1;
    }
    buffer[length] = 0;
    ssize_t found = 0;
    size_t wanted = strlen(name);
    for (char *at = buffer, *end = buffer + length; at < end; at += strlen(at) + 1) {
        if (strncmp(at, name, wanted) != 0 || at[wanted] != '=') continue;
        found = (ssize_t)strnlen(at + wanted + 1, capacity);
        memcpy(value, at + wanted + 1, (size_t)found);
        break;
    }
    free(buffer);
    return found;
}

int cplatform_next_ended_child(pid_t *pid) {
    siginfo_t found;
    memset(&found, 0, sizeof found);
    int result = waitid(P_ALL, 0, &found, WEXITED | WNOWAIT);
    *pid = found.si_pid;
    return result;
}

enum { first_kept = 3 };

/// The files of a child: copies of all of them above the numbers that they are to get, so that no dup2 can overwrite
/// one that is still needed. `copies` has room for them.
static int set_files(posix_spawn_file_actions_t *actions, const struct cplatform_spawn *what, int *copies) {
    int count = first_kept + what->kept_count, failure = 0;
    for (int i = 0; i < count && failure == 0; i++) {
        int from = i == 0   ? what->input
                   : i == 1 ? what->output
                   : i == 2 ? what->error
                            : what->kept[i - first_kept];
        copies[i] = fcntl(from, F_DUPFD_CLOEXEC, count);
        failure = copies[i] < 0 ? errno : posix_spawn_file_actions_adddup2(actions, copies[i], i);
    }
    if (failure == 0 && what->working_directory != NULL)
        failure = posix_spawn_file_actions_addchdir_np(actions, what->working_directory);
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(actions, count);
    return failure;
}

int cplatform_spawn(const struct cplatform_spawn *what, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (what->kept_count < 0 || what->kept_count > cplatform_maximum_kept) return E2BIG;
    int copies[first_kept + cplatform_maximum_kept];
    for (int i = 0; i < first_kept + what->kept_count; i++) copies[i] = -1;
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
    failure = set_files(&actions, what, copies);
    if (failure == 0)
        failure = posix_spawn(pid, what->program, &actions, &attributes, what->arguments, what->environment);
    for (int i = 0; i < first_kept + what->kept_count; i++)
        if (copies[i] >= 0) close(copies[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
#else
#error "Platform has no form for this operating system yet; see docs/portability.md"
#endif
