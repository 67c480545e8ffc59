/*
 * Stands between a program and its disk and clock: loaded before the C library (LD_PRELOAD), it sees
 * every change that the program makes to the files of one directory, in one order.
 *
 * FAULTS_AT      the directory, absolute; files elsewhere are left alone
 * FAULTS_LOG     where all changes are recorded, as `struct head` with a path and data
 * FAULTS_RULES   what is to go wrong: `FILE:OPERATION:N:WHEN:WHAT`, several with `;` between
 *                  FILE       of SQLite: db, wal, heads; of readable files: entries, head; any folder
 *                             that holds them: folder; the standard output: told; all but that: any
 *                  OPERATION  make, write, sync, cut, remove, move, any
 *                  N          the how-manieth of them; with `+` every one from there on
 *                  WHEN       before, after
 *                  WHAT       kill, stop, half (write half of it, or nothing, then kill), io (EIO), full (ENOSPC)
 * FAULTS_CLOCK   `N:SECONDS`, several with `;` between: from the N-th write to the standard output on
 *                the clock on the wall is so far off
 *
 * No call of the program is delayed or left out but those that a rule names.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum file { NONE, DB, WAL, HEADS, FOLDER, TOLD, ENTRIES, HEAD, FILE_KINDS };
enum operation { ANY, MAKE, WRITE, SYNC, CUT, REMOVE, MOVE, OPERATION_KINDS };
enum what { KILL, STOP, HALF, IO, FULL };

static const char *const FILES[] = {"any", "db", "wal", "heads", "folder", "told", "entries", "head"};
static const char *const OPERATIONS[] = {"any", "make", "write", "sync", "cut", "remove", "move"};
static const char *const WHATS[] = {"kill", "stop", "half", "io", "full"};

struct rule {
    int file, operation, after, what, onward;
    unsigned long nth, seen;
};
struct jump {
    unsigned long from;
    long seconds;
};

#define MOST 8192
static struct {
    int file;
    char path[256];
} opened[MOST];
static struct rule rules[16];
static int rule_count;
static struct jump jumps[16];
static int jump_count;
static unsigned long told;
static char at[1024];
static size_t at_length;
static int log_fd = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

static int named(const char *const *names, int count, const char *text) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0) return i;
    fprintf(stderr, "disk: nothing is called `%s`\n", text);
    _exit(99);
}

static void find(void) {
    if (real_open) return;
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    real_open = dlsym(RTLD_NEXT, "open64");
}

__attribute__((constructor)) static void start(void) {
    find();
    const char *text = getenv("FAULTS_AT");
    if (!text) return;
    snprintf(at, sizeof at, "%s", text);
    at_length = strlen(at);
    if ((text = getenv("FAULTS_LOG"))) log_fd = real_open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    char *copy, *rest, *word;
    if ((text = getenv("FAULTS_RULES"))) {
        rest = copy = strdup(text);
        while ((word = strsep(&rest, ";")) && *word && rule_count < 16) {
            struct rule *rule = &rules[rule_count++];
            rule->file = named(FILES, FILE_KINDS, strsep(&word, ":"));
            rule->operation = named(OPERATIONS, OPERATION_KINDS, strsep(&word, ":"));
            char *number = strsep(&word, ":");
            rule->nth = strtoul(number, NULL, 10);
            rule->onward = strchr(number, '+') != NULL;
            rule->after = strcmp(strsep(&word, ":"), "after") == 0;
            rule->what = named(WHATS, 5, word);
        }
        free(copy);
    }
    if ((text = getenv("FAULTS_CLOCK"))) {
        rest = copy = strdup(text);
        while ((word = strsep(&rest, ";")) && *word && jump_count < 16) {
            struct jump *jump = &jumps[jump_count++];
            jump->from = strtoul(strsep(&word, ":"), NULL, 10);
            jump->seconds = strtol(word, NULL, 10);
        }
        free(copy);
    }
}

/* Which of the watched files a path names; its name within the directory is written to `name`. */
static int watched(const char *path, char *name, size_t size) {
    char whole[1280];
    if (!at_length) return NONE;
    if (path[0] != '/') {
        char here[1024];
        if (!getcwd(here, sizeof here)) return NONE;
        snprintf(whole, sizeof whole, "%s/%s", here, path);
        path = whole;
    }
    if (strncmp(path, at, at_length) != 0) return NONE;
    const char *rest = path + at_length;
    if (*rest == '/') rest++;
    else if (*rest) return NONE;
    snprintf(name, size, "%s", rest);
    if (!*rest) return FOLDER;
    if (strcmp(rest, "runs") == 0 || strcmp(rest, "heads") == 0) return FOLDER;
    if (strncmp(rest, "runs/", 5) == 0) return ENTRIES;
    if (strncmp(rest, "heads/", 6) == 0) return HEAD;
    size_t length = strlen(rest);
#define ENDS(text) (length >= sizeof(text) - 1 && strcmp(rest + length - sizeof(text) + 1, text) == 0)
    if (strchr(rest, '/') || strstr(rest, ".learning.")) return NONE;
    if (ENDS("-wal")) return WAL;
    if (ENDS(".heads")) return HEADS;
    if (ENDS(".db")) return DB;
    return NONE;
}

struct head {
    uint8_t operation, file;
    uint16_t path;
    uint32_t length;
    uint64_t offset;
};

static void record(int operation, int file, const char *path, uint64_t offset, const void *data, size_t length) {
    if (log_fd < 0) return;
    struct head head = {(uint8_t)operation, (uint8_t)file, (uint16_t)strlen(path), (uint32_t)length, offset};
    /* In one call: the process may end while one of its threads is here. */
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, length}};
    if (writev(log_fd, parts, 3) < 0) _exit(98);
}

/* What a rule wants at this moment, or -1. The number of the call is counted before it. */
static int wanted(int file, int operation, int after) {
    int found = -1;
    for (int i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (rule->file ? rule->file != file : file == TOLD) continue;
        if (rule->operation && rule->operation != operation) continue;
        if (!after) rule->seen++;
        if (rule->after != after) continue;
        if (rule->seen == rule->nth || (rule->onward && rule->seen > rule->nth)) found = rule->what;
    }
    /* A head lies within one sector, of which a disk writes all or nothing. */
    if (found == KILL || (found == HALF && (operation != WRITE || file == HEADS))) kill(getpid(), SIGKILL);
    if (found == STOP) raise(SIGSTOP), found = -1;
    return found;
}

static int fails(int what) {
    errno = what == FULL ? ENOSPC : EIO;
    return -1;
}

static int file_of(int fd) {
    if (fd < 0 || fd >= MOST) return NONE;
    return fd == 1 ? TOLD : opened[fd].file;
}

static int open_file(const char *path, int flags, mode_t mode) {
    char name[256];
    find();
    int file = watched(path, name, sizeof name);
    if (file == NONE) return real_open(path, flags, mode);
    pthread_mutex_lock(&order);
    struct stat before;
    int makes = (flags & O_CREAT) && stat(path, &before) != 0;
    int what = makes ? wanted(file, MAKE, 0) : -1;
    int fd = what >= 0 ? fails(what) : real_open(path, flags, mode);
    if (fd >= 0 && fd < MOST) {
        opened[fd].file = file;
        snprintf(opened[fd].path, sizeof opened[fd].path, "%s", name);
        if (makes) record(MAKE, file, name, 0, NULL, 0);
    }
    if (fd >= 0 && makes && (what = wanted(file, MAKE, 1)) >= 0) fd = fails(what);
    pthread_mutex_unlock(&order);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_file(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_file(path, flags, mode);
}

int close(int fd) {
    find();
    if (fd >= 0 && fd < MOST) opened[fd].file = NONE;
    return real_close(fd);
}

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset, int positioned) {
    find();
    int file = file_of(fd);
    if (file == NONE) return positioned ? real_pwrite(fd, data, length, offset) : real_write(fd, data, length);
    pthread_mutex_lock(&order);
    if (!positioned && file != TOLD) offset = lseek(fd, 0, SEEK_CUR);
    int what = wanted(file, WRITE, 0);
    ssize_t done;
    if (what == HALF) {
        if (positioned) done = real_pwrite(fd, data, length / 2, offset);
        else done = real_write(fd, data, length / 2);
        kill(getpid(), SIGKILL);
    }
    if (what >= 0) done = fails(what);
    else done = positioned ? real_pwrite(fd, data, length, offset) : real_write(fd, data, length);
    if (done > 0) record(WRITE, file, file == TOLD ? "" : opened[fd].path, (uint64_t)offset, data, (size_t)done);
    if (file == TOLD) told++;
    if (done > 0 && (what = wanted(file, WRITE, 1)) >= 0) done = fails(what);
    pthread_mutex_unlock(&order);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return write_at(fd, data, length, 0, 0); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset, 1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset, 1); }

static int sync_file(int fd, int (*real)(int)) {
    int file = file_of(fd);
    if (file == NONE || file == TOLD) return real(fd);
    pthread_mutex_lock(&order);
    int what = wanted(file, SYNC, 0);
    int done = what >= 0 ? fails(what) : real(fd);
    if (done == 0) record(SYNC, file, opened[fd].path, 0, NULL, 0);
    if (done == 0 && (what = wanted(file, SYNC, 1)) >= 0) done = fails(what);
    pthread_mutex_unlock(&order);
    return done;
}

int fsync(int fd) { return find(), sync_file(fd, real_fsync); }
int fdatasync(int fd) { return find(), sync_file(fd, real_fdatasync); }

static int truncate_file(int fd, off_t length) {
    find();
    int file = file_of(fd);
    if (file == NONE || file == TOLD) return real_ftruncate(fd, length);
    pthread_mutex_lock(&order);
    int what = wanted(file, CUT, 0);
    int done = what >= 0 ? fails(what) : real_ftruncate(fd, length);
    if (done == 0) record(CUT, file, opened[fd].path, (uint64_t)length, NULL, 0);
    if (done == 0 && (what = wanted(file, CUT, 1)) >= 0) done = fails(what);
    pthread_mutex_unlock(&order);
    return done;
}

int ftruncate(int fd, off_t length) { return truncate_file(fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_file(fd, length); }

int unlink(const char *path) {
    char name[256];
    find();
    int file = watched(path, name, sizeof name);
    if (file == NONE || file == FOLDER) return real_unlink(path);
    pthread_mutex_lock(&order);
    int what = wanted(file, REMOVE, 0);
    int done = what >= 0 ? fails(what) : real_unlink(path);
    if (done == 0) record(REMOVE, file, name, 0, NULL, 0);
    if (done == 0 && (what = wanted(file, REMOVE, 1)) >= 0) done = fails(what);
    pthread_mutex_unlock(&order);
    return done;
}

int rename(const char *from, const char *to) {
    char old[256], name[256];
    find();
    int file = watched(to, name, sizeof name);
    if (file == NONE || file == FOLDER || watched(from, old, sizeof old) == NONE) return real_rename(from, to);
    pthread_mutex_lock(&order);
    int what = wanted(file, MOVE, 0);
    int done = what >= 0 ? fails(what) : real_rename(from, to);
    if (done == 0) record(MOVE, file, old, 0, name, strlen(name));
    if (done == 0 && (what = wanted(file, MOVE, 1)) >= 0) done = fails(what);
    pthread_mutex_unlock(&order);
    return done;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    find();
    int done = real_clock_gettime(clock, time);
    if (done == 0 && clock == CLOCK_REALTIME)
        for (int i = jump_count; i-- > 0;)
            if (told >= jumps[i].from) {
                time->tv_sec += jumps[i].seconds;
                break;
            }
    return done;
}
