/* A disk that never returns, as a library for LD_PRELOAD: whoever waits for what was written to be safe waits for ever,
 * and so does whoever opens a file in a folder called "asleep".
 *
 *   cc -shared -fPIC -o dead_disk.so dead_disk.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int open64(const char *path, int flags, ...) {
    while (strstr(path, "/asleep/")) pause();
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list args;
        va_start(args, flags);
        mode = (mode_t)va_arg(args, int);
        va_end(args);
    }
    int (*real)(const char *, int, ...);
    *(void **)&real = dlsym(RTLD_NEXT, "open64");
    return real(path, flags, mode);
}

int fsync(int file) {
    for (;;) pause();
}

int fdatasync(int file) {
    for (;;) pause();
}
