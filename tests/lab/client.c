// Asks a guest for something, through its relay.
//
//   client SOCKET exec [--timeout SECONDS] [--silence SECONDS] [--cut] [--cwd DIR] [--env NAME=VALUE]... -- COMMAND...
//       Runs it, passes on what it writes, ends with its status. 124 after the time given, or after that long without
//       output, and then with --cut the guest is cut; 125 when the guest ended first.
//   client SOCKET wait SECONDS    until the guest is ready: 0, or 1
//   client SOCKET stop SECONDS    powers it off and waits until it is gone: 0, or 1
//   client SOCKET cut             kills it and waits until it is gone
#define _GNU_SOURCE
#include "frames.h"
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static int64_t deadline;   // in ms; 0 is never
static int64_t longest_silence, silence_ends;   // the same

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

// A relay that was started a moment ago may not listen yet.
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (int tries = 0; tries < 300; tries++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (!connect(fd, (struct sockaddr *)&address, sizeof address))
            return fd;
        close(fd);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fprintf(stderr, "lab: no host listens on %s: %s\n", path, strerror(errno));
    exit(125);
}

static void send_frame(int fd, uint32_t type, const struct bytes *payload)
{
    struct bytes out = {0};
    bytes_add_frame(&out, type, 0, payload ? payload->data : NULL, payload ? payload->used : 0);
    // A failure shows as the end of the stream in the next read.
    (void)!send(fd, out.data, out.used, MSG_NOSIGNAL);
    free(out.data);
}

// The next frame; NULL after the deadline (*ended false) or at the end of the stream (*ended true).
static char *next_frame(int fd, struct bytes *in, size_t *offset, struct frame *head, bool *ended)
{
    *ended = false;
    for (;;) {
        size_t size;
        char *payload = bytes_frame(in, *offset, head, &size);
        if (payload) {
            *offset += size;
            return payload;
        }
        bytes_drop(in, *offset);
        *offset = 0;
        int64_t first = !deadline || (silence_ends && silence_ends < deadline) ? silence_ends : deadline;
        int64_t left = first ? first - now_ms() : -1;
        if (first && left <= 0)
            return NULL;
        struct pollfd poll_one = {fd, POLLIN, 0};
        if (poll(&poll_one, 1, (int)left) <= 0)
            continue;
        if (bytes_fill(in, fd) < 0 || size) {
            *ended = true;
            return NULL;
        }
    }
}

// In ms.
static int64_t duration(const char *seconds)
{
    char *end;
    double value = strtod(seconds, &end);
    if (*end || end == seconds || value < 0) {
        fprintf(stderr, "lab: not a number of seconds: %s\n", seconds);
        exit(2);
    }
    return (int64_t)(value * 1000);
}

static void set_timeout(const char *seconds)
{
    int64_t time = duration(seconds);
    deadline = time ? now_ms() + time : 0;
}

// Output is what shows that a command gets on, however slow the machine is.
static void end_silence(void)
{
    silence_ends = longest_silence ? now_ms() + longest_silence : 0;
}

static void add_string(struct bytes *to, char kind, const char *text)
{
    bytes_add(to, &kind, 1);
    bytes_add(to, text, strlen(text) + 1);
}

static int run_command(int fd, char **arguments, int count)
{
    struct bytes request = {0};
    const char *timeout = NULL, *silence = NULL;
    bool cut = false;
    int i = 0;
    for (; i < count && strcmp(arguments[i], "--"); i++) {
        if (!strcmp(arguments[i], "--cut"))
            cut = true;
        else if (!strcmp(arguments[i], "--timeout") && i + 1 < count)
            set_timeout(timeout = arguments[++i]);
        else if (!strcmp(arguments[i], "--silence") && i + 1 < count)
            longest_silence = duration(silence = arguments[++i]);
        else if (!strcmp(arguments[i], "--cwd") && i + 1 < count)
            add_string(&request, 'C', arguments[++i]);
        else if (!strcmp(arguments[i], "--env") && i + 1 < count)
            add_string(&request, 'E', arguments[++i]);
        else
            return 2;
    }
    for (i++; i < count; i++)
        add_string(&request, 'A', arguments[i]);
    if (request.used > PAYLOAD_LIMIT) {
        fprintf(stderr, "lab: the command and its environment are over %d bytes\n", PAYLOAD_LIMIT);
        return 126;
    }
    send_frame(fd, EXEC, &request);
    end_silence();
    struct bytes in = {0};
    struct frame head;
    size_t offset = 0;
    bool ended;
    for (char *payload; (payload = next_frame(fd, &in, &offset, &head, &ended));) {
        if (head.type == EXIT)
            return (unsigned char)payload[0];
        if ((head.type == OUT || head.type == ERR) && write_all(head.type == OUT ? 1 : 2, payload, head.length))
            return 141;   // as a shell counts SIGPIPE
        end_silence();
    }
    if (ended) {
        fprintf(stderr, "lab: the host ended before the command did\n");
        return 125;
    }
    if (silence_ends && silence_ends <= now_ms())
        fprintf(stderr, "lab: the command wrote nothing for %s seconds and was killed\n", silence);
    else
        fprintf(stderr, "lab: the command did not end within %s seconds and was killed\n", timeout);
    if (cut)
        send_frame(fd, CUT, NULL);
    return 124;
}

static int wait_for(int fd, bool ready)
{
    struct bytes in = {0};
    struct frame head;
    size_t offset = 0;
    bool ended;
    while (next_frame(fd, &in, &offset, &head, &ended))
        if (ready && head.type == READY)
            return 0;
    return ready || !ended;
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    const char *verb = arguments[2];
    int fd = connect_to(arguments[1]);
    if (!strcmp(verb, "exec"))
        return run_command(fd, arguments + 3, count - 3);
    if (count > 3)
        set_timeout(arguments[3]);
    if (!strcmp(verb, "stop"))
        send_frame(fd, POWER_OFF, NULL);
    else if (!strcmp(verb, "cut"))
        send_frame(fd, CUT, NULL);
    return wait_for(fd, !strcmp(verb, "wait"));
}
