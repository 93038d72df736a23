// The wire between a lab guest, its relay on the host, and the relay's clients: frames over a byte stream.
// Both ends are built from the same source for the same machine, so the numbers are in its own byte order.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum frame_type {
    READY = 1,   // guest -> everyone: commands are welcome
    EXEC,        // client -> guest: strings, each ended by NUL: C<directory>, E<name=value>..., A<argument>...
    KILL,        // relay -> guest: SIGKILL to the command's process group
    POWER_OFF,   // client -> guest: end everything, sync, unmount, power off
    CUT,         // client -> relay: SIGKILL to the guest, as when the plug is pulled
    OUT, ERR,    // guest -> client: what the command wrote
    EXIT,        // guest -> client: one byte, the exit status as a shell counts it
};

struct frame {
    uint32_t type;
    uint32_t id;       // which command; the relay gives each client one
    uint32_t length;   // of the payload, which follows
};

enum { PAYLOAD_LIMIT = 1 << 20 };

struct bytes {
    char *data;
    size_t used, size;
};

static inline void bytes_add(struct bytes *b, const void *data, size_t length)
{
    if (b->used + length > b->size) {
        b->size = (b->used + length) * 2;
        b->data = realloc(b->data, b->size);
        if (!b->data)
            abort();
    }
    memcpy(b->data + b->used, data, length);
    b->used += length;
}

static inline void bytes_drop(struct bytes *b, size_t length)
{
    b->used -= length;
    memmove(b->data, b->data + length, b->used);
}

static inline void bytes_add_frame(struct bytes *b, uint32_t type, uint32_t id, const void *data, size_t length)
{
    struct frame head = {.type = type, .id = id, .length = length};
    bytes_add(b, &head, sizeof head);
    if (length)
        bytes_add(b, data, length);
}

// Appends what one read gives: 1 something came, 0 nothing is there at the moment, -1 the stream has ended.
static inline int bytes_fill(struct bytes *b, int fd)
{
    char chunk[32768];
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got > 0) {
        bytes_add(b, chunk, got);
        return 1;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

// The first whole frame in the buffer, or NULL. Its size in the buffer goes to *size; drop that much when done.
// Gives NULL with *size = 1 when the stream makes no sense.
static inline char *bytes_frame(struct bytes *b, size_t offset, struct frame *head, size_t *size)
{
    *size = 0;
    if (b->used - offset < sizeof *head)
        return NULL;
    memcpy(head, b->data + offset, sizeof *head);
    if (head->type < READY || head->type > EXIT || head->length > PAYLOAD_LIMIT) {
        *size = 1;
        return NULL;
    }
    if (b->used - offset < sizeof *head + head->length)
        return NULL;
    *size = sizeof *head + head->length;
    return b->data + offset + sizeof *head;
}

static inline int write_all(int fd, const void *data, size_t length)
{
    const char *p = data;
    while (length > 0) {
        ssize_t put = write(fd, p, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        p += put;
        length -= put;
    }
    return 0;
}
