// SPDX-License-Identifier: Apache-2.0
#ifndef CPLATFORM_H
#define CPLATFORM_H
// Linux system calls that Swift's Glibc module hides because it is imported without _GNU_SOURCE.
// Each returns what the call itself returns; errno is set as by the call.
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// renameat2(RENAME_EXCHANGE): `a` and `b` change places in one step.
int cplatform_rename_exchange(const char *a, const char *b);
/// renameat2(RENAME_NOREPLACE): fails with EEXIST instead of replacing.
int cplatform_rename_noreplace(const char *from, const char *to);
/// copy_file_range at the two descriptors' own offsets.
ssize_t cplatform_copy_file_range(int from, int to, size_t length);
/// ioctl(FICLONE): shares the blocks of `from` with `to`.
int cplatform_reflink(int from, int to);
/// syncfs of the file system that `fd` is on.
int cplatform_syncfs(int fd);
/// prctl(PR_SET_PDEATHSIG) is not used on purpose: the application must survive the agent.
int cplatform_pidfd_open(pid_t pid);
/// Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat), 0 when unknown.
uint64_t cplatform_process_start_time(pid_t pid);
#endif
