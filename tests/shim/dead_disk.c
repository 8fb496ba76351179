/* A disk that never returns, as a library for LD_PRELOAD: whoever waits for what was written to be safe waits for ever.
 *
 *   cc -shared -fPIC -o dead_disk.so dead_disk.c
 */
#include <unistd.h>

int fsync(int file) {
    for (;;) pause();
}

int fdatasync(int file) {
    for (;;) pause();
}
