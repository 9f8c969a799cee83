/* Holds the text of $PLANTED in heap, globals, stacks and vector registers, narrow and wide, and then aborts. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_barrier_t ready;
static char global[256], wide_global[512];
static char *heap, *wide_heap;

static void widen(volatile char *wide, const char *text) {
    for (size_t i = 0; i <= strlen(text); i++) {
        wide[2 * i] = text[i];
        wide[2 * i + 1] = 0;
    }
}

__attribute__((noinline)) static void hold(const char *text, int depth) {
    volatile char narrow[256], wide[512];
    volatile unsigned letters[64];
    strcpy((char *)narrow + depth, text);
    widen(wide, text);
    for (size_t i = 0; i < strlen(text); i++) letters[i] = text[i];
    if (depth) {
        hold(text, depth - 1);
    } else {
        pthread_barrier_wait(&ready);
        pause();
    }
    narrow[0] = wide[0] = 0;
    letters[0] = 0;
}

static void *work(void *text) {
    hold(text, 4);
    return NULL;
}

__attribute__((noinline)) static void fall(void) {
    pthread_barrier_wait(&ready);
    usleep(200000);
    abort();
}

int main(void) {
    const char *text = getenv("PLANTED");
    pthread_t threads[3];
    if (!text) return 2;
    strcpy(global, text);
    widen(wide_global, text);
    heap = strdup(text);
    wide_heap = calloc(strlen(text) + 1, 2);
    widen(wide_heap, text);
    pthread_barrier_init(&ready, NULL, 4);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, work, heap);
    fall();
}
