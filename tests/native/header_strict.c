/* The header must compile alone, as strict C99 and as C++. Compiled, never run. */
#include "safetysdk.h"

typedef char the_zero_decision_is_not_checked[SAFETY_DECISION_NOT_CHECKED == 0 ? 1 : -1];
typedef char options_start_with_their_size[offsetof(safety_pipeline_options, struct_size) == 0 ? 1 : -1];
typedef char request_starts_with_its_size[offsetof(safety_request, struct_size) == 0 ? 1 : -1];
#if UINTPTR_MAX == 0xffffffffffffffffu
/* Of an older header only the first members exist: they stay where they are, and members are only added behind them. */
typedef char options_layout[sizeof(safety_pipeline_options) == 88 && offsetof(safety_pipeline_options, lists) == 40
    && offsetof(safety_pipeline_options, policy_document) == 56 ? 1 : -1];
typedef char request_layout[sizeof(safety_request) == 144 && offsetof(safety_request, operation) == 56
    && offsetof(safety_request, cancellation) == 72 && offsetof(safety_request, locale) == 128 ? 1 : -1];
typedef char reason_layout[sizeof(safety_reason) == 32 && offsetof(safety_reason, score) == 16 ? 1 : -1];
typedef char pdq_layout[sizeof(safety_pdq) == 32 && sizeof(safety_pdq_result) == 280 && offsetof(safety_pdq_result, hashes) == 24 ? 1 : -1];
typedef char decoder_layout[sizeof(safety_decoder_options) == 48 && offsetof(safety_decoder_options, max_bytes) == 24 ? 1 : -1];
typedef char tensor_layout[sizeof(safety_tensor_options) == 40 && offsetof(safety_tensor_options, cancellation) == 32 ? 1 : -1];
typedef char build_layout[sizeof(safety_index_build_options) == 64 && offsetof(safety_index_build_options, match_distance) == 56 ? 1 : -1];
typedef char entry_layout[sizeof(safety_index_entry) == 64 && offsetof(safety_index_entry, kind) == 56 ? 1 : -1];
#endif

/* Numbers never change: a binding of another language has them written out. */
typedef char statuses[SAFETY_ERROR_INTERNAL == -7 && SAFETY_ERROR_IMAGE == -8 && SAFETY_ERROR_CANCELLED == -9 ? 1 : -1];
typedef char outcomes[SAFETY_PDQ_NOT_HASHED == 0 && SAFETY_MATCH_NOT_SEARCHED == 0 && SAFETY_MATCH_DIGESTS_ONLY == 4 ? 1 : -1];
typedef char kinds[SAFETY_HASH_PDQ == 1 && SAFETY_HASH_SHA256 == 4 && SAFETY_PDQ_FLIP_MINUS1 == 7 ? 1 : -1];
typedef char actions[SAFETY_ACTION_REPORT_TO_NCMEC == 1 && SAFETY_ACTION_TRANSFORM_PROMPT == 16 && SAFETY_STAGE_OUTPUT == 4 ? 1 : -1];
