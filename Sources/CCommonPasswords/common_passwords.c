#include "CCommonPasswords.h"

static const unsigned char list[] = {
#embed "common-passwords.txt"
};

const unsigned char *const martlet_common_passwords = list;
const size_t martlet_common_passwords_length = sizeof list;
