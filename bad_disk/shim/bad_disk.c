/*
 * Loaded into a process with LD_PRELOAD, this library is a disk that can fail. It watches the databases and write-ahead logs
 * (NAME.db, NAME.db-wal) in the folder BAD_DISK_FOLDER:
 *
 * - While the file BAD_DISK_FAILS exists, fsync and fdatasync fail with EIO and synchronise nothing.
 * - Before each write, what it replaces is appended to a file of the same name in the folder BAD_DISK_UNDO; a successful fsync
 *   empties that file. Whoever plays it back after the process was killed has what a power cut would have left.
 * - As on Linux, what an fsync could not write counts as written afterwards: later ones leave it out. Its records are moved to
 *   NAME.lost. Once there is one, what is synchronised is noted there too, because it may have been written again.
 *
 * A record is four numbers (the offset, how many bytes follow, the size of the file before the write, and how many bytes were
 * written) and the bytes. In NAME.lost, a record with -1 bytes was synchronised.
 * Creating, renaming and deleting files counts as durable at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { LOCKS = 16, HEAD = 4 };
static pthread_mutex_t locks[LOCKS];

__attribute__((constructor)) static void prepare(void)
{
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], NULL);
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), expected = strlen(end);
    return length > expected && strcmp(text + length - expected, end) == 0;
}

/* The name of a watched file in a path; NULL if it is none. */
static const char *watched(const char *path)
{
    const char *folder = getenv("BAD_DISK_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    if (length == 0 || strncmp(path, folder, length) != 0 || path[length] != '/')
        return NULL;
    const char *name = path + length + 1;
    if (strchr(name, '/') || !(ends_with(name, ".db") || ends_with(name, ".db-wal")))
        return NULL;
    return name;
}

/* The path of the undo file of a name; 0 if there is none. */
static int undo_path(const char *name, char path[PATH_MAX])
{
    const char *undo = getenv("BAD_DISK_UNDO");
    return undo && snprintf(path, PATH_MAX, "%s/%s", undo, name) < PATH_MAX;
}

/* The undo file of an open file, and the lock for both; NULL if it is not watched. */
static pthread_mutex_t *undo_of(int file, char undo[PATH_MAX])
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = 0;
    const char *name = watched(path);
    if (!name || !undo_path(name, undo))
        return NULL;
    unsigned hash = 0;
    for (; *name; name++)
        hash = hash * 31 + (unsigned char)*name;
    return &locks[hash % LOCKS];
}

/* Reads all that there is, at most `count` bytes. Returns how many, or -1 with errno. */
static ssize_t read_all(int file, char *bytes, size_t count, off_t offset)
{
    size_t done = 0;
    while (done < count) {
        ssize_t more = pread(file, bytes + done, count - done, offset + (off_t)done);
        if (more < 0 && errno != EINTR)
            return -1;
        if (more == 0)
            break;
        if (more > 0)
            done += (size_t)more;
    }
    return (ssize_t)done;
}

/* The same for a file that may be open for writing only. Opening it again is the exception: closing gives up the locks of SQLite. */
static ssize_t read_back(int file, char *bytes, size_t count, off_t offset)
{
    ssize_t done = read_all(file, bytes, count, offset);
    if (done >= 0 || errno != EBADF)
        return done;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int reader = open(link, O_RDONLY | O_CLOEXEC);
    if (reader < 0)
        return -1;
    done = read_all(reader, bytes, count, offset);
    close(reader);
    return done;
}

/* Notes what a write of `count` bytes at `offset` replaces. Returns 0, or -1 with errno. */
static int note(int file, const char *undo, int64_t offset, uint64_t count)
{
    struct stat now;
    if (fstat(file, &now) != 0)
        return -1;
    char *replaced = malloc(count ? count : 1);
    if (!replaced) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t read = read_back(file, replaced, count, offset);
    if (read < 0) {
        free(replaced);
        return -1;
    }
    int64_t head[HEAD] = {offset, read, now.st_size, (int64_t)count};
    struct iovec parts[2] = {{head, sizeof head}, {replaced, (size_t)read}};
    int failed = 0, log = open(undo, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat before;
    if (log < 0 || fstat(log, &before) != 0) {
        failed = errno;
    } else {
        ssize_t written = writev(log, parts, 2);
        if (written != (ssize_t)sizeof head + read) {
            failed = written < 0 ? errno : ENOSPC;
            if (REAL(ftruncate)(log, before.st_size) != 0)
                abort();
        }
    }
    if (log >= 0)
        close(log);
    free(replaced);
    errno = failed;
    return failed ? -1 : 0;
}

static ssize_t write_noted(int file, const void *bytes, size_t count, off_t offset)
{
    char undo[PATH_MAX];
    pthread_mutex_t *lock = undo_of(file, undo);
    if (!lock)
        return REAL(pwrite)(file, bytes, count, offset);
    pthread_mutex_lock(lock);
    ssize_t written = note(file, undo, offset, count) ? -1 : REAL(pwrite)(file, bytes, count, offset);
    int error = errno;
    pthread_mutex_unlock(lock);
    errno = error;
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    return write_noted(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset)
{
    return write_noted(file, bytes, count, offset);
}

static int truncate_noted(int file, off_t length)
{
    char undo[PATH_MAX];
    pthread_mutex_t *lock = undo_of(file, undo);
    if (!lock)
        return REAL(ftruncate)(file, length);
    pthread_mutex_lock(lock);
    struct stat now;
    int result = fstat(file, &now);
    if (result == 0) {
        uint64_t cut = now.st_size > length ? (uint64_t)(now.st_size - length) : 0;
        result = note(file, undo, length, cut) ? -1 : REAL(ftruncate)(file, length);
    }
    int error = errno;
    pthread_mutex_unlock(lock);
    errno = error;
    return result;
}

int ftruncate(int file, off_t length)
{
    return truncate_noted(file, length);
}

int ftruncate64(int file, off64_t length)
{
    return truncate_noted(file, length);
}

/* Where the last whole record of a file ends. A process that was killed can have left a part of another one behind it. */
static off_t end_of_records(int file)
{
    struct stat now;
    if (fstat(file, &now) != 0)
        abort();
    int64_t head[HEAD];
    off_t end = 0;
    while (read_all(file, (char *)head, sizeof head, end) == (ssize_t)sizeof head) {
        int64_t length = head[1] < 0 ? 0 : head[1];
        if (length > now.st_size - end - (off_t)sizeof head)
            break;
        end += (off_t)sizeof head + length;
    }
    return end;
}

/* Appends a record. Returns 0 if the process may not write so much to a file (RLIMIT_FSIZE). */
static int append(int to, int64_t head[HEAD], char *bytes, size_t length)
{
    struct iovec parts[2] = {{head, HEAD * sizeof *head}, {bytes, length}};
    ssize_t written = writev(to, parts, 2);
    if (written < 0 && errno != EFBIG)
        abort();
    /* A record that reaches over the limit is written in part. */
    return written == (ssize_t)(HEAD * sizeof *head + length);
}

/*
 * Appends the records of an undo file to that of lost writes: whole, or without their bytes if they were synchronised. If there is no
 * room for one, all are forgotten: a power cut then takes back less, and never what was written again.
 */
static void append_records(const char *undo, const char *lost, int synchronised)
{
    int from = open(undo, O_RDONLY | O_CLOEXEC);
    int to = open(lost, O_RDWR | O_APPEND | O_CLOEXEC | (synchronised ? 0 : O_CREAT), 0600);
    off_t end = from >= 0 ? end_of_records(from) : 0, offset = 0;
    struct stat now;
    if (to >= 0) {
        off_t whole = end_of_records(to);
        if (fstat(to, &now) != 0 || (whole < now.st_size && REAL(ftruncate)(to, whole) != 0))
            abort();
    }
    int appended = from >= 0 && to >= 0;
    while (appended && offset < end) {
        int64_t head[HEAD];
        if (read_all(from, (char *)head, sizeof head, offset) != (ssize_t)sizeof head)
            abort();
        offset += (off_t)sizeof head;
        size_t length = (size_t)head[1];
        char *bytes = malloc(length ? length : 1);
        if (!bytes || read_all(from, bytes, length, offset) != (ssize_t)length)
            abort();
        offset += (off_t)length;
        if (synchronised) {
            head[1] = -1;
            length = 0;
        }
        appended = append(to, head, bytes, length);
        free(bytes);
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (to >= 0 && from >= 0 && !appended && REAL(unlink)(lost) != 0)
        abort();
}

/* The writes since the last fsync were synchronised, or never will be. */
static void settle(const char *undo, int synchronised)
{
    char lost[PATH_MAX];
    if (snprintf(lost, sizeof lost, "%s.lost", undo) >= PATH_MAX)
        abort();
    append_records(undo, lost, synchronised);
    if (REAL(unlink)(undo) != 0 && errno != ENOENT)
        abort();
}

static int synchronise(int file, int (*real)(int))
{
    char undo[PATH_MAX];
    pthread_mutex_t *lock = undo_of(file, undo);
    if (!lock)
        return real(file);
    const char *fails = getenv("BAD_DISK_FAILS");
    pthread_mutex_lock(lock);
    int fails_now = fails && access(fails, F_OK) == 0;
    int result = fails_now ? -1 : real(file);
    int error = fails_now ? EIO : errno;
    if (fails_now || result == 0)
        settle(undo, result == 0);
    pthread_mutex_unlock(lock);
    errno = error;
    return result;
}

int fsync(int file)
{
    return synchronise(file, REAL(fsync));
}

int fdatasync(int file)
{
    return synchronise(file, REAL(fdatasync));
}

int unlink(const char *path)
{
    char undo[PATH_MAX];
    const char *name = watched(path);
    int result = REAL(unlink)(path);
    if (result == 0 && name && undo_path(name, undo)) {
        char lost[PATH_MAX];
        if (snprintf(lost, sizeof lost, "%s.lost", undo) >= PATH_MAX)
            abort();
        if ((REAL(unlink)(undo) != 0 && errno != ENOENT) || (REAL(unlink)(lost) != 0 && errno != ENOENT))
            abort();
    }
    return result;
}
