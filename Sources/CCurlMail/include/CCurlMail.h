// Sends mail over SMTP, by libcurl.
//
// The library is opened at the first message, so a server that sends none does without it and its memory; and its
// functions of variable arguments are called in C.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What became of a message.
enum martlet_mail_fate {
    martlet_mail_sent,
    /// There is no libcurl.
    martlet_mail_no_library,
    /// The server's name, address or port; or it was silent for too long, or hung up.
    martlet_mail_unreachable,
    /// TLS was wanted, and the server has none.
    martlet_mail_no_tls,
    /// The server's certificate is not trusted, or not of its name; or the file of trusted ones cannot be read.
    martlet_mail_untrusted,
    /// The user name or the password.
    martlet_mail_no_login,
    /// The server refused the sender, the recipient or the message.
    martlet_mail_refused,
    martlet_mail_stopped,
    martlet_mail_failed,
};

/// What a text that is given back can hold, with its NUL.
enum { martlet_mail_text = 512 };

struct martlet_mail_outcome {
    enum martlet_mail_fate fate;
    /// What the server last answered with, such as 250; 0 where it answered nothing.
    int32_t reply;
};

/// Stops a message from another thread.
struct martlet_mail_stop;
struct martlet_mail_stop *martlet_mail_stop_make(void);
void martlet_mail_stop_now(struct martlet_mail_stop *stop);
void martlet_mail_stop_free(struct martlet_mail_stop *stop);

/// Sends one message, and waits for it.
///
/// - Parameters:
///   - url: `smtp://HOST:PORT` or `smtps://HOST:PORT`.
///   - username: NULL, and so is the password, for a server that asks for none.
///   - trusted: a PEM file of the certificates that are trusted; NULL for the system's.
///   - needs_tls: whether a connection that does not begin with TLS has to change to it (RFC 3207) before anything is
///     sent.
///   - connect_timeout: in milliseconds, as is the one for all of it.
///   - sender: an address without brackets, as is the recipient's.
///   - message: headers and content, with CR LF. Lines that begin with a dot are seen to here.
///   - words: gets the last line that the server answered with; `martlet_mail_text` bytes.
///   - fault: gets what went wrong, in libcurl's words; `martlet_mail_text` bytes.
struct martlet_mail_outcome martlet_mail_send(
    const char *url, const char *username, const char *password, const char *trusted, int needs_tls,
    long connect_timeout, long timeout, const char *sender, const char *recipient, const uint8_t *message,
    size_t length, struct martlet_mail_stop *stop, char *words, char *fault);
