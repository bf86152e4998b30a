#include "CWebAssets.h"

static const unsigned char openapi_json[] = {
#embed "../../Web/openapi.json"
};
const unsigned char *const martlet_openapi_json = openapi_json;
const size_t martlet_openapi_json_length = sizeof openapi_json;

static const unsigned char martlet_js[] = {
#embed "../../Web/martlet.js"
};
const unsigned char *const martlet_martlet_js = martlet_js;
const size_t martlet_martlet_js_length = sizeof martlet_js;

static const unsigned char martlet_d_ts[] = {
#embed "../../Web/martlet.d.ts"
};
const unsigned char *const martlet_martlet_d_ts = martlet_d_ts;
const size_t martlet_martlet_d_ts_length = sizeof martlet_d_ts;

static const unsigned char pages_css[] = {
#embed "../../Web/pages/martlet.css"
};
const unsigned char *const martlet_pages_css = pages_css;
const size_t martlet_pages_css_length = sizeof pages_css;

static const unsigned char pages_icon[] = {
#embed "../../Web/pages/icon.svg"
};
const unsigned char *const martlet_pages_icon = pages_icon;
const size_t martlet_pages_icon_length = sizeof pages_icon;
