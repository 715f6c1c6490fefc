/* Random calls with live, freed, foreign, null and invented handles and wrong arguments, on two threads: an error code each time, never a
 * crash, never a fault of the library, and nothing left alive. The seed is printed on a failure; FUZZ_SEED and FUZZ_CALLS change it. */
#include "expect.h"

#include <pthread.h>

enum { POOL = 24, BUFFER = 4096 };

typedef struct {
    uint64_t random;
    void *pool[POOL];
    char *buffer;
    float *floats;
    safety_text home, list, index;
    safety_bytes photo;
    long faults, calls;
} fuzzer;

static uint32_t next(fuzzer *f, uint32_t below)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return (uint32_t)(f->random >> 33) % below;
}

/* Often a handle that was alive at some time, of any type; else null or a number that nobody gave out. */
static void *any(fuzzer *f)
{
    switch (next(f, 12)) {
    case 0: return NULL;
    case 1: return (void *)(uintptr_t)f->random;
    case 2: return (void *)(uintptr_t)next(f, 64);
    case 3: return (void *)((uintptr_t)f->pool[next(f, POOL)] + ((uintptr_t)1 << 32));
    default: return f->pool[next(f, POOL)];
    }
}

static void keep(fuzzer *f, void *handle)
{
    uint32_t slot = next(f, POOL);
    /* Whatever was there is freed, whatever it was. */
    void *old = f->pool[slot];
    safety_pipeline_free(old);
    safety_verdict_free(old);
    safety_decoder_free(old);
    safety_index_close(old);
    safety_matches_free(old);
    safety_cancellation_free(old);
    f->pool[slot] = handle;
}

static safety_text any_text(fuzzer *f)
{
    safety_text none = {NULL, 0}, wrong = {NULL, 7}, garbage = {"\xff\xfe\x80", 3};
    switch (next(f, 10)) {
    case 0: return none;
    case 1: return wrong;
    case 2: return garbage;
    case 3: return text("");
    case 4: return f->home;
    case 5: return f->list;
    case 6: return f->index;
    case 7: return text("nsfw-mobilenet-v2");
    case 8: return text("67aec1dc12d24b05c91171d70a874e67e9833f9b28e72a4f327a31b73a10f91e");
    default: return text("a watercolour of a harbour");
    }
}

static safety_bytes any_bytes(fuzzer *f)
{
    safety_bytes none = {NULL, 0}, wrong = {NULL, 7}, part = f->photo, huge = f->photo;
    part.length = next(f, (uint32_t)part.length + 1);
    huge.length = (size_t)-1;
    switch (next(f, 5)) {
    case 0: return none;
    case 1: return wrong;
    case 2: return part;
    case 3: return huge;
    default: return f->photo;
    }
}

static size_t any_size(fuzzer *f, size_t right)
{
    return next(f, 4) == 0 ? next(f, 60) : next(f, 12) == 0 ? (size_t)f->random << 1 >> 1 : right;
}

static int32_t any_number(fuzzer *f) { return next(f, 6) == 0 ? (int32_t)f->random : (int32_t)next(f, 9) - 1; }

static int32_t one(fuzzer *f)
{
    safety_pipeline_options pipeline_options = SAFETY_PIPELINE_OPTIONS_INIT;
    safety_decoder_options decoder_options = SAFETY_DECODER_OPTIONS_INIT;
    safety_tensor_options tensor = SAFETY_TENSOR_OPTIONS_INIT;
    safety_index_entry entry = SAFETY_INDEX_ENTRY_INIT;
    safety_request request = SAFETY_REQUEST_INIT;
    safety_pdq_result hashed = SAFETY_PDQ_RESULT_INIT;
    safety_reason reason = SAFETY_REASON_INIT;
    safety_pdq hash = {{0}};
    safety_bytes image = any_bytes(f);
    safety_text turn = any_text(f);
    void *made = NULL, *handle = any(f);
    void **out = next(f, 16) == 0 ? NULL : &made;
    char *buffer = next(f, 5) == 0 ? NULL : f->buffer;
    size_t capacity = buffer == NULL ? 0 : next(f, BUFFER + 1), needed = 0, *size = next(f, 5) == 0 ? NULL : &needed, index = any_size(f, 0);
    int32_t number = 0, status = 0, *result = next(f, 16) == 0 ? NULL : &number;
    int64_t count = 0;
    uint32_t bits = 0;

    switch (next(f, 42)) {
    case 0:
        pipeline_options.struct_size = any_size(f, sizeof pipeline_options);
        pipeline_options.home = any_text(f);
        if (next(f, 2) == 0) {
            pipeline_options.policy_document = any_text(f);
        }
        pipeline_options.indexes = (const safety_index *const *)&handle;
        pipeline_options.index_count = next(f, 2);
        status = safety_pipeline_create(&pipeline_options, (safety_pipeline **)out);
        break;
    case 1:
    case 2:
        decoder_options.struct_size = any_size(f, sizeof decoder_options);
        decoder_options.home = next(f, 3) == 0 ? any_text(f) : f->home;
        decoder_options.max_pixels = any_number(f);
        status = safety_decoder_create(&decoder_options, (safety_decoder **)out);
        break;
    case 3:
    case 4: status = safety_index_open(next(f, 3) == 0 ? any_text(f) : f->list, 0, (safety_index **)out); break;
    case 5: status = safety_index_open(next(f, 3) == 0 ? any_text(f) : f->index, 1, (safety_index **)out); break;
    case 6: status = safety_cancellation_create((safety_cancellation **)out); break;
    case 7: status = safety_cancellation_cancel(handle); break;
    case 8: status = safety_cancellation_free(handle); break;
    case 9: status = safety_pipeline_free(handle); break;
    case 10: status = safety_verdict_free(handle); break;
    case 11: status = safety_decoder_free(handle); break;
    case 12: status = safety_index_close(handle); break;
    case 13: status = safety_matches_free(handle); break;
    case 14:
    case 15:
        request.struct_size = any_size(f, sizeof request);
        request.prompt = any_text(f);
        request.images = &image;
        request.image_count = next(f, 40) == 0 ? 1 : 0;
        request.turns = &turn;
        request.turn_count = next(f, 2);
        request.contexts = next(f, 2) ? &number : NULL;
        request.context_count = next(f, 2);
        request.operation = any_number(f);
        request.age = any_number(f);
        request.cancellation = next(f, 4) == 0 ? any(f) : NULL;
        status = (next(f, 2) ? safety_pipeline_check : safety_pipeline_check_prompt)(handle, &request, (safety_verdict **)out);
        break;
    case 16: status = safety_verdict_decision(handle, result); break;
    case 17: status = safety_verdict_stage_decision(handle, any_number(f), result); break;
    case 18: status = safety_verdict_actions(handle, next(f, 9) ? &bits : NULL); break;
    case 19: status = safety_verdict_report_required(handle, result); break;
    case 20: status = safety_verdict_reason_count(handle, size); break;
    case 21:
        reason.struct_size = any_size(f, sizeof reason);
        status = safety_verdict_reason(handle, index, next(f, 9) ? &reason : NULL);
        break;
    case 22: status = safety_verdict_reason_rule(handle, index, buffer, capacity, size); break;
    case 23: status = safety_verdict_reason_category(handle, index, buffer, capacity, size); break;
    case 24: status = safety_verdict_failure_message(handle, index, buffer, capacity, size); break;
    case 25: status = safety_verdict_json(handle, buffer, capacity, size); break;
    case 26: status = safety_verdict_policy_digest(handle, buffer, capacity, size); break;
    case 27:
        tensor.struct_size = any_size(f, sizeof tensor);
        tensor.recipe = next(f, 2) ? text("ocr-detection") : any_text(f);
        tensor.width = any_number(f);
        tensor.height = any_number(f);
        tensor.cancellation = next(f, 4) == 0 ? any(f) : NULL;
        status = safety_tensor_decode(handle, image, &tensor, next(f, 3) ? f->floats : NULL, next(f, BUFFER), size);
        break;
    case 28:
        hashed.struct_size = any_size(f, sizeof hashed);
        status = safety_pdq_hash_file(handle, image, any_number(f), next(f, 2) ? 8 : any_number(f), next(f, 9) ? &hashed : NULL);
        break;
    case 29:
        hashed.struct_size = any_size(f, sizeof hashed);
        status = safety_pdq_hash_pixels((const uint8_t *)f->buffer, 12 * 12 * 3, next(f, 3) ? 12 : any_number(f), next(f, 3) ? 12 : any_number(f),
                                        any_number(f), 1, &hashed);
        break;
    case 30: status = safety_pdq_distance(next(f, 3) ? &hash : NULL, &hash, result); break;
    case 31: status = safety_pdq_parse(any_text(f), next(f, 9) ? &hash : NULL); break;
    case 32: status = safety_file_digest(any_number(f), image, (uint8_t *)buffer, capacity, size); break;
    case 33: status = safety_index_match_file(handle, next(f, 2) ? any(f) : NULL, image, (safety_matches **)out); break;
    case 34: status = safety_index_match_pdq(handle, next(f, 9) ? &hash : NULL, (safety_matches **)out); break;
    case 35: status = safety_index_count(handle, any_number(f), next(f, 9) ? &count : NULL); break;
    case 36:
        entry.struct_size = any_size(f, sizeof entry);
        entry.id = any_text(f);
        entry.hash = any_text(f);
        entry.kind = any_number(f);
        status = safety_index_add(handle, &entry);
        break;
    case 37: status = safety_index_remove(handle, any_number(f), any_text(f), any_text(f), next(f, 3) ? &count : NULL); break;
    case 38: status = safety_matches_count(handle, size); break;
    case 39: status = safety_matches_entry(handle, index, buffer, capacity, size); break;
    case 40: status = safety_policy_validate(any_text(f), result, buffer, capacity, size); break;
    default: status = safety_last_error(buffer, capacity, size); break;
    }
    if (made != NULL) {
        keep(f, made);
        return status == SAFETY_OK ? SAFETY_OK : SAFETY_ERROR_INTERNAL; /* an error gives no handle */
    }
    return status;
}

static void *run(void *argument)
{
    fuzzer *f = argument;
    for (long i = 0; i < f->calls; i++) {
        int32_t status = one(f);
        if (status > 0 || status < SAFETY_ERROR_CANCELLED || status == SAFETY_ERROR_INTERNAL) {
            char message[256] = "";
            safety_last_error(message, sizeof message, NULL);
            if (f->faults++ < 3) {
                printf("FAIL call %ld: status %d, %s\n", i, (int)status, message);
            }
        }
    }
    for (int i = 0; i < 8 * POOL; i++) {
        keep(f, NULL);
    }
    for (int i = 0; i < POOL; i++) {
        safety_pipeline_free(f->pool[i]);
        safety_verdict_free(f->pool[i]);
        safety_decoder_free(f->pool[i]);
        safety_index_close(f->pool[i]);
        safety_matches_free(f->pool[i]);
        safety_cancellation_free(f->pool[i]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    char list[512], index[512];
    fuzzer both[2];
    pthread_t threads[2];
    safety_index_build_options build = SAFETY_INDEX_BUILD_OPTIONS_INIT;
    const char *seed = getenv("FUZZ_SEED"), *calls = getenv("FUZZ_CALLS");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 88172645463325252u;
    FILE *stream;

    if (argc != 4) {
        fprintf(stderr, "usage: %s HOME PHOTO FOLDER\n", argv[0]);
        return 64;
    }
    snprintf(list, sizeof list, "%s/fuzz.txt", argv[3]);
    snprintf(index, sizeof index, "%s/fuzz.index", argv[3]);
    stream = fopen(list, "wb");
    expect(stream != NULL && fputs("md5 900150983cd24fb0d6963f7d28e17f72\n", stream) >= 0 && fclose(stream) == 0, "a list");
    safety_text lists = text(list);
    build.path = text(index);
    build.lists = &lists;
    build.list_count = 1;
    expect(safety_index_build(&build) == SAFETY_OK, "an index");
    memset(both, 0, sizeof both);
    for (int i = 0; i < 2; i++) {
        both[i].random = first + 977 * (uint64_t)(i + 1);
        both[i].calls = calls != NULL ? strtol(calls, NULL, 10) : 10000;
        both[i].home = text(argv[1]);
        both[i].list = text(list);
        both[i].index = text(index);
        both[i].photo = read_file(argv[2]);
        both[i].buffer = calloc(1, BUFFER);
        both[i].floats = calloc(BUFFER, sizeof(float));
        pthread_create(&threads[i], NULL, run, &both[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        expect(both[i].faults == 0, "every call gives a code");
        free((void *)both[i].photo.data);
        free(both[i].buffer);
        free(both[i].floats);
    }
    expect(safety_live_handles() == 0, "nothing is left alive");
    if (failed != 0) {
        printf("seed %llu\n", (unsigned long long)first);
    }
    return report();
}
