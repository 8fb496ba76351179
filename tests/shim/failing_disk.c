/* A disk that fails in the middle of a recording, as a library for LD_PRELOAD: once FAILING_DISK_BYTES were written to files
 * called *.mp4, writing to them ends with the error of FAILING_DISK_ERROR: FULL, READ_ONLY or GONE.
 *
 *   cc -shared -fPIC -o failing_disk.so failing_disk.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t (*real_write)(int, const void *, size_t);
static long long written;

static int is_recording(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length > 4 && memcmp(path + length - 4, ".mp4", 4) == 0;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    if (!is_recording(file)) return real_write(file, bytes, count);
    const char *limit = getenv("FAILING_DISK_BYTES"), *error = getenv("FAILING_DISK_ERROR");
    long long left = atoll(limit ? limit : "0") - written;
    if (left <= 0) {
        errno = !strcmp(error, "FULL") ? ENOSPC : !strcmp(error, "READ_ONLY") ? EROFS : EIO;
        return -1;
    }
    /* A full disk takes a part of what does not fit. */
    if ((long long)count > left) count = left;
    ssize_t taken = real_write(file, bytes, count);
    if (taken > 0) written += taken;
    return taken;
}
