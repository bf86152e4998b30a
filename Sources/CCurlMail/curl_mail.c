// What replaces the old names of a few options is not there yet in older versions of libcurl.
#define CURL_DISABLE_DEPRECATION
// Its checks of options' types are for calls by name, and these are by pointer.
#define CURL_DISABLE_TYPECHECK
#include "CCurlMail.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct {
    CURL *(*make)(void);
    CURLcode (*set)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    CURLcode (*get)(CURL *, CURLINFO, ...);
    void (*free)(CURL *);
    const char *(*words)(CURLcode);
    struct curl_slist *(*list_add)(struct curl_slist *, const char *);
    void (*list_free)(struct curl_slist *);
} curl;
static int is_open = 0;
static pthread_once_t opening = PTHREAD_ONCE_INIT;

static void open_curl(void) {
    // By OpenSSL, by GnuTLS, and as macOS has it.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
    void *library = NULL;
    for (size_t i = 0; library == NULL && i < sizeof names / sizeof names[0]; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) return;
    CURLcode (*global_init)(long);
    *(void **)&global_init = dlsym(library, "curl_global_init");
    *(void **)&curl.make = dlsym(library, "curl_easy_init");
    *(void **)&curl.set = dlsym(library, "curl_easy_setopt");
    *(void **)&curl.perform = dlsym(library, "curl_easy_perform");
    *(void **)&curl.get = dlsym(library, "curl_easy_getinfo");
    *(void **)&curl.free = dlsym(library, "curl_easy_cleanup");
    *(void **)&curl.words = dlsym(library, "curl_easy_strerror");
    *(void **)&curl.list_add = dlsym(library, "curl_slist_append");
    *(void **)&curl.list_free = dlsym(library, "curl_slist_free_all");
    is_open = global_init && curl.make && curl.set && curl.perform && curl.get && curl.free && curl.words &&
              curl.list_add && curl.list_free && global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct martlet_mail_stop {
    atomic_bool is_wanted;
};

struct martlet_mail_stop *martlet_mail_stop_make(void) { return calloc(1, sizeof(struct martlet_mail_stop)); }

void martlet_mail_stop_now(struct martlet_mail_stop *stop) { atomic_store(&stop->is_wanted, true); }

void martlet_mail_stop_free(struct martlet_mail_stop *stop) { free(stop); }

struct reading {
    const char *next;
    size_t left;
};

static size_t give(char *buffer, size_t size, size_t count, void *context) {
    struct reading *reading = context;
    size_t bytes = size * count;
    if (bytes > reading->left) bytes = reading->left;
    memcpy(buffer, reading->next, bytes);
    reading->next += bytes;
    reading->left -= bytes;
    return bytes;
}

/// Keeps each line that the server answers with, in place of the one before it; but not its goodbye.
static size_t keep(char *line, size_t size, size_t count, void *context) {
    char *words = context;
    size_t length = size * count;
    if (length >= 3 && memcmp(line, "221", 3) == 0) return length;
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n')) length--;
    if (length >= martlet_mail_text) length = martlet_mail_text - 1;
    memcpy(words, line, length);
    words[length] = 0;
    return size * count;
}

static int is_to_stop(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&((struct martlet_mail_stop *)context)->is_wanted);
}

/// What there is to set, beside what is given and kept.
struct mail {
    const char *url, *username, *password, *trusted;
    int needs_tls;
    long connect_timeout, timeout;
    const char *sender;
};

/// - Returns: the first failure.
static CURLcode configure(CURL *handle, const struct mail *mail) {
    CURLcode code = CURLE_OK;
#define SET(option, value) \
    if (code == CURLE_OK) code = curl.set(handle, option, value)
    // Signals are the process's.
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
    // Not what the environment says of proxies for the web.
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_URL, mail->url);
    SET(CURLOPT_USE_SSL, (long)(mail->needs_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (mail->trusted) { SET(CURLOPT_CAINFO, mail->trusted); }
    if (mail->username) {
        SET(CURLOPT_USERNAME, mail->username);
        SET(CURLOPT_PASSWORD, mail->password);
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, mail->connect_timeout);
    SET(CURLOPT_TIMEOUT_MS, mail->timeout);
    // The goodbye to a server that says nothing any more is not bound by that, but by this, in seconds: two minutes else.
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (mail->timeout + 999) / 1000);
    SET(CURLOPT_MAIL_FROM, mail->sender);
#undef SET
    return code;
}

/// - Returns: the first failure.
static CURLcode connect_streams(
    CURL *handle, struct curl_slist *recipients, struct reading *reading, struct martlet_mail_stop *stop, char *words,
    char *fault) {
    CURLcode code = CURLE_OK;
#define SET(option, value) \
    if (code == CURLE_OK) code = curl.set(handle, option, value)
    SET(CURLOPT_ERRORBUFFER, fault);
    SET(CURLOPT_MAIL_RCPT, recipients);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, give);
    SET(CURLOPT_READDATA, reading);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)reading->left);
    SET(CURLOPT_HEADERFUNCTION, keep);
    SET(CURLOPT_HEADERDATA, words);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, is_to_stop);
    SET(CURLOPT_XFERINFODATA, stop);
#undef SET
    return code;
}

static enum martlet_mail_fate fate(CURLcode code) {
    switch (code) {
    case CURLE_OK: return martlet_mail_sent;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR: return martlet_mail_unreachable;
    case CURLE_USE_SSL_FAILED: return martlet_mail_no_tls;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return martlet_mail_untrusted;
    case CURLE_LOGIN_DENIED: return martlet_mail_no_login;
    // The one for a sender, a recipient or the start of the message that is refused, the other for the end of it.
    case CURLE_SEND_ERROR:
    case CURLE_WEIRD_SERVER_REPLY: return martlet_mail_refused;
    case CURLE_ABORTED_BY_CALLBACK: return martlet_mail_stopped;
    default: return martlet_mail_failed;
    }
}

struct martlet_mail_outcome martlet_mail_send(
    const char *url, const char *username, const char *password, const char *trusted, int needs_tls,
    long connect_timeout, long timeout, const char *sender, const char *recipient, const uint8_t *message,
    size_t length, struct martlet_mail_stop *stop, char *words, char *fault) {
    char fault_buffer[CURL_ERROR_SIZE] = {0};
    char words_buffer[martlet_mail_text] = {0};
    words[0] = fault[0] = 0;
    pthread_once(&opening, open_curl);
    if (!is_open) return (struct martlet_mail_outcome){.fate = martlet_mail_no_library};
    struct mail mail = {
        .url = url, .username = username, .password = password, .trusted = trusted, .needs_tls = needs_tls,
        .connect_timeout = connect_timeout, .timeout = timeout, .sender = sender,
    };
    struct reading reading = {.next = (const char *)message, .left = length};
    struct martlet_mail_outcome outcome = {.fate = martlet_mail_failed};
    CURL *handle = curl.make();
    struct curl_slist *recipients = curl.list_add(NULL, recipient);
    if (handle && recipients) {
        CURLcode code = configure(handle, &mail);
        if (code == CURLE_OK) {
            code = connect_streams(handle, recipients, &reading, stop, words_buffer, fault_buffer);
        }
        if (code == CURLE_OK) code = curl.perform(handle);
        long reply = 0;
        curl.get(handle, CURLINFO_RESPONSE_CODE, &reply);
        outcome.fate = fate(code);
        outcome.reply = (int32_t)reply;
        // Before the connection is closed, which is answered, too.
        memcpy(words, words_buffer, martlet_mail_text);
        const char *text = code == CURLE_OK ? "" : fault_buffer[0] ? fault_buffer : curl.words(code);
        strncpy(fault, text, martlet_mail_text - 1);
        fault[martlet_mail_text - 1] = 0;
    }
    if (handle) curl.free(handle);
    curl.list_free(recipients);
    return outcome;
}
