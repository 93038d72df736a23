// What the guest's PID 1 does for its life: starts the commands that arrive on the line, sends back what they write
// and how they ended, and reaps whatever else ends.
#define _GNU_SOURCE
#include "init.h"
#include "frames.h"
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

enum { JOB_LIMIT = 256, ARGUMENT_LIMIT = 4096, CHUNK = 16384, LINGER_MS = 500 };

struct job {
    uint32_t id;
    pid_t pid;        // 0 once reaped
    int pipes[2];     // standard output and error; -1 when at their end
    int status;
    bool reported;    // EXIT is sent; what still comes out of a child left in the background is thrown away
    int64_t ended;    // when it was reaped, in ms
};

static struct job jobs[JOB_LIMIT];
static int job_count;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void send_frame(int line, uint32_t type, uint32_t id, const void *data, size_t length)
{
    struct bytes out = {0};
    bytes_add_frame(&out, type, id, data, length);
    if (write_all(line, out.data, out.used))
        die("write to the line");
    free(out.data);
}

static void run_child(char *payload, size_t length, int out, int err)
{
    char *arguments[ARGUMENT_LIMIT + 1], *directory = "/";
    int count = 0;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (null > 2)
        close(null);
    clearenv();
    for (char *p = payload; p < payload + length; p += strlen(p) + 1) {
        if (*p == 'C')
            directory = p + 1;
        else if (*p == 'E')
            putenv(p + 1);
        else if (*p == 'A' && count < ARGUMENT_LIMIT)
            arguments[count++] = p + 1;
    }
    arguments[count] = NULL;
    if (count == 0 || chdir(directory)) {
        dprintf(2, "lab: cannot enter %s: %s\n", directory, strerror(errno));
        _exit(125);
    }
    execvp(arguments[0], arguments);
    dprintf(2, "lab: %s: %s\n", arguments[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

static void start_job(int line, uint32_t id, const char *data, size_t length)
{
    int out[2], err[2];
    unsigned char failed = 125;
    if (job_count == JOB_LIMIT || pipe2(out, O_CLOEXEC)) {
        send_frame(line, EXIT, id, &failed, 1);
        return;
    }
    if (pipe2(err, O_CLOEXEC))
        die("pipe");
    // A copy with an end: the last string may lack its NUL if the sender is careless.
    char *payload = calloc(1, length + 1);
    memcpy(payload, data, length);
    pid_t pid = fork();
    if (pid == 0)
        run_child(payload, length, out[1], err[1]);
    free(payload);
    close(out[1]);
    close(err[1]);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    if (pid < 0) {
        close(out[0]);
        close(err[0]);
        send_frame(line, EXIT, id, &failed, 1);
        return;
    }
    jobs[job_count++] = (struct job){.id = id, .pid = pid, .pipes = {out[0], err[0]}};
}

// Passes on what is in one pipe now.
static void drain(int line, struct job *job, int which)
{
    char chunk[CHUNK];
    while (job->pipes[which] >= 0) {
        ssize_t got = read(job->pipes[which], chunk, sizeof chunk);
        if (got > 0) {
            if (!job->reported)
                send_frame(line, which ? ERR : OUT, job->id, chunk, got);
            // One chunk at a time while it runs, so that one talkative command does not starve the others.
            if (job->pid)
                return;
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else {
            close(job->pipes[which]);
            job->pipes[which] = -1;
        }
    }
}

static void reap(int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) > 0)
        ;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < job_count; i++)
            if (jobs[i].pid == pid) {
                jobs[i].pid = 0;
                jobs[i].ended = now_ms();
                jobs[i].status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            }
}

// A command has ended when it is reaped and its pipes are at their end. A child in the background may hold the pipes
// for ever, so after a moment the status is sent nevertheless. Returns how long to wait for the next such moment.
static int report_ended(int line)
{
    int wait = -1;
    for (int i = 0; i < job_count; i++) {
        struct job *job = &jobs[i];
        if (job->pid)
            continue;
        drain(line, job, 0);
        drain(line, job, 1);
        bool open = job->pipes[0] >= 0 || job->pipes[1] >= 0;
        int left = (int)(job->ended + LINGER_MS - now_ms());
        if (!job->reported && (!open || left <= 0)) {
            unsigned char status = (unsigned char)job->status;
            send_frame(line, EXIT, job->id, &status, 1);
            job->reported = true;
        } else if (!job->reported) {
            wait = wait < 0 || left < wait ? left : wait;
        }
        if (!open && job->reported)
            jobs[i--] = jobs[--job_count];
    }
    return wait;
}

static void obey(int line, struct bytes *in)
{
    struct frame head;
    size_t size, offset = 0;
    for (char *payload; (payload = bytes_frame(in, offset, &head, &size)); offset += size) {
        if (head.type == EXEC)
            start_job(line, head.id, payload, head.length);
        else if (head.type == POWER_OFF)
            power_off();
        else if (head.type == KILL)
            for (int i = 0; i < job_count; i++)
                if (jobs[i].id == head.id && jobs[i].pid && kill(-jobs[i].pid, SIGKILL))
                    kill(jobs[i].pid, SIGKILL);   // it has not come to its setsid yet
    }
    if (size)
        die("no frame on the line");
    bytes_drop(in, offset);
}

void serve(int line)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    struct bytes in = {0};
    send_frame(line, READY, 0, NULL, 0);
    for (;;) {
        struct pollfd polls[2 + 2 * JOB_LIMIT] = {{line, POLLIN, 0}, {signals, POLLIN, 0}};
        int wait = report_ended(line);
        int polled = job_count;
        for (int i = 0; i < polled; i++)
            for (int which = 0; which < 2; which++)
                polls[2 + 2 * i + which] = (struct pollfd){jobs[i].pipes[which], POLLIN, 0};
        if (poll(polls, 2 + 2 * polled, wait) < 0 && errno != EINTR)
            die("poll");
        for (int i = 0; i < polled; i++)
            for (int which = 0; which < 2; which++)
                if (polls[2 + 2 * i + which].revents)
                    drain(line, &jobs[i], which);
        if (polls[1].revents)
            reap(signals);
        if (polls[0].revents) {
            if (bytes_fill(&in, line) < 0)
                power_off();
            obey(line, &in);
        }
    }
}
