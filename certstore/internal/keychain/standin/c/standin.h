/* A stand-in for the parts of CoreFoundation and Security that Certdesk uses:
   the same prototypes and ownership rules, in memory. It counts references,
   notes what Apple's code would crash on, and fails on demand. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

typedef struct object *Ref;
typedef int32_t OSStatus;
typedef long CFIndex;

enum type { DEAD, STRING = 7, DATA = 20, NUMBER = 22, BOOLEAN = 21, ARRAY = 19, DICTIONARY = 18, ERROR = 27, CERTIFICATE = 300, KEY, KEYCHAIN, POLICY };

/* An item of a keychain, or a certificate that is in none. */
struct item {
	struct item *next;
	struct keychain *keychain; /* NULL: in none, or deleted */
	bool key, extractable;
	X509 *certificate;
	EVP_PKEY *private_key;
	char *label;
	unsigned char hash[20]; /* of the public key's bits */
};

struct keychain {
	struct keychain *next;
	char *path, *password;
	bool locked;
	struct item *items;
};

struct object {
	enum type type, was; /* DEAD after the last release, and what it was */
	long count;
	bool constant;
	size_t n;
	unsigned char *bytes; /* STRING, DATA */
	Ref *values, *keys;   /* ARRAY, DICTIONARY */
	int32_t number;       /* NUMBER, BOOLEAN, ERROR */
	struct item *item;
	struct keychain *keychain;
};

void lock(void);
void unlock(void);
void fault(const char *format, ...);
bool fails(const char *function, OSStatus *status);
int knob(const char *name);

Ref make(enum type type);
Ref make_string(const char *text);
Ref make_data(const void *bytes, size_t n);
Ref make_number(int32_t n);
Ref make_array(size_t n);      /* the caller fills values with references of its own */
Ref make_dictionary(size_t n); /* likewise keys and values */
Ref retain(Ref r);
void release(Ref r);
Ref check(Ref r, enum type type, const char *function);
Ref lookup(Ref dictionary, Ref key);
bool equal(Ref a, Ref b);
char *text_of(Ref string); /* the caller frees it */

Ref certificate_from(const unsigned char *der, size_t n);

extern const Ref kCFBooleanTrue, kCFBooleanFalse;
