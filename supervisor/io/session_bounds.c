#include "io/session_internal.h"

#include <limits.h>
#include <string.h>

/* Exported, but declared in no header that is installed. `mode` 0: bytes were read, or the attempt failed. */
extern int ma_pvio_register_callback(my_bool on, void (*callback)(int mode, MYSQL *mysql,
                                                                  const unsigned char *bytes, size_t length));

/* More than the greatest packet that is taken; a call reads one, or the names of a result's columns. */
#define HEARD_MAX (SESSION_PACKET_MAX + 256 * 1024)

static _Thread_local size_t *counter;

/* Runs within the library, on its stack: nothing here but the counting and the end of the connection. */
static void heard(int mode, MYSQL *mysql, const unsigned char *bytes, size_t length)
{
    (void)bytes;
    if (mode != 0 || !counter || length > LONG_MAX)
        return;
    *counter += length;
    if (*counter > HEARD_MAX)
        session_cut(mysql_get_socket(mysql));
}

void session_bounds_set_up(void)
{
    static bool done;
    if (!done)
        ma_pvio_register_callback(1, heard);
    done = true;
}

void session_bounds_count(size_t *count)
{
    counter = count;
}

bool session_bounds_exceeded(size_t count)
{
    return count > HEARD_MAX;
}

/* Stands before the library's own, which it asks about every error packet with the number 65535: before the
 * greeting that one reads from NULL, so that whoever answers at a server's port could end this process. */
my_bool STDCALL mariadb_connection(MYSQL *mysql)
{
    const char *version = mysql->server_version;
    return version && (strstr(version, "MariaDB") || strstr(version, "-maria-"));
}
