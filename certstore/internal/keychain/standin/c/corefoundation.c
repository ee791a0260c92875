#define _GNU_SOURCE

#include "standin.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static long live;
static char faults[8192];

void lock(void) { pthread_mutex_lock(&mutex); }
void unlock(void) { pthread_mutex_unlock(&mutex); }

void fault(const char *format, ...) {
	size_t n = strlen(faults);
	va_list list;
	va_start(list, format);
	vsnprintf(faults + n, sizeof faults - n, format, list);
	va_end(list);
	n = strlen(faults);
	snprintf(faults + n, sizeof faults - n, "\n");
}

/* What tests ask. */
long standin_live(void) { return live; }

void standin_take_faults(char *out, uint32_t n) {
	lock();
	snprintf(out, n, "%s", faults);
	faults[0] = 0;
	unlock();
}

static struct { char function[64]; OSStatus status; int after; } failing;

void standin_fail(const char *function, OSStatus status, int after) {
	lock();
	snprintf(failing.function, sizeof failing.function, "%s", function);
	failing.status = status;
	failing.after = after;
	unlock();
}

static pthread_t forbidden;
static bool forbids;

/* The calling thread is the one that belongs to the window. */
void standin_forbid_thread(unsigned char on) {
	forbidden = pthread_self();
	forbids = on;
}

bool fails(const char *function, OSStatus *status) {
	if (forbids && pthread_equal(pthread_self(), forbidden))
		fault("%s: called on the main thread", function);
	if (strcmp(failing.function, function) != 0 || failing.after-- > 0)
		return false;
	failing.function[0] = 0;
	*status = failing.status;
	return true;
}

static struct { char name[32]; int value; } knobs[16];

void standin_set(const char *name, int value) {
	for (size_t i = 0; i < 16; i++)
		if (!knobs[i].name[0] || strcmp(knobs[i].name, name) == 0) {
			snprintf(knobs[i].name, sizeof knobs[i].name, "%s", name);
			knobs[i].value = value;
			return;
		}
}

int knob(const char *name) {
	for (size_t i = 0; i < 16; i++)
		if (strcmp(knobs[i].name, name) == 0)
			return knobs[i].value;
	return 0;
}

/* Objects. Dead ones keep their memory, so that a later use is noticed. */

Ref make(enum type type) {
	Ref r = calloc(1, sizeof *r);
	r->type = r->was = type;
	r->count = 1;
	live++;
	return r;
}

Ref make_data(const void *bytes, size_t n) {
	Ref r = make(DATA);
	r->n = n;
	r->bytes = malloc(n + 1);
	memcpy(r->bytes, bytes, n);
	r->bytes[n] = 0;
	return r;
}

Ref make_string(const char *text) {
	Ref r = make_data(text, strlen(text));
	r->type = r->was = STRING;
	return r;
}

Ref make_number(int32_t n) {
	Ref r = make(NUMBER);
	r->number = n;
	return r;
}

Ref make_array(size_t n) {
	Ref r = make(ARRAY);
	r->n = n;
	r->values = calloc(n + 1, sizeof *r->values);
	return r;
}

Ref make_dictionary(size_t n) {
	Ref r = make_array(n);
	r->type = r->was = DICTIONARY;
	r->keys = calloc(n + 1, sizeof *r->keys);
	return r;
}

Ref retain(Ref r) {
	if (!r->constant)
		r->count++;
	return r;
}

void release(Ref r) {
	if (r->constant || --r->count > 0)
		return;
	for (size_t i = 0; r->values && i < r->n; i++) {
		release(r->values[i]);
		if (r->keys)
			release(r->keys[i]);
	}
	if (r->bytes)
		memset(r->bytes, 0xDD, r->n);
	r->type = DEAD;
	live--;
}

/* check returns r if it is alive and of a type, 0 for any; else it notes a
   fault and returns NULL. */
Ref check(Ref r, enum type type, const char *function) {
	if (!r)
		fault("%s: NULL", function);
	else if (r->type == DEAD)
		fault("%s: an object of type %d is used after its last release", function, r->was);
	else if (type && r->type != type)
		fault("%s: an object of type %d where one of type %d belongs", function, r->type, type);
	else
		return r;
	return NULL;
}

bool equal(Ref a, Ref b) {
	return a == b || (a->type == b->type && (a->type == STRING || a->type == DATA) && a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0);
}

Ref lookup(Ref dictionary, Ref key) {
	for (size_t i = 0; i < dictionary->n; i++)
		if (equal(dictionary->keys[i], key))
			return dictionary->values[i];
	return NULL;
}

char *text_of(Ref string) { return strndup((char *)string->bytes, string->n); }

/* CoreFoundation. */

static struct object true_object = {.type = BOOLEAN, .was = BOOLEAN, .count = 1, .constant = true, .number = 1};
static struct object false_object = {.type = BOOLEAN, .was = BOOLEAN, .count = 1, .constant = true};
const Ref kCFBooleanTrue = &true_object, kCFBooleanFalse = &false_object;
const long kCFTypeArrayCallBacks[5], kCFTypeDictionaryKeyCallBacks[6], kCFTypeDictionaryValueCallBacks[5];

void CFRelease(Ref r) {
	lock();
	if (check(r, 0, "CFRelease"))
		release(r);
	unlock();
}

unsigned long CFGetTypeID(Ref r) { return check(r, 0, "CFGetTypeID") ? r->type : 0; }
unsigned long CFArrayGetTypeID(void) { return ARRAY; }
unsigned long CFDataGetTypeID(void) { return DATA; }
unsigned long CFStringGetTypeID(void) { return STRING; }
unsigned long CFNumberGetTypeID(void) { return NUMBER; }
unsigned long CFBooleanGetTypeID(void) { return BOOLEAN; }
unsigned long CFDictionaryGetTypeID(void) { return DICTIONARY; }

Ref CFStringCreateWithBytes(Ref alloc, const unsigned char *text, CFIndex n, uint32_t encoding, unsigned char external) {
	if (alloc || encoding != 0x08000100 || external)
		fault("CFStringCreateWithBytes: encoding %x", encoding);
	lock();
	Ref r = make_data(text, n);
	r->type = r->was = STRING;
	unlock();
	return r;
}

Ref CFStringCreateExternalRepresentation(Ref alloc, Ref s, uint32_t encoding, unsigned char loss) {
	if (encoding != 0x08000100 || loss != '?' || !check(s, STRING, "CFStringCreateExternalRepresentation"))
		return NULL;
	lock();
	Ref r = make_data(s->bytes, s->n);
	unlock();
	return r;
}

Ref CFDataCreate(Ref alloc, const unsigned char *bytes, CFIndex n) {
	lock();
	Ref r = make_data(bytes, n);
	unlock();
	return r;
}

CFIndex CFDataGetLength(Ref r) { return check(r, DATA, "CFDataGetLength") ? (CFIndex)r->n : 0; }
const unsigned char *CFDataGetBytePtr(Ref r) { return check(r, DATA, "CFDataGetBytePtr") ? r->bytes : NULL; }

Ref CFArrayCreate(Ref alloc, Ref *values, CFIndex n, const void *callbacks) {
	if (callbacks != kCFTypeArrayCallBacks)
		fault("CFArrayCreate: without callbacks it does not retain what it holds");
	lock();
	Ref r = make_array(n);
	for (CFIndex i = 0; i < n; i++)
		r->values[i] = check(values[i], 0, "CFArrayCreate") ? retain(values[i]) : kCFBooleanFalse;
	unlock();
	return r;
}

CFIndex CFArrayGetCount(Ref r) { return check(r, ARRAY, "CFArrayGetCount") ? (CFIndex)r->n : 0; }

Ref CFArrayGetValueAtIndex(Ref r, CFIndex i) {
	if (!check(r, ARRAY, "CFArrayGetValueAtIndex"))
		return NULL;
	if (i < 0 || (size_t)i >= r->n) {
		fault("CFArrayGetValueAtIndex: %ld of %zu", i, r->n);
		return NULL;
	}
	return r->values[i];
}

Ref CFDictionaryCreate(Ref alloc, Ref *keys, Ref *values, CFIndex n, const void *key_callbacks, const void *value_callbacks) {
	if (key_callbacks != kCFTypeDictionaryKeyCallBacks || value_callbacks != kCFTypeDictionaryValueCallBacks)
		fault("CFDictionaryCreate: without callbacks it does not retain what it holds");
	lock();
	Ref r = make_dictionary(n);
	for (CFIndex i = 0; i < n; i++) {
		r->keys[i] = check(keys[i], 0, "CFDictionaryCreate") ? retain(keys[i]) : kCFBooleanFalse;
		r->values[i] = check(values[i], 0, "CFDictionaryCreate") ? retain(values[i]) : kCFBooleanFalse;
	}
	unlock();
	return r;
}

CFIndex CFDictionaryGetCount(Ref r) { return check(r, DICTIONARY, "CFDictionaryGetCount") ? (CFIndex)r->n : 0; }

Ref CFDictionaryGetValue(Ref r, Ref key) {
	return check(r, DICTIONARY, "CFDictionaryGetValue") && check(key, 0, "CFDictionaryGetValue") ? lookup(r, key) : NULL;
}

Ref CFNumberCreate(Ref alloc, CFIndex kind, const int32_t *value) {
	if (kind != 3)
		fault("CFNumberCreate: kind %ld", kind);
	lock();
	Ref r = make_number(*value);
	unlock();
	return r;
}

/* Booleans come back in a register whose upper bits mean nothing. */
unsigned long CFNumberGetValue(Ref r, CFIndex kind, int32_t *value) {
	if (kind != 3 || !check(r, NUMBER, "CFNumberGetValue"))
		return 0xABCDEF00;
	*value = r->number;
	return 0xABCDEF01;
}

unsigned long CFBooleanGetValue(Ref r) { return 0xABCDEF00 | (check(r, BOOLEAN, "CFBooleanGetValue") && r->number); }

CFIndex CFErrorGetCode(Ref r) { return check(r, ERROR, "CFErrorGetCode") ? r->number : 0; }

Ref CFErrorCopyDescription(Ref r) {
	if (!check(r, ERROR, "CFErrorCopyDescription"))
		return NULL;
	lock();
	Ref s = make_string("The operation couldn\xE2\x80\x99t be completed.");
	unlock();
	return s;
}
