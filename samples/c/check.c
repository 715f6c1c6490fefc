#include <stdio.h>
#include <string.h>
#include <safetysdk.h>

int main(int argc, char **argv)
{
    safety_pipeline_options options = SAFETY_PIPELINE_OPTIONS_INIT;
    safety_request request = SAFETY_REQUEST_INIT;
    safety_pipeline *pipeline = NULL;
    safety_verdict *verdict = NULL;
    char json[16384] = "";

    if (argc < 2) {
        return 64;
    }
    request.prompt.data = argv[1];
    request.prompt.length = strlen(argv[1]);
    if (safety_pipeline_create(&options, &pipeline) != SAFETY_OK
        || safety_pipeline_check(pipeline, &request, &verdict) != SAFETY_OK
        || safety_verdict_json(verdict, json, sizeof json, NULL) != SAFETY_OK) {
        safety_last_error(json, sizeof json, NULL);
    }
    puts(json);
    safety_verdict_free(verdict);
    safety_pipeline_free(pipeline);
    return 0;
}
