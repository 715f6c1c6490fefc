/* The header must compile alone, as strict C99 and as C++. Compiled, never run. */
#include "safetysdk.h"

typedef char the_zero_decision_is_not_checked[SAFETY_DECISION_NOT_CHECKED == 0 ? 1 : -1];
typedef char options_start_with_their_size[offsetof(safety_pipeline_options, struct_size) == 0 ? 1 : -1];
typedef char request_starts_with_its_size[offsetof(safety_request, struct_size) == 0 ? 1 : -1];
#if UINTPTR_MAX == 0xffffffffffffffffu
typedef char options_layout[sizeof(safety_pipeline_options) == 56 && offsetof(safety_pipeline_options, lists) == 40 ? 1 : -1];
typedef char request_layout[sizeof(safety_request) == 72 && offsetof(safety_request, operation) == 56 ? 1 : -1];
#endif
