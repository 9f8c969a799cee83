/* Threads that hold secrets on heap and stack, in ASCII and UTF-16, and then the process aborts. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_barrier_t ready;
static char *heap_text, *heap_wide, *heap_long;

static char *widen(const char *text) {
    char *wide = calloc(strlen(text) + 1, 2);
    for (size_t i = 0; text[i]; i++) wide[2 * i] = text[i];
    return wide;
}

__attribute__((noinline)) static void park(const char *text, int depth) {
    volatile char local[256];
    snprintf((char *)local, sizeof local, "%s;depth=%d", text, depth);
    if (depth) {
        park(text, depth - 1);
    } else {
        pthread_barrier_wait(&ready);
        pause();
    }
    local[0] = 0;
}

static void *worker(void *text) {
    park(text, 3);
    return NULL;
}

__attribute__((noinline)) static void fall(void) {
    pthread_barrier_wait(&ready);
    usleep(200000);
    abort();
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    pthread_t threads[3];
    heap_text = strdup(argv[1]);
    heap_wide = widen(argv[1]);
    heap_long = malloc(9 << 20); /* text over the borders of pieces */
    for (size_t at = 0; at + 4099 < (9 << 20); at += 4099) snprintf(heap_long + at, 512, "%s;at=%zu", argv[1], at);
    pthread_barrier_init(&ready, NULL, 4);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, worker, heap_text);
    fall();
}
