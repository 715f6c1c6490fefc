/*
 * SafetySdk: checks what goes into and comes out of an image generator or a vision chat model.
 *
 * Errors      Functions return 0 (SAFETY_OK) or a negative code. The message of the last failing call on this thread is read with
 *             safety_last_error. A verdict is not an error: a refused request returns SAFETY_OK and a verdict of SAFETY_DECISION_BLOCK.
 * Lifetime    Handles are opaque and checked: a null, stale or foreign handle gives SAFETY_ERROR_INVALID_HANDLE, never a crash.
 *             Whoever creates a handle frees it with the function of its type; freeing NULL does nothing.
 * Memory      Inputs are read during the call only. Outputs are written to buffers of the caller.
 * Threads     A pipeline may be used from any number of threads at once. A verdict is immutable and may be read from any thread.
 * Text        UTF-8, pointer and length in bytes; no terminator is needed on input, one is written on output.
 *
 * The functions below are stable from 1.0 on; before that they may still change.
 */
#ifndef SAFETYSDK_H
#define SAFETYSDK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAFETY_VERSION_MAJOR 0
#define SAFETY_VERSION_MINOR 1
#define SAFETY_VERSION_PATCH 0

typedef struct safety_pipeline safety_pipeline;
typedef struct safety_verdict safety_verdict;

typedef enum safety_status {
    SAFETY_OK = 0,
    SAFETY_ERROR_INVALID_ARGUMENT = -1,
    SAFETY_ERROR_INVALID_HANDLE = -2,
    SAFETY_ERROR_BUFFER_TOO_SMALL = -3,
    SAFETY_ERROR_POLICY = -4,   /* the policy does not exist or is malformed */
    SAFETY_ERROR_LIST = -5,     /* a list of known content cannot be read */
    SAFETY_ERROR_MISSING = -6,  /* a model or a native library is missing */
    SAFETY_ERROR_INTERNAL = -7  /* a fault of ours */
} safety_status;

/* The zero value is "nobody checked", so that memory that was never filled does not read as allowed. */
typedef enum safety_decision {
    SAFETY_DECISION_NOT_CHECKED = 0,
    SAFETY_DECISION_ALLOW = 1,
    SAFETY_DECISION_REVIEW = 2,
    SAFETY_DECISION_TRANSFORM = 3,
    SAFETY_DECISION_BLOCK = 4
} safety_decision;

typedef enum safety_operation {
    SAFETY_OPERATION_GENERATE = 0,
    SAFETY_OPERATION_EDIT = 1,
    SAFETY_OPERATION_UNDERSTAND = 2
} safety_operation;

typedef enum safety_age {
    SAFETY_AGE_UNKNOWN = 0,
    SAFETY_AGE_ADULT = 1,
    SAFETY_AGE_TEEN = 2,
    SAFETY_AGE_UNDER13 = 3
} safety_age;

typedef struct safety_text {
    const char *data;
    size_t length;
} safety_text;

typedef struct safety_bytes {
    const uint8_t *data;
    size_t length;
} safety_bytes;

/* How a pipeline is made. Start from SAFETY_PIPELINE_OPTIONS_INIT. */
typedef struct safety_pipeline_options {
    size_t struct_size;        /* sizeof(safety_pipeline_options) */
    safety_text home;          /* folder with models and native libraries; empty: look for it */
    safety_text policy;        /* name of a built-in policy or path of a document; empty: balanced */
    const safety_text *lists;  /* index or list files of known content */
    size_t list_count;
} safety_pipeline_options;

#define SAFETY_PIPELINE_OPTIONS_INIT { sizeof(safety_pipeline_options), { NULL, 0 }, { NULL, 0 }, NULL, 0 }

/* What is to be checked. Start from SAFETY_REQUEST_INIT. */
typedef struct safety_request {
    size_t struct_size;                /* sizeof(safety_request) */
    safety_text prompt;                /* data NULL: no prompt */
    const safety_bytes *images;        /* files that the user gave (JPEG, PNG, WebP, GIF) */
    size_t image_count;
    const safety_bytes *output_images; /* files that the model made */
    size_t output_image_count;
    int32_t operation;                 /* safety_operation */
    int32_t age;                       /* safety_age */
    int32_t chat_refused;              /* nonzero: the host's chat model refused */
    int32_t reserved;                  /* zero */
} safety_request;

#define SAFETY_REQUEST_INIT { sizeof(safety_request), { NULL, 0 }, NULL, 0, NULL, 0, 0, 0, 0, 0 }

/* Version of the library at run time: major * 10000 + minor * 100 + patch. */
int32_t safety_version(void);

/* Width in bits of the vectors that this build uses on this processor: 512, 256, 128, or 0 without any. Any thread. The loader takes the
 * build of lib/glibc-hwcaps that fits the processor; a program that loads the library by its path gets the build that it names. */
int32_t safety_simd_width(void);

/* Copies the message of the last failing call on this thread. buffer may be NULL to ask for the size.
 * needed (may be NULL) receives the size with terminator. */
int32_t safety_last_error(char *buffer, size_t capacity, size_t *needed);

/* Makes a pipeline. Models are loaded when the first picture is checked. The caller frees *pipeline. */
int32_t safety_pipeline_create(const safety_pipeline_options *options, safety_pipeline **pipeline);

/* Frees a pipeline. A check under way on another thread finishes first. */
int32_t safety_pipeline_free(safety_pipeline *pipeline);

/* Checks a request on the calling thread. A part that cannot be read or a check that cannot be completed is in the verdict, whose
 * decision is then not SAFETY_DECISION_ALLOW. The caller frees *verdict. */
int32_t safety_pipeline_check(safety_pipeline *pipeline, const safety_request *request, safety_verdict **verdict);

/* Frees a verdict. */
int32_t safety_verdict_free(safety_verdict *verdict);

/* The decision. On an error *decision is SAFETY_DECISION_NOT_CHECKED. */
int32_t safety_verdict_decision(const safety_verdict *verdict, int32_t *decision);

/* The whole verdict as one JSON object on one line. buffer may be NULL to ask for the size; needed (may be NULL) receives it with
 * terminator. */
int32_t safety_verdict_json(const safety_verdict *verdict, char *buffer, size_t capacity, size_t *needed);

/* Handles that were created and not freed yet, for leak tests. */
int32_t safety_live_handles(void);

#ifdef __cplusplus
}
#endif

#endif
