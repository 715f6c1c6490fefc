/*
 * SafetySdk: checks what goes into and comes out of an image generator or a vision chat model.
 *
 * Errors      Functions return 0 (SAFETY_OK) or a negative code. The message of the last failing call on this thread is read with
 *             safety_last_error. A verdict is not an error: a refused request returns SAFETY_OK and a verdict of SAFETY_DECISION_BLOCK.
 * Lifetime    Handles are opaque and checked: a null, stale or foreign handle gives SAFETY_ERROR_INVALID_HANDLE, never a crash.
 *             Whoever creates a handle frees it with the function of its type; freeing NULL does nothing.
 * Memory      Inputs are read during the call only. Outputs are written to buffers of the caller.
 * Threads     Every function may be called from any number of threads at once, also with the same handle, unless it says otherwise.
 *             A handle that is freed while calls on other threads use it goes when the last of them returns.
 * Sizes       Structures start with their size, see the _INIT macros; members are only ever added at the end. Functions that write into
 *             a buffer take NULL to ask for the size: needed (may be NULL otherwise) receives it, for text with the terminator.
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
typedef struct safety_decoder safety_decoder;           /* reads picture files */
typedef struct safety_index safety_index;               /* a list of known content */
typedef struct safety_matches safety_matches;           /* what a look-up found */
typedef struct safety_cancellation safety_cancellation; /* stops calls on other threads */

typedef enum safety_status {
    SAFETY_OK = 0,
    SAFETY_ERROR_INVALID_ARGUMENT = -1,
    SAFETY_ERROR_INVALID_HANDLE = -2,
    SAFETY_ERROR_BUFFER_TOO_SMALL = -3,
    SAFETY_ERROR_POLICY = -4,   /* the policy does not exist or is malformed */
    SAFETY_ERROR_LIST = -5,     /* a list of known content cannot be read */
    SAFETY_ERROR_MISSING = -6,  /* a model or a native library is missing */
    SAFETY_ERROR_INTERNAL = -7, /* a fault of ours */
    SAFETY_ERROR_IMAGE = -8,    /* the picture is no allowed one, damaged, or exceeds a limit: it was not checked */
    SAFETY_ERROR_CANCELLED = -9 /* a safety_cancellation ended the call: nothing was decided */
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

/* Where in the pipeline something was seen. */
typedef enum safety_stage {
    SAFETY_STAGE_ACCOUNT = 0,
    SAFETY_STAGE_UPLOAD = 1,
    SAFETY_STAGE_PROMPT = 2,
    SAFETY_STAGE_JOINT = 3,
    SAFETY_STAGE_OUTPUT = 4
} safety_stage;

/* What the host has to do besides following the decision; bits. */
typedef enum safety_action {
    SAFETY_ACTION_REPORT_TO_NCMEC = 1,
    SAFETY_ACTION_SUSPEND_ACCOUNT = 2,
    SAFETY_ACTION_PRESERVE_EVIDENCE = 4,
    SAFETY_ACTION_OFFER_HELP = 8,
    SAFETY_ACTION_TRANSFORM_PROMPT = 16
} safety_action;

/* What a request is for, as the host knows it; never what the user claims. */
typedef enum safety_context {
    SAFETY_CONTEXT_ARTISTIC = 0,
    SAFETY_CONTEXT_EDUCATIONAL = 1,
    SAFETY_CONTEXT_NEWS = 2,
    SAFETY_CONTEXT_MEDICAL = 3,
    SAFETY_CONTEXT_HISTORICAL = 4
} safety_context;

typedef enum safety_hash_kind {
    SAFETY_HASH_PDQ = 1,
    SAFETY_HASH_MD5 = 2,
    SAFETY_HASH_SHA1 = 3,
    SAFETY_HASH_SHA256 = 4
} safety_hash_kind;

/* The two incompatible public conventions of PDQ. */
typedef enum safety_pdq_profile {
    SAFETY_PDQ_FULL = 0,  /* the picture at its full size: python-threatexchange, HMA */
    SAFETY_PDQ_CPP512 = 1 /* above 512 pixels a side, reduced to 512 x 512 first: the C++ command line */
} safety_pdq_profile;

/* The orientations, in their order in a result. */
typedef enum safety_pdq_form {
    SAFETY_PDQ_ORIGINAL = 0,
    SAFETY_PDQ_ROT90 = 1,
    SAFETY_PDQ_ROT180 = 2,
    SAFETY_PDQ_ROT270 = 3,
    SAFETY_PDQ_FLIP_X = 4,
    SAFETY_PDQ_FLIP_Y = 5,
    SAFETY_PDQ_FLIP_PLUS1 = 6,
    SAFETY_PDQ_FLIP_MINUS1 = 7
} safety_pdq_form;

typedef enum safety_pdq_outcome {
    SAFETY_PDQ_NOT_HASHED = 0,
    SAFETY_PDQ_HASHED = 1,
    SAFETY_PDQ_TOO_LITTLE_DETAIL = 2 /* quality below 50: the hashes are noise and must not be compared */
} safety_pdq_outcome;

/* What a look-up without matches means. Only SAFETY_MATCH_NONE says that nothing is on the list. */
typedef enum safety_match_outcome {
    SAFETY_MATCH_NOT_SEARCHED = 0,
    SAFETY_MATCH_NONE = 1,
    SAFETY_MATCH_FOUND = 2,
    SAFETY_MATCH_TOO_LITTLE_DETAIL = 3, /* no digest hit, and the picture is too flat to be compared by PDQ */
    SAFETY_MATCH_DIGESTS_ONLY = 4       /* no digest hit, and without a decoder the list's PDQ hashes were not compared */
} safety_match_outcome;

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
    safety_text policy_document;        /* JSON text of a policy, in place of policy; data NULL: none */
    const safety_index *const *indexes; /* open indexes; the pipeline keeps them in use, so they may be closed after the call */
    size_t index_count;
} safety_pipeline_options;

#define SAFETY_PIPELINE_OPTIONS_INIT \
    { sizeof(safety_pipeline_options), { NULL, 0 }, { NULL, 0 }, NULL, 0, { NULL, 0 }, NULL, 0 }

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
    safety_cancellation *cancellation; /* ends the check when it is cancelled; may be NULL */
    const safety_text *turns;          /* earlier texts of the user in this conversation, oldest first */
    size_t turn_count;
    const int32_t *contexts;           /* safety_context */
    size_t context_count;
    safety_text output_text;           /* what the model answered; data NULL: nothing */
    safety_text locale;                /* such as de-AT; chooses help resources; empty: not known */
} safety_request;

#define SAFETY_REQUEST_INIT \
    { sizeof(safety_request), { NULL, 0 }, NULL, 0, NULL, 0, 0, 0, 0, 0, NULL, NULL, 0, NULL, 0, { NULL, 0 }, { NULL, 0 } }

/* Why a rule fired. Start from SAFETY_REASON_INIT. */
typedef struct safety_reason {
    size_t struct_size; /* sizeof(safety_reason) */
    int32_t decision;   /* safety_decision that the rule asks for */
    int32_t stage;      /* safety_stage */
    double score;       /* strength of the signal, 0 to 1 */
    double threshold;   /* least score that fires the rule */
} safety_reason;

#define SAFETY_REASON_INIT { sizeof(safety_reason), 0, 0, 0, 0 }

/* A PDQ hash: 256 bits, most significant byte first, the order of its hexadecimal digits. */
typedef struct safety_pdq {
    uint8_t bytes[32];
} safety_pdq;

#define SAFETY_PDQ_FORMS 8           /* orientations */
#define SAFETY_PDQ_MATCH_DISTANCE 31 /* most bits in which hashes of the same picture may differ */

/* The hashes of a picture. Start from SAFETY_PDQ_RESULT_INIT. */
typedef struct safety_pdq_result {
    size_t struct_size;                  /* sizeof(safety_pdq_result) */
    int32_t outcome;                     /* safety_pdq_outcome: look at it before the hashes */
    int32_t quality;                     /* 0 (flat) to 100 */
    int32_t hash_count;                  /* how many of hashes are filled: 0, 1 or 8 */
    int32_t reserved;
    safety_pdq hashes[SAFETY_PDQ_FORMS]; /* in the order of safety_pdq_form */
} safety_pdq_result;

#define SAFETY_PDQ_RESULT_INIT { sizeof(safety_pdq_result), 0, 0, 0, 0, { { { 0 } } } }

/* How pictures are decoded. Start from SAFETY_DECODER_OPTIONS_INIT; 0 is the default of each limit. */
typedef struct safety_decoder_options {
    size_t struct_size; /* sizeof(safety_decoder_options) */
    safety_text home;   /* folder with native libraries; empty: look for it */
    int64_t max_bytes;  /* largest file; default 32 MiB */
    int64_t max_pixels; /* most pixels of a frame; default 100 million */
    int32_t allow_avif; /* nonzero: read AVIF too */
    int32_t reserved;   /* zero */
} safety_decoder_options;

#define SAFETY_DECODER_OPTIONS_INIT { sizeof(safety_decoder_options), { NULL, 0 }, 0, 0, 0, 0 }

/* What to make of a picture for a network. Start from SAFETY_TENSOR_OPTIONS_INIT. */
typedef struct safety_tensor_options {
    size_t struct_size; /* sizeof(safety_tensor_options) */
    safety_text recipe; /* name of a recipe, that of its model, such as nsfw-mobilenet-v2 */
    int32_t width;      /* 1 to 16384, for a recipe that leaves it open; otherwise 0 */
    int32_t height;
    safety_cancellation *cancellation; /* looked at between rows; may be NULL */
} safety_tensor_options;

#define SAFETY_TENSOR_OPTIONS_INIT { sizeof(safety_tensor_options), { NULL, 0 }, 0, 0, NULL }

/* What an index file is built of. Start from SAFETY_INDEX_BUILD_OPTIONS_INIT. */
typedef struct safety_index_build_options {
    size_t struct_size;        /* sizeof(safety_index_build_options) */
    safety_text path;          /* the index file to write; one that is there is replaced at once when the new one is whole */
    safety_text name;          /* name in results; empty: the file's name */
    const safety_text *lists;  /* list files, formats told apart by content; later records replace earlier ones */
    size_t list_count;
    int32_t match_distance;    /* most bits in which a PDQ hash may differ, 0 to 80 */
    int32_t quality_gate;      /* pictures below this PDQ quality are not compared by PDQ, 0 to 100 */
} safety_index_build_options;

#define SAFETY_INDEX_BUILD_OPTIONS_INIT \
    { sizeof(safety_index_build_options), { NULL, 0 }, { NULL, 0 }, NULL, 0, SAFETY_PDQ_MATCH_DISTANCE, 50 }

/* An entry to add. Start from SAFETY_INDEX_ENTRY_INIT. */
typedef struct safety_index_entry {
    size_t struct_size;        /* sizeof(safety_index_entry) */
    safety_text id;            /* identifier within the list, not empty */
    safety_text hash;          /* hexadecimal digits */
    const safety_text *labels; /* what the list says of it */
    size_t label_count;
    int32_t kind;              /* safety_hash_kind */
    int32_t reserved;          /* zero */
} safety_index_entry;

#define SAFETY_INDEX_ENTRY_INIT { sizeof(safety_index_entry), { NULL, 0 }, { NULL, 0 }, NULL, 0, 0, 0 }

/* ---- The library. ---- */

/* Version of the library at run time: major * 10000 + minor * 100 + patch. Any thread; owns nothing. */
int32_t safety_version(void);

/* Width in bits of the vectors that this build uses on this processor: 512, 256, 128, or 0 without any. Any thread; owns nothing. The
 * loader takes the build of lib/glibc-hwcaps that fits the processor; a program that loads the library by its path gets the build that it
 * names. */
int32_t safety_simd_width(void);

/* Copies the message of the last failing call on this thread; a call that succeeds leaves it. Each thread has its own. The buffer is the
 * caller's. */
int32_t safety_last_error(char *buffer, size_t capacity, size_t *needed);

/* Handles that were created and not freed yet, for leak tests. Any thread; owns nothing. */
int32_t safety_live_handles(void);

/* ---- Pipelines. ---- */

/* Makes a pipeline. Models are loaded when the first picture is checked. Any thread. The caller frees *pipeline, which is NULL on an
 * error. */
int32_t safety_pipeline_create(const safety_pipeline_options *options, safety_pipeline **pipeline);

/* Frees a pipeline; NULL does nothing. Any thread: a check under way on another one finishes first. */
int32_t safety_pipeline_free(safety_pipeline *pipeline);

/* Checks a request on the calling thread, all stages in order. A part that cannot be read or a check that cannot be completed is in the
 * verdict, whose decision is then not SAFETY_DECISION_ALLOW. Any number of threads at once. The caller frees *verdict, which is NULL on an
 * error: an error is no permission. */
int32_t safety_pipeline_check(safety_pipeline *pipeline, const safety_request *request, safety_verdict **verdict);

/* Checks the pictures that the user gave, alone. Without any the decision is SAFETY_DECISION_NOT_CHECKED. Threads and ownership as
 * safety_pipeline_check. */
int32_t safety_pipeline_check_upload(safety_pipeline *pipeline, const safety_request *request, safety_verdict **verdict);

/* Checks prompt and earlier turns alone. Without any the decision is SAFETY_DECISION_NOT_CHECKED. Threads and ownership as
 * safety_pipeline_check. */
int32_t safety_pipeline_check_prompt(safety_pipeline *pipeline, const safety_request *request, safety_verdict **verdict);

/* Checks what prompt and pictures show together, and only that. With nothing to put together the decision is
 * SAFETY_DECISION_NOT_CHECKED. Threads and ownership as safety_pipeline_check. */
int32_t safety_pipeline_check_joint(safety_pipeline *pipeline, const safety_request *request, safety_verdict **verdict);

/* Checks what the model made, in the light of the request that it belongs to. Without any output the decision is
 * SAFETY_DECISION_NOT_CHECKED. Threads and ownership as safety_pipeline_check. */
int32_t safety_pipeline_check_output(safety_pipeline *pipeline, const safety_request *request, safety_verdict **verdict);

/* Makes what stops calls. Any thread. The caller frees *cancellation. */
int32_t safety_cancellation_create(safety_cancellation **cancellation);

/* Ends every call that was given it, now and later, with SAFETY_ERROR_CANCELLED; a call that is nearly done may still succeed. Any thread,
 * at any time, more than once; owns nothing. */
int32_t safety_cancellation_cancel(safety_cancellation *cancellation);

/* Frees it; NULL does nothing. Any thread: calls that use it go on, and can then not be cancelled any more. */
int32_t safety_cancellation_free(safety_cancellation *cancellation);

/* ---- Verdicts: immutable, read from any thread. Text goes to buffers of the caller, nothing else changes hands. ---- */

/* Frees a verdict; NULL does nothing. Any thread. */
int32_t safety_verdict_free(safety_verdict *verdict);

/* The decision, safety_decision. On an error, and for a verdict that nobody filled (NULL), *decision is SAFETY_DECISION_NOT_CHECKED. Any
 * thread; owns nothing. */
int32_t safety_verdict_decision(const safety_verdict *verdict, int32_t *decision);

/* The decision of one stage; SAFETY_DECISION_NOT_CHECKED on an error and where it did not run. Any thread; owns nothing. */
int32_t safety_verdict_stage_decision(const safety_verdict *verdict, int32_t stage, int32_t *decision);

/* What the host has to do, bits of safety_action. Any thread; owns nothing. */
int32_t safety_verdict_actions(const safety_verdict *verdict, uint32_t *actions);

/* Whether a report to NCMEC is required: 1 or 0. On an error it is 0, and says nothing. Any thread; owns nothing. */
int32_t safety_verdict_report_required(const safety_verdict *verdict, int32_t *required);

/* Number of rules that fired. Any thread; owns nothing. */
int32_t safety_verdict_reason_count(const safety_verdict *verdict, size_t *count);

/* A rule that fired, strictest first, from 0. reason->struct_size is set by the caller. Any thread; the structure is the caller's. */
int32_t safety_verdict_reason(const safety_verdict *verdict, size_t index, safety_reason *reason);

/* Name of the rule, its code in logs. Any thread; the buffer is the caller's. */
int32_t safety_verdict_reason_rule(const safety_verdict *verdict, size_t index, char *buffer, size_t capacity, size_t *needed);

/* The category, such as child_photo. Any thread; the buffer is the caller's. */
int32_t safety_verdict_reason_category(const safety_verdict *verdict, size_t index, char *buffer, size_t capacity, size_t *needed);

/* Name of the detector that saw it. Any thread; the buffer is the caller's. */
int32_t safety_verdict_reason_detector(const safety_verdict *verdict, size_t index, char *buffer, size_t capacity, size_t *needed);

/* What was looked at, such as image 2; empty where nobody says. Any thread; the buffer is the caller's. */
int32_t safety_verdict_reason_source(const safety_verdict *verdict, size_t index, char *buffer, size_t capacity, size_t *needed);

/* Number of checks that could not be completed. Any thread; owns nothing. */
int32_t safety_verdict_failure_count(const safety_verdict *verdict, size_t *count);

/* Why a check could not be completed. Any thread; the buffer is the caller's. */
int32_t safety_verdict_failure_message(const safety_verdict *verdict, size_t index, char *buffer, size_t capacity, size_t *needed);

/* What the user may be told, as a code that gives no rule away; empty where there is nothing to tell. Any thread; the buffer is the
 * caller's. */
int32_t safety_verdict_refusal(const safety_verdict *verdict, char *buffer, size_t capacity, size_t *needed);

/* Name of the policy. Any thread; the buffer is the caller's. */
int32_t safety_verdict_policy_name(const safety_verdict *verdict, char *buffer, size_t capacity, size_t *needed);

/* Digest of the policy, 64 hexadecimal digits. Any thread; the buffer is the caller's. */
int32_t safety_verdict_policy_digest(const safety_verdict *verdict, char *buffer, size_t capacity, size_t *needed);

/* Identifier of the verdict, sortable by time. Any thread; the buffer is the caller's. */
int32_t safety_verdict_id(const safety_verdict *verdict, char *buffer, size_t capacity, size_t *needed);

/* The whole verdict as one JSON object on one line. Any thread; the buffer is the caller's. */
int32_t safety_verdict_json(const safety_verdict *verdict, char *buffer, size_t capacity, size_t *needed);

/* ---- Decoding and tensors. ---- */

/* Loads the decoder; SAFETY_ERROR_MISSING where it is not installed or too old. Any thread. The caller frees *decoder. */
int32_t safety_decoder_create(const safety_decoder_options *options, safety_decoder **decoder);

/* Frees a decoder; NULL does nothing. Any thread: decodes under way go on. */
int32_t safety_decoder_free(safety_decoder *decoder);

/* Decodes a picture into the tensor of a recipe: 3 * width * height floats in the recipe's layout, without a batch axis. capacity and needed
 * count floats; with buffer NULL the file is not looked at. After an error the contents of the buffer are undefined. Any thread; the buffer
 * is the caller's. */
int32_t safety_tensor_decode(const safety_decoder *decoder, safety_bytes file, const safety_tensor_options *options,
                             float *buffer, size_t capacity, size_t *needed);

/* ---- Hashes. ---- */

/* PDQ of pixels: 8-bit RGB, row by row without padding, length = 3 * width * height. forms is 1, or 8 for all orientations at hardly more
 * cost. A flat picture is no error: see result->outcome. Any thread; the structure is the caller's. */
int32_t safety_pdq_hash_pixels(const uint8_t *rgb, size_t length, int32_t width, int32_t height, int32_t profile, int32_t forms,
                               safety_pdq_result *result);

/* PDQ of a picture file as a viewer shows it; of an animation, of its first frame. Otherwise as safety_pdq_hash_pixels. Any thread; the
 * structure is the caller's. */
int32_t safety_pdq_hash_file(const safety_decoder *decoder, safety_bytes file, int32_t profile, int32_t forms,
                             safety_pdq_result *result);

/* Bits that differ, 0 to 256; on an error INT32_MAX. Any thread; owns nothing. */
int32_t safety_pdq_distance(const safety_pdq *first, const safety_pdq *second, int32_t *distance);

/* Reads 64 hexadecimal digits. Any thread; the structure is the caller's. */
int32_t safety_pdq_parse(safety_text text, safety_pdq *hash);

/* Writes 64 lower-case hexadecimal digits and a terminator. Any thread; the buffer is the caller's. */
int32_t safety_pdq_text(const safety_pdq *hash, char *buffer, size_t capacity, size_t *needed);

/* MD5, SHA-1 or SHA-256 of a file's bytes: 16, 20 or 32 bytes, to find exact copies on lists; not for security. Any thread; the buffer is
 * the caller's. */
int32_t safety_file_digest(int32_t kind, safety_bytes file, uint8_t *buffer, size_t capacity, size_t *needed);

/* ---- Lists of known content. ---- */

/* Opens an index file, or a list file of any format, which is then indexed in memory. With live nonzero path is an index file, which can be
 * changed; one process at a time may do so. Any thread. The caller closes *index. */
int32_t safety_index_open(safety_text path, int32_t live, safety_index **index);

/* Builds an index file from list files. Any thread, but two must not write the same file at a time; owns nothing. */
int32_t safety_index_build(const safety_index_build_options *options);

/* Closes an index; NULL does nothing. Any thread: look-ups under way go on, and pipelines keep what they use. */
int32_t safety_index_close(safety_index *index);

/* Name in results. Any thread; the buffer is the caller's. */
int32_t safety_index_name(const safety_index *index, char *buffer, size_t capacity, size_t *needed);

/* SHA-256 of the index as it is now, 64 hexadecimal digits; changes with its entries. Any thread; the buffer is the caller's. */
int32_t safety_index_digest(const safety_index *index, char *buffer, size_t capacity, size_t *needed);

/* Number of entries of a kind; kind 0: of all. Any thread; owns nothing. */
int32_t safety_index_count(const safety_index *index, int32_t kind, int64_t *count);

/* Adds an entry to a live index, which the next look-up finds; it outlives this process. Any thread; the entry is copied. */
int32_t safety_index_add(safety_index *index, const safety_index_entry *entry);

/* Removes the entries with a hash (hexadecimal digits) from a live index; id not empty: only those with this identifier. removed (may be
 * NULL) receives how many there were. Any thread; owns nothing. */
int32_t safety_index_remove(safety_index *index, int32_t kind, safety_text hash, safety_text id, int64_t *removed);

/* Waits until the changes of a live index are on the disk. Any thread; owns nothing. */
int32_t safety_index_flush(safety_index *index);

/* Writes file and changes of a live index into a new file; look-ups and changes go on meanwhile. Any thread; owns nothing. */
int32_t safety_index_compact(safety_index *index);

/* Looks a picture file up: by its digests, and with a decoder by PDQ in all orientations, with and without uniform borders. A picture that
 * the decoder cannot read is SAFETY_ERROR_IMAGE, never nothing found. Any thread. The caller frees *matches. */
int32_t safety_index_match_file(const safety_index *index, const safety_decoder *decoder, safety_bytes file, safety_matches **matches);

/* Looks one PDQ hash up, of a picture with enough detail. Any thread. The caller frees *matches. */
int32_t safety_index_match_pdq(const safety_index *index, const safety_pdq *hash, safety_matches **matches);

/* Looks one digest up: MD5, SHA-1 or SHA-256, its bytes. Any thread. The caller frees *matches. */
int32_t safety_index_match_digest(const safety_index *index, int32_t kind, safety_bytes digest, safety_matches **matches);

/* ---- Matches: immutable, read from any thread, nearest first. ---- */

/* Frees matches; NULL does nothing. Any thread. */
int32_t safety_matches_free(safety_matches *matches);

/* What was found, safety_match_outcome; SAFETY_MATCH_NOT_SEARCHED on an error. Any thread; owns nothing. */
int32_t safety_matches_outcome(const safety_matches *matches, int32_t *outcome);

/* Number of matches; with 0 ask for the outcome. Any thread; owns nothing. */
int32_t safety_matches_count(const safety_matches *matches, size_t *count);

/* Bits that differ; 0 for digests, INT32_MAX on an error. Any thread; owns nothing. */
int32_t safety_matches_distance(const safety_matches *matches, size_t index, int32_t *distance);

/* The hash that hit, safety_hash_kind. Any thread; owns nothing. */
int32_t safety_matches_algorithm(const safety_matches *matches, size_t index, int32_t *kind);

/* Name of the list. Any thread; the buffer is the caller's. */
int32_t safety_matches_list(const safety_matches *matches, size_t index, char *buffer, size_t capacity, size_t *needed);

/* Identifier of the entry in that list. Any thread; the buffer is the caller's. */
int32_t safety_matches_entry(const safety_matches *matches, size_t index, char *buffer, size_t capacity, size_t *needed);

/* Which form of the picture hit: original, rot90 ..., letterbox, letterbox_rot90 ..., or file. Any thread; the buffer is the caller's. */
int32_t safety_matches_form(const safety_matches *matches, size_t index, char *buffer, size_t capacity, size_t *needed);

/* All matches as one JSON object on one line. Any thread; the buffer is the caller's. */
int32_t safety_matches_json(const safety_matches *matches, char *buffer, size_t capacity, size_t *needed);

/* ---- Policies. ---- */

/* Reads a policy document and looks for what its author can hardly mean. *valid is 1 where it can be used as it says; the report, one JSON
 * object on one line, names every problem with its rule, path, line and column. A malformed document is no error of the call. buffer and
 * needed may both be NULL. Any thread; the buffer is the caller's. */
int32_t safety_policy_validate(safety_text document, int32_t *valid, char *buffer, size_t capacity, size_t *needed);

/* The document of a built-in policy, with comments, to start from. Any thread; the buffer is the caller's. */
int32_t safety_policy_text(safety_text name, char *buffer, size_t capacity, size_t *needed);

#ifdef __cplusplus
}
#endif

#endif
