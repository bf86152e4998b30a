#include "CSQLiteSettings.h"

#include <sqlite3.h>

void martlet_sqlite_count_no_memory(void) {
    // SQLITE_MISUSE where SQLite is in use already.
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
