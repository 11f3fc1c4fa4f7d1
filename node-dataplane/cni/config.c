// SPDX-License-Identifier: Apache-2.0
// Just enough JSON (RFC 8259) to find two strings at the top level; everything else is stepped over.
#include "shim.h"

#include <stdbool.h>
#include <string.h>

#define MAX_DEPTH 128

struct scanner {
    const uint8_t *at;
    const uint8_t *end;
};

static void skip_space(struct scanner *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(struct scanner *s, uint8_t c) {
    skip_space(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

// Where a string goes. What does not fit is dropped and remembered.
struct text {
    char *data;
    size_t size;
    size_t length;
    bool whole;
};

static void put(struct text *out, unsigned c) {
    if (out->length + 1 < out->size && c != 0)
        out->data[out->length++] = (char)c;
    else
        out->whole = false;
}

static void put_utf8(struct text *out, uint32_t c) {
    if (c < 0x80) {
        put(out, c);
    } else if (c < 0x800) {
        put(out, 0xc0 | c >> 6);
        put(out, 0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(out, 0xe0 | c >> 12);
        put(out, 0x80 | (c >> 6 & 0x3f));
        put(out, 0x80 | (c & 0x3f));
    } else {
        put(out, 0xf0 | c >> 18);
        put(out, 0x80 | (c >> 12 & 0x3f));
        put(out, 0x80 | (c >> 6 & 0x3f));
        put(out, 0x80 | (c & 0x3f));
    }
}

static bool hex4(struct scanner *s, uint32_t *value) {
    *value = 0;
    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        uint8_t c = *s->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)(c | 0x20) - 'a' + 10;
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static bool unicode_escape(struct scanner *s, struct text *out) {
    uint32_t high, low;
    if (!hex4(s, &high))
        return false;
    if (high >= 0xdc00 && high <= 0xdfff)
        return false;
    if (high < 0xd800 || high > 0xdbff) {
        put_utf8(out, high);
        return true;
    }
    if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
        return false;
    s->at += 2;
    if (!hex4(s, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    put_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    return true;
}

static bool escape(struct scanner *s, struct text *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (s->at == s->end)
        return false;
    uint8_t c = *s->at++;
    if (c == 'u')
        return unicode_escape(s, out);
    const char *found = c == 0 ? NULL : strchr(from, c);
    if (found == NULL)
        return false;
    put(out, (uint8_t)to[found - from]);
    return true;
}

static bool string(struct scanner *s, struct text *out) {
    out->length = 0;
    out->whole = true;
    if (!take(s, '"'))
        return false;
    while (s->at < s->end) {
        uint8_t c = *s->at++;
        if (c == '"') {
            out->data[out->length] = 0;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c != '\\')
            put(out, c);
        else if (!escape(s, out))
            return false;
    }
    return false;
}

static bool skip_string(struct scanner *s) {
    char nothing[1];
    struct text out = {nothing, sizeof(nothing), 0, true};
    return string(s, &out);
}

// Numbers and the three words; their exact form is the agent's concern.
static bool skip_plain(struct scanner *s) {
    const uint8_t *start = s->at;
    while (s->at < s->end && *s->at != 0 &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *s->at) != NULL)
        s->at++;
    return s->at > start;
}

static bool skip_value(struct scanner *s, int depth) {
    skip_space(s);
    if (depth > MAX_DEPTH || s->at == s->end)
        return false;
    uint8_t open = *s->at;
    if (open == '"')
        return skip_string(s);
    if (open != '{' && open != '[')
        return skip_plain(s);
    uint8_t close = open == '{' ? '}' : ']';
    s->at++;
    if (take(s, close))
        return true;
    do {
        if (open == '{' && (!take(s, '"') || (s->at--, !skip_string(s)) || !take(s, ':')))
            return false;
        if (!skip_value(s, depth + 1))
            return false;
    } while (take(s, ','));
    return take(s, close);
}

// A version goes back into our own JSON, so it must need no escape.
static bool plain_version(const char *text) {
    return text[strspn(text, "0123456789.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-")] == 0;
}

static const char *member(struct scanner *s, struct config *config) {
    char key[16];
    struct text name = {key, sizeof(key), 0, true};
    if (!string(s, &name) || !take(s, ':'))
        return "a key and its value";
    skip_space(s);
    bool is_string = s->at < s->end && *s->at == '"';
    if (name.whole && strcmp(key, "cniVersion") == 0 && is_string) {
        struct text value = {config->version, sizeof(config->version), 0, true};
        if (!string(s, &value))
            return "a string as cniVersion";
        if (!value.whole || !plain_version(config->version))
            config->version[0] = 0;
        return NULL;
    }
    if (name.whole && strcmp(key, "socket") == 0) {
        struct text value = {config->socket, sizeof(config->socket), 0, true};
        if (!is_string || !string(s, &value) || !value.whole || config->socket[0] != '/')
            return "an absolute path of at most 107 bytes as socket";
        return NULL;
    }
    return skip_value(s, 1) ? NULL : "a JSON value";
}

const char *config_scan(const struct buffer *text, struct config *config) {
    struct scanner s = {text->data, text->data + text->length};
    config->version[0] = 0;
    strcpy(config->socket, DEFAULT_SOCKET);
    if (!take(&s, '{'))
        return "a JSON object";
    if (!take(&s, '}')) {
        do {
            const char *wrong = member(&s, config);
            if (wrong != NULL) {
                strcpy(config->socket, DEFAULT_SOCKET);
                return wrong;
            }
        } while (take(&s, ','));
        if (!take(&s, '}'))
            return "',' or '}' after a member";
    }
    skip_space(&s);
    return s.at == s.end ? NULL : "nothing behind the JSON object";
}
