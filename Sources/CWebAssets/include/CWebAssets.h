// Files of Web/, embedded in the binary.
#include <stddef.h>

/// Web/openapi.json
extern const unsigned char *const martlet_openapi_json;
extern const size_t martlet_openapi_json_length;
