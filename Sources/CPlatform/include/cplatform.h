// SPDX-License-Identifier: Apache-2.0
#ifndef CPLATFORM_H
#define CPLATFORM_H
// Linux system calls that Swift's Glibc module hides because it is imported without _GNU_SOURCE.
// Each returns what the call itself returns; errno is set as by the call.
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// ioctl(FICLONE): shares the blocks of `from` with `to`.
int cplatform_reflink(int from, int to);
/// syncfs of the file system that `fd` is on.
int cplatform_syncfs(int fd);
enum { cplatform_large_page = 2 << 20 };
/// mmap of `length` bytes from `start` on, a multiple of cplatform_large_page, with madvise(MADV_HUGEPAGE), a wish. Returns what
/// cplatform_unmap_large wants with the same length; NULL when there is no memory.
void *cplatform_map_large(size_t length, void **start);
void cplatform_unmap_large(void *mapping, size_t length);
/// mallopt, where the C library is glibc: two arenas, and pieces of 256 KiB or more go back to the system.
void cplatform_keep_heap_small(void);
/// malloc_trim, where the C library is glibc.
void cplatform_give_heap_back(void);

/// What statx says of a file. Times are nanoseconds since 1970.
struct cplatform_file {
    uint32_t mode, owner, group, links;
    uint64_t inode, device;
    /// Bytes; `allocated` is what the content takes up on the disk.
    int64_t size, allocated;
    int64_t accessed, modified, changed;
    /// 0 where the file system does not keep it.
    int64_t born;
    /// A file system (a bind mount counts) is mounted there; 0 when not or when the kernel cannot tell.
    uint8_t is_mount_point;
    /// `chattr +i` or `+a`.
    uint8_t is_immutable;
};
/// statx of `name` in `folder` (AT_FDCWD for a path), never through a symlink at its end; of `folder` itself when the
/// name is empty.
int cplatform_stat(int folder, const char *name, struct cplatform_file *file);
/// renameat2(RENAME_EXCHANGE): `a` and `b` change places in one step.
int cplatform_rename_exchange_at(int folder, const char *a, int other, const char *b);
/// renameat2(RENAME_NOREPLACE): fails with EEXIST instead of replacing.
int cplatform_rename_noreplace_at(int folder, const char *from, int other, const char *to);
/// openat2(RESOLVE_NO_SYMLINKS): ELOOP when a symlink is anywhere on the path, ENOSYS before Linux 5.6.
int cplatform_open_without_links(const char *path, int flags);
/// open(O_PATH): names a file without the right to read it.
int cplatform_open_path(int folder, const char *name, int flags);
/// The start of the next data (or hole) at or after `offset`; -1 with ENXIO when there is none.
off_t cplatform_seek_data(int fd, off_t offset);
off_t cplatform_seek_hole(int fd, off_t offset);
/// copy_file_range at given offsets.
ssize_t cplatform_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t length);
/// Extended attributes by path, symlinks followed: meant for `/proc/self/fd/N`.
ssize_t cplatform_list_attributes(const char *path, char *names, size_t length);
ssize_t cplatform_get_attribute(const char *path, const char *name, void *value, size_t length);
int cplatform_set_attribute(const char *path, const char *name, const void *value, size_t length);
int cplatform_remove_attribute(const char *path, const char *name);
/// Owner and group of what an O_PATH descriptor names.
int cplatform_change_owner(int fd, uid_t owner, gid_t group);
/// pipe2(O_CLOEXEC): close-on-exec from the start, so that no other child can inherit an end.
int cplatform_pipe(int ends[2]);
/// prctl(PR_SET_PDEATHSIG) is not used on purpose: the application must survive the agent.
int cplatform_pidfd_open(pid_t pid);
int cplatform_pidfd_send_signal(int pidfd, int signal);

/// prctl(PR_SET_CHILD_SUBREAPER): what a descendant leaves behind when it ends becomes a child of this process.
int cplatform_adopt_orphans(void);
/// Waits until some child has ended and names it without reaping it; -1 with ECHILD when there is no child.
int cplatform_next_ended_child(pid_t *pid);

/// What /proc/PID/stat says of a process.
struct cplatform_process {
    char state;
    pid_t parent;
    pid_t session;
    /// A process whose first thread has ended is a zombie with more than one.
    int threads;
    /// A thread of the system itself: no program.
    uint8_t is_kernel;
    /// Clock ticks since boot (field 22).
    uint64_t start_time;
    /// Of the program, cut off by the system after 15 bytes.
    char name[16];
};
/// 0, or -1 when there is no such process.
int cplatform_process_read(pid_t pid, struct cplatform_process *process);
/// The value of a variable in the environment that the process was started with, at most `capacity` bytes of it: its
/// length, 0 when there is none, -1 when the environment cannot be read. A program may have overwritten its own.
ssize_t cplatform_process_variable(pid_t pid, const char *name, char *value, size_t capacity);

enum { cplatform_maximum_kept = 64 };
struct cplatform_spawn {
    const char *program;
    char *const *arguments;
    char *const *environment;
    const char *working_directory;
    /// Descriptors of this process that become 0, 1 and 2 of the child.
    int input, output, error;
    /// At most cplatform_maximum_kept more, which become 3 and those that follow. Everything above is closed.
    const int *kept;
    int kept_count;
};
/// posix_spawn in a session of its own, with default signal dispositions and an empty signal mask.
/// Returns 0 or an errno value (not -1).
int cplatform_spawn(const struct cplatform_spawn *what, pid_t *pid);
#endif
