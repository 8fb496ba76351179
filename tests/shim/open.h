/* The system's own open64, for those that stand before it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>

/* `args` holds the mode, where `flags` asks for one. */
static int open_for_real(const char *path, int flags, va_list args) {
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, int) : 0;
    int (*real)(const char *, int, ...);
    *(void **)&real = dlsym(RTLD_NEXT, "open64");
    return real(path, flags, mode);
}
