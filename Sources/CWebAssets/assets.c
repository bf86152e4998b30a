#include "CWebAssets.h"

static const unsigned char openapi_json[] = {
#embed "../../Web/openapi.json"
};
const unsigned char *const martlet_openapi_json = openapi_json;
const size_t martlet_openapi_json_length = sizeof openapi_json;
