/* A disk that never returns, as a library for LD_PRELOAD: whoever waits for what was written to be safe waits for ever,
 * and so does whoever opens a file in a folder called "asleep".
 *
 *   cc -shared -fPIC -o dead_disk.so dead_disk.c -ldl
 */
#include "open.h"

#include <string.h>
#include <unistd.h>

int open64(const char *path, int flags, ...) {
    while (strstr(path, "/asleep/")) pause();
    va_list args;
    va_start(args, flags);
    int file = open_for_real(path, flags, args);
    va_end(args);
    return file;
}

int fsync(int file) {
    for (;;) pause();
}

int fdatasync(int file) {
    for (;;) pause();
}
