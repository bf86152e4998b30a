#ifndef MARTLET_COMMON_PASSWORDS_H
#define MARTLET_COMMON_PASSWORDS_H

#include <stddef.h>

// The lines of common-passwords.txt, each with its line feed, sorted by bytes. There is no NUL at the end.
extern const unsigned char *const martlet_common_passwords;
extern const size_t martlet_common_passwords_length;

#endif
