/* What the C tests share: counting, and small conveniences. Included once by each program. */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safetysdk.h"

static int passed, failed;

static void expect(int condition, const char *what)
{
    if (condition) {
        passed++;
    } else {
        char message[512] = "";
        safety_last_error(message, sizeof message, NULL);
        failed++;
        printf("FAIL %s (last error: %s)\n", what, message);
    }
}

static inline safety_text text(const char *value)
{
    safety_text t;
    t.data = value;
    t.length = strlen(value);
    return t;
}

static inline safety_bytes read_file(const char *path)
{
    safety_bytes file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    if (stream != NULL) {
        long size;
        fseek(stream, 0, SEEK_END);
        size = ftell(stream);
        rewind(stream);
        uint8_t *data = malloc((size_t)size + 1);
        if (data != NULL && fread(data, 1, (size_t)size, stream) == (size_t)size) {
            file.data = data;
            file.length = (size_t)size;
        }
        fclose(stream);
    }
    return file;
}

/* Text of a getter; the caller frees it, NULL on an error. */
#define TEXT_OF(result, call)                                                        \
    do {                                                                             \
        size_t needed_ = 0;                                                          \
        char *buffer = NULL;                                                         \
        size_t capacity = 0;                                                         \
        size_t *needed = &needed_;                                                   \
        (result) = NULL;                                                             \
        if ((call) == SAFETY_OK && (buffer = malloc(needed_)) != NULL) {             \
            capacity = needed_;                                                      \
            if ((call) == SAFETY_OK) {                                               \
                (result) = buffer;                                                   \
            } else {                                                                 \
                free(buffer);                                                        \
            }                                                                        \
        }                                                                            \
    } while (0)

static inline void expect_text(char *actual, const char *wanted, const char *what)
{
    expect(actual != NULL && strcmp(actual, wanted) == 0, what);
    free(actual);
}

static inline int report(void)
{
    printf("native: %d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

#endif
