// The relay stands between one guest and those who want something of it. It starts the kernel in a process group of
// its own, with a socket as the guest's serial line, and passes frames between that line and its clients.
//
//   relay SOCKET GROUP-FILE CONSOLE-LOG [--die-with-parent] -- KERNEL ARGUMENT...
//
// It ends when the kernel ends, and leaves no process of the kernel's group behind.
#define _GNU_SOURCE
#include "frames.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

// With more than BACKLOG_LIMIT bytes waiting for one client, the guest is not listened to until they are taken: then
// the command that writes them waits, as it would on a full pipe. A power cut is heard all the same.
enum { CLIENT_LIMIT = 250, BACKLOG_LIMIT = 1 << 20 };

struct client {
    int fd;
    uint32_t id;
    bool running;   // its command has been sent and has not ended
    struct bytes in, out;
};

static struct client clients[CLIENT_LIMIT];
static int client_count;
static uint32_t last_id;
static struct bytes to_guest;
static bool ready;
static pid_t kernel;
static bool is_uml;

// A kernel of User Mode Linux may miss a signal of its timer, seldom and under load: its clock goes on, it spins, and
// nobody in the guest wakes from a sleep again. One more signal of the kind heals it, and does nothing to a sound one.
// Before the guest is ready the kernel would die of it.
enum { QUIET_MS = 2000 };

static void fail(const char *what)
{
    fprintf(stderr, "lab relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path);
    }
    strcpy(address.sun_path, path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 64))
        fail(path);
    return fd;
}

static void start_kernel(char **command, int line, const char *console)
{
    kernel = fork();
    if (kernel < 0)
        fail("fork");
    if (kernel > 0)
        return;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    int null = open("/dev/null", O_RDONLY), log = open(console, O_WRONLY | O_CREAT | O_APPEND, 0644);
    // Number 3 is what the command line of the kernel names: ssl0=fd:3.
    int copy = fcntl(line, F_DUPFD, 10);
    if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(copy, 3) < 0)
        fail(console);
    close(copy);
    execvp(command[0], command);
    fail(command[0]);
}

static void drop_client(int index)
{
    struct client *client = &clients[index];
    // Nobody waits for it any more: a command whose caller was ended must not go on unseen.
    if (client->running)
        bytes_add_frame(&to_guest, KILL, client->id, NULL, 0);
    close(client->fd);
    free(client->in.data);
    free(client->out.data);
    clients[index] = clients[--client_count];
}

// Sends as much as the socket takes. False when the client is gone, and dropped.
static bool flush_client(int index)
{
    struct client *client = &clients[index];
    ssize_t put = 0;
    if (client->out.used > 0)
        put = send(client->fd, client->out.data, client->out.used, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0)
        bytes_drop(&client->out, put);
    if (put >= 0 || errno == EAGAIN || errno == EINTR)
        return true;
    drop_client(index);
    return false;
}

static bool backlog(void)
{
    for (int i = 0; i < client_count; i++)
        if (clients[i].out.used > BACKLOG_LIMIT)
            return true;
    return false;
}

static void accept_client(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (client_count == CLIENT_LIMIT) {
        close(fd);
        return;
    }
    clients[client_count++] = (struct client){.fd = fd, .id = ++last_id};
    if (ready)
        bytes_add_frame(&clients[client_count - 1].out, READY, 0, NULL, 0);
}

static void serve_client(int index)
{
    struct client *client = &clients[index];
    int got = bytes_fill(&client->in, client->fd);
    struct frame head;
    size_t size, offset = 0;
    for (char *payload; (payload = bytes_frame(&client->in, offset, &head, &size)); offset += size) {
        if (head.type == CUT)
            kill(-kernel, SIGKILL);
        else if (head.type == EXEC || head.type == POWER_OFF)
            bytes_add_frame(&to_guest, head.type, client->id, payload, head.length);
        client->running |= head.type == EXEC;
    }
    bytes_drop(&client->in, offset);
    if (got < 0 || size)
        drop_client(index);
}

static void obey_guest(struct bytes *in)
{
    struct frame head;
    size_t size, offset = 0;
    for (char *payload; (payload = bytes_frame(in, offset, &head, &size)); offset += size) {
        ready |= head.type == READY;
        for (int i = client_count - 1; i >= 0; i--)
            if (head.type == READY || clients[i].id == head.id) {
                clients[i].running &= head.type != EXIT;
                bytes_add_frame(&clients[i].out, head.type, head.id, payload, head.length);
                flush_client(i);
            }
    }
    if (size) {
        fprintf(stderr, "lab relay: the guest's line carries no frames\n");
        kill(-kernel, SIGKILL);
    }
    bytes_drop(in, offset);
}

// Until the kernel is gone: the line's other end closes with it.
static void pass_frames(int listener, int line, int signals)
{
    struct bytes from_guest = {0};
    for (bool alive = true; alive;) {
        bool sending = ready && to_guest.used > 0;
        struct pollfd polls[3 + CLIENT_LIMIT] = {
            {line, (backlog() ? 0 : POLLIN) | (sending ? POLLOUT : 0), 0}, {signals, POLLIN, 0}, {listener, POLLIN, 0}};
        int polled = client_count;
        for (int i = 0; i < polled; i++)
            polls[3 + i] = (struct pollfd){clients[i].fd, POLLIN | (clients[i].out.used ? POLLOUT : 0), 0};
        int happened = poll(polls, 3 + polled, is_uml && ready ? QUIET_MS : -1);
        if (happened < 0 && errno != EINTR)
            fail("poll");
        if (happened == 0)
            kill(kernel, SIGALRM);
        if (polls[1].revents) {
            struct signalfd_siginfo info;
            if (read(signals, &info, sizeof info) > 0 && info.ssi_signo != SIGCHLD)
                kill(-kernel, SIGKILL);
            // What the guest said last is still in the socket; its end comes after it.
            alive = waitpid(kernel, NULL, WNOHANG) == 0;
        }
        // From the last to the first: dropping one moves the last into its place.
        for (int i = polled - 1; i >= 0; i--)
            if (polls[3 + i].revents && flush_client(i) && polls[3 + i].revents & ~POLLOUT)
                serve_client(i);
        if (polls[0].revents & POLLOUT) {
            ssize_t put = send(line, to_guest.data, to_guest.used, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (put > 0)
                bytes_drop(&to_guest, put);
        }
        int got = 1;
        while ((polls[0].revents & POLLIN || !alive) && (!alive || !backlog()) &&
               (got = bytes_fill(&from_guest, line)) > 0)
            obey_guest(&from_guest);
        if (polls[2].revents)
            accept_client(listener);
    }
}

int main(int count, char **arguments)
{
    int start = 4;
    if (count > start && !strcmp(arguments[start], "--die-with-parent")) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() == 1)
            return 1;
        start++;
    }
    if (count < start + 2 || strcmp(arguments[start], "--")) {
        fprintf(stderr, "usage: relay SOCKET GROUP-FILE CONSOLE-LOG [--die-with-parent] -- KERNEL ARGUMENT...\n");
        return 2;
    }
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    sigset_t watched;
    sigemptyset(&watched);
    int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < 4; i++)
        sigaddset(&watched, numbers[i]);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK), pair[2];
    int listener = listen_on(arguments[1]);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        fail("socketpair");
    for (int i = start + 1; i < count; i++)
        is_uml |= strlen(arguments[i]) > 10 && !strcmp(arguments[i] + strlen(arguments[i]) - 10, "/linux.uml");
    start_kernel(arguments + start + 1, pair[1], arguments[3]);
    close(pair[1]);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    FILE *group = fopen(arguments[2], "w");
    if (!group || fprintf(group, "%d\n", kernel) < 0 || fclose(group))
        fail(arguments[2]);
    pass_frames(listener, pair[0], signals);
    // The kernel's own helpers outlive it when it was killed alone. They are this process's children then, and whoever
    // asked for a power cut may rely on all of them being gone when the lock is free.
    kill(-kernel, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    // What the guest said last; but a client that takes nothing does not keep this process.
    for (int i = 0; i < client_count; i++) {
        struct timeval limit = {.tv_usec = 500000};
        setsockopt(clients[i].fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        write_all(clients[i].fd, clients[i].out.data, clients[i].out.used);
    }
    unlink(arguments[1]);
    unlink(arguments[2]);
}
