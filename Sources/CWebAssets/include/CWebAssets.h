// Files of Web/, embedded in the binary.
#include <stddef.h>

/// Web/openapi.json
extern const unsigned char *const martlet_openapi_json;
extern const size_t martlet_openapi_json_length;

/// Web/martlet.js
extern const unsigned char *const martlet_martlet_js;
extern const size_t martlet_martlet_js_length;

/// Web/martlet.d.ts
extern const unsigned char *const martlet_martlet_d_ts;
extern const size_t martlet_martlet_d_ts_length;

/// Web/pages/martlet.css
extern const unsigned char *const martlet_pages_css;
extern const size_t martlet_pages_css_length;

/// Web/pages/icon.svg
extern const unsigned char *const martlet_pages_icon;
extern const size_t martlet_pages_icon_length;
