/* A name server that answers for the names that are files in $NAMES_FOLDER, with the address in them, and for no other: whoever
 * asks for one waits. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
    char path[4096], address[64];
    const char *folder = getenv("NAMES_FOLDER");
    if (!folder || !name)
        return real(name, service, hints, found);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        sleep(20);
        return EAI_AGAIN;
    }
    int done = EAI_AGAIN;
    if (fscanf(file, "%63s", address) == 1)
        done = real(address, service, hints, found);
    fclose(file);
    return done;
}
