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
enum { cplatform_large_page = 2 << 20 };
/// madvise(MADV_HUGEPAGE), a wish: `memory` starts at a multiple of cplatform_large_page.
void cplatform_prefer_large_pages(void *memory, size_t length);
/// statx: 1 when a file system (a bind mount counts) is mounted at `path`, 0 when not or when the kernel cannot tell, -1.
int cplatform_is_mount_point(const char *path);
/// pipe2(O_CLOEXEC): close-on-exec from the start, so that no other child can inherit an end.
int cplatform_pipe(int ends[2]);
/// prctl(PR_SET_PDEATHSIG) is not used on purpose: the application must survive the agent.
int cplatform_pidfd_open(pid_t pid);
int cplatform_pidfd_send_signal(int pidfd, int signal);

/// What /proc/PID/stat says of a process.
struct cplatform_process {
    char state;
    pid_t parent;
    pid_t group;
    pid_t session;
    /// Clock ticks since boot (field 22).
    uint64_t start_time;
};
/// 0, or -1 when there is no such process.
int cplatform_process_read(pid_t pid, struct cplatform_process *process);

struct cplatform_spawn {
    const char *program;
    char *const *arguments;
    char *const *environment;
    const char *working_directory;
    /// Descriptors of this process that become 0, 1 and 2 of the child.
    int input, output, error;
    /// Becomes 3 of the child; -1 for none. Everything above is closed.
    int kept;
};
/// posix_spawn in a session of its own, with default signal dispositions and an empty signal mask.
/// Returns 0 or an errno value (not -1).
int cplatform_spawn(const struct cplatform_spawn *what, pid_t *pid);
#endif
