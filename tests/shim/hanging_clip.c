/* A disk that hangs as long as the file named by HANGING_CLIP is there, as a library for LD_PRELOAD: whoever reads or
 * opens a file called "clip.mp4" waits.
 *
 *   cc -shared -fPIC -o hanging_clip.so hanging_clip.c -ldl
 */
#include "open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_clip(const char *path) {
    const char *name = strrchr(path, '/');
    return name && strcmp(name, "/clip.mp4") == 0;
}

static void hang(void) {
    const char *hangs = getenv("HANGING_CLIP");
    while (hangs && access(hangs, F_OK) == 0) usleep(10000);
}

int open64(const char *path, int flags, ...) {
    if (is_clip(path)) hang();
    va_list args;
    va_start(args, flags);
    int file = open_for_real(path, flags, args);
    va_end(args);
    return file;
}

ssize_t read(int file, void *to, size_t size) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        if (is_clip(path)) hang();
    }
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "read");
    return real(file, to, size);
}
