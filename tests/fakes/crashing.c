/* Holds secrets on its stack, crashes, and lets crashpad_handler (argv[1]) write a minidump into argv[2]. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma pack(push, 1)
static struct {
    uint64_t siginfo;
    uint64_t context;
    int32_t thread;
} information;
#pragma pack(pop)
static char handler[4096], database[4096], exception[128];

static void crashed(int signal, siginfo_t *info, void *context) {
    information.siginfo = (uint64_t)info;
    information.context = (uint64_t)context;
    information.thread = (int32_t)syscall(SYS_gettid);
    snprintf(exception, sizeof exception, "--trace-parent-with-exception=%llu", (unsigned long long)&information);
    pid_t child = fork();
    if (!child) {
        execl(handler, handler, database, "--annotation=mail=jane.doe@contoso.com", exception, NULL);
        _exit(127);
    }
    prctl(PR_SET_PTRACER, child, 0, 0, 0);
    waitpid(child, NULL, 0);
    _exit(0);
}

__attribute__((noinline)) static void hold(const char *text) {
    volatile char narrow[512], wide[1024];
    size_t size = strlen(text);
    memset((void *)wide, 0, sizeof wide);
    for (size_t at = 0; at <= size; at++) narrow[at] = wide[2 * at] = text[at];
    *(volatile int *)0 = (int)wide[0];
}

static void *parked(void *text) {
    volatile char copy[512];
    strcpy((char *)copy, text);
    pause();
    return (void *)(uintptr_t)copy[0];
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    pthread_t thread;
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO};
    snprintf(handler, sizeof handler, "%s", argv[1]);
    snprintf(database, sizeof database, "--database=%s", argv[2]);
    sigaction(SIGSEGV, &action, NULL);
    pthread_create(&thread, NULL, parked, argv[3]);
    usleep(100000);
    hold(argv[3]);
}
