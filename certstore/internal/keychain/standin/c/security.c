#include "standin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

enum {
	PARAM = -50, NO_SUCH_KEYCHAIN = -25294, AUTH_FAILED = -25293, DUPLICATE = -25299, NOT_FOUND = -25300, INVALID_ITEM = -25304,
	NO_DEFAULT = -25307, INTERACTION_NOT_ALLOWED = -25308, DATA_NOT_AVAILABLE = -25316, DECODE = -26275, PKCS12_VERIFY = -25264,
	INTERNAL = -2070,
};

/* Constants are strings, as Apple's are. */
#define CONSTANT(name) \
	static struct object name##_object = {.type = STRING, .was = STRING, .count = 1, .constant = true, .n = sizeof #name - 1, .bytes = (unsigned char *)#name}; \
	const Ref name = &name##_object;
CONSTANT(kSecClass)
CONSTANT(kSecClassCertificate)
CONSTANT(kSecClassKey)
CONSTANT(kSecAttrKeyClass)
CONSTANT(kSecAttrKeyClassPrivate)
CONSTANT(kSecAttrLabel)
CONSTANT(kSecAttrApplicationLabel)
CONSTANT(kSecAttrIsExtractable)
CONSTANT(kSecAttrIsPermanent)
CONSTANT(kSecAttrIsSensitive)
CONSTANT(kSecMatchLimit)
CONSTANT(kSecMatchLimitAll)
CONSTANT(kSecMatchSearchList)
CONSTANT(kSecMatchItemList)
CONSTANT(kSecReturnRef)
CONSTANT(kSecReturnAttributes)
CONSTANT(kSecValueRef)
CONSTANT(kSecPolicyOid)
CONSTANT(kSecPolicyClient)
CONSTANT(kSecKeyAlgorithmRSASignatureRaw)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPKCS1v15Raw)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA1)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA224)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA256)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA384)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA512)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPSSSHA1)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPSSSHA224)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPSSSHA256)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPSSSHA384)
CONSTANT(kSecKeyAlgorithmRSASignatureDigestPSSSHA512)
CONSTANT(kSecKeyAlgorithmECDSASignatureDigestX962)

#define ENTER(function) \
	OSStatus status = 0; \
	lock(); \
	if (fails(function, &status)) \
		goto out
#define FAIL(number) do { status = number; goto out; } while (0)
#define LEAVE \
out: \
	unlock(); \
	return status

Ref SecCopyErrorMessageString(OSStatus status, void *reserved) {
	static const struct { OSStatus status; const char *text; } texts[] = {
		{-128, "User canceled the operation."}, {-25293, "The user name or passphrase you entered is not correct."},
		{-25299, "The specified item already exists in the keychain."}, {-25300, "The specified item could not be found in the keychain."},
		{-25308, "User interaction is not allowed."}, {-25294, "The specified keychain could not be found."},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status) {
			lock();
			Ref r = make_string(texts[i].text);
			unlock();
			return r;
		}
	return NULL;
}

/* Keychains. */

static struct keychain *keychains;
static char default_path[1024];

/* standin_create_keychain is security create-keychain. */
void standin_create_keychain(const char *path, const char *password) {
	lock();
	struct keychain *k = calloc(1, sizeof *k);
	k->path = strdup(path);
	k->password = strdup(password);
	k->next = keychains;
	keychains = k;
	unlock();
}

void standin_set_default(const char *path) { snprintf(default_path, sizeof default_path, "%s", path); }

static struct keychain *find_keychain(const char *path) {
	for (struct keychain *k = keychains; k; k = k->next)
		if (strcmp(k->path, path) == 0)
			return k;
	return NULL;
}

void standin_lock_keychain(const char *path) { find_keychain(path)->locked = true; }

OSStatus SecKeychainOpen(const char *path, Ref *out) {
	ENTER("SecKeychainOpen");
	*out = make(KEYCHAIN); /* a file that is not there shows later */
	(*out)->bytes = (unsigned char *)strdup(path);
	(*out)->n = strlen(path);
	(*out)->keychain = find_keychain(path);
	LEAVE;
}

OSStatus SecKeychainCopyDomainDefault(uint32_t domain, Ref *out) {
	ENTER("SecKeychainCopyDomainDefault");
	if (domain != 0)
		FAIL(PARAM);
	if (!default_path[0])
		FAIL(NO_DEFAULT);
	status = SecKeychainOpen(default_path, out);
	LEAVE;
}

OSStatus SecKeychainGetPath(Ref r, uint32_t *n, char *path) {
	ENTER("SecKeychainGetPath");
	if (!check(r, KEYCHAIN, "SecKeychainGetPath"))
		FAIL(PARAM);
	if (*n < r->n + 1)
		FAIL(-25301);
	memcpy(path, r->bytes, r->n + 1);
	*n = r->n;
	LEAVE;
}

OSStatus SecKeychainGetStatus(Ref r, uint32_t *out) {
	ENTER("SecKeychainGetStatus");
	if (!check(r, KEYCHAIN, "SecKeychainGetStatus"))
		FAIL(PARAM);
	if (!r->keychain)
		FAIL(NO_SUCH_KEYCHAIN);
	*out = r->keychain->locked ? 2 | 4 : 1 | 2 | 4;
	LEAVE;
}

OSStatus SecKeychainUnlock(Ref r, uint32_t n, const void *password, unsigned char use_password) {
	ENTER("SecKeychainUnlock");
	if (!check(r, KEYCHAIN, "SecKeychainUnlock") || !use_password || !r->keychain)
		FAIL(PARAM);
	if (strlen(r->keychain->password) != n || memcmp(r->keychain->password, password, n) != 0)
		FAIL(AUTH_FAILED);
	r->keychain->locked = false;
	LEAVE;
}

/* Items. */

static Ref make_certificate(X509 *x) {
	Ref r = make(CERTIFICATE);
	r->item = calloc(1, sizeof *r->item);
	r->item->certificate = x;
	unsigned int n;
	X509_pubkey_digest(x, EVP_sha1(), r->item->hash, &n);
	return r;
}

static bool same_number(X509 *a, X509 *b) {
	return X509_NAME_cmp(X509_get_issuer_name(a), X509_get_issuer_name(b)) == 0 && ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)) == 0;
}

static OSStatus add(struct keychain *k, struct item *item) {
	for (struct item *i = k->items; i; i = i->next) {
		if (i->keychain && !i->key && !item->key && same_number(i->certificate, item->certificate))
			return DUPLICATE;
		if (i->keychain && i->key && item->key && memcmp(i->hash, item->hash, 20) == 0)
			return DUPLICATE;
	}
	item->keychain = k;
	item->next = k->items;
	k->items = item;
	return 0;
}

static void name_by_subject(struct item *item) {
	char name[256] = "";
	X509_NAME_get_text_by_NID(X509_get_subject_name(item->certificate), NID_commonName, name, sizeof name);
	item->label = strdup(name);
}

Ref certificate_from(const unsigned char *der, size_t n) {
	X509 *x = d2i_X509(NULL, &der, n);
	return x ? make_certificate(x) : NULL;
}

Ref SecCertificateCreateWithData(Ref alloc, Ref data) {
	OSStatus status;
	lock();
	Ref r = NULL;
	if (check(data, DATA, "SecCertificateCreateWithData") && !fails("SecCertificateCreateWithData", &status))
		r = certificate_from(data->bytes, data->n);
	unlock();
	return r;
}

Ref SecCertificateCopyData(Ref r) {
	lock();
	Ref data = NULL;
	if (check(r, CERTIFICATE, "SecCertificateCopyData")) {
		unsigned char *der = NULL;
		int n = i2d_X509(r->item->certificate, &der);
		data = make_data(der, n);
		OPENSSL_free(der);
	}
	unlock();
	return data;
}

OSStatus SecCertificateAddToKeychain(Ref certificate, Ref keychain) {
	ENTER("SecCertificateAddToKeychain");
	if (!check(certificate, CERTIFICATE, "SecCertificateAddToKeychain") || !check(keychain, KEYCHAIN, "SecCertificateAddToKeychain"))
		FAIL(PARAM);
	if (!keychain->keychain)
		FAIL(NO_SUCH_KEYCHAIN);
	if (keychain->keychain->locked)
		FAIL(INTERACTION_NOT_ALLOWED);
	struct item *item = calloc(1, sizeof *item);
	*item = *certificate->item;
	name_by_subject(item);
	status = add(keychain->keychain, item);
	LEAVE;
}

OSStatus SecKeychainItemDelete(Ref r) {
	ENTER("SecKeychainItemDelete");
	if (!check(r, 0, "SecKeychainItemDelete") || !r->item)
		FAIL(PARAM);
	if (!r->item->keychain)
		FAIL(INVALID_ITEM);
	if (r->item->keychain->locked)
		FAIL(INTERACTION_NOT_ALLOWED);
	r->item->keychain = NULL;
	LEAVE;
}

static void put(Ref dictionary, Ref key, Ref value) {
	dictionary->keys[dictionary->n] = retain(key);
	dictionary->values[dictionary->n++] = value;
}

static Ref described(struct item *item) {
	Ref r = make(item->key ? KEY : CERTIFICATE), d = make_dictionary(8);
	r->item = item;
	d->n = 0;
	put(d, kSecValueRef, r);
	if (item->label)
		put(d, kSecAttrLabel, make_string(item->label));
	if (item->key) {
		put(d, kSecAttrApplicationLabel, make_data(item->hash, 20));
		if (!knob("no extractable attribute"))
			put(d, kSecAttrIsExtractable, retain(item->extractable ? kCFBooleanTrue : kCFBooleanFalse));
	}
	return d;
}

OSStatus SecItemCopyMatching(Ref query, Ref *out) {
	ENTER("SecItemCopyMatching");
	if (!check(query, DICTIONARY, "SecItemCopyMatching"))
		FAIL(PARAM);
	Ref class = lookup(query, kSecClass), list = lookup(query, kSecMatchSearchList);
	if (!class || lookup(query, kSecMatchLimit) != kSecMatchLimitAll || lookup(query, kSecReturnRef) != kCFBooleanTrue || lookup(query, kSecReturnAttributes) != kCFBooleanTrue)
		FAIL(PARAM);
	if (class == kSecClassKey && lookup(query, kSecAttrKeyClass) != kSecAttrKeyClassPrivate)
		FAIL(PARAM);
	if (!check(list, ARRAY, "SecItemCopyMatching: search list"))
		FAIL(PARAM);
	size_t n = 0;
	Ref found = NULL;
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			if (n == 0)
				FAIL(NOT_FOUND);
			found = make_array(n);
			n = 0;
		}
		for (size_t i = 0; i < list->n; i++) {
			Ref k = check(list->values[i], KEYCHAIN, "SecItemCopyMatching: search list");
			if (!k || !k->keychain)
				FAIL(NO_SUCH_KEYCHAIN);
			for (struct item *item = k->keychain->items; item; item = item->next)
				if (item->keychain && item->key == (class == kSecClassKey)) {
					if (found)
						found->values[n] = described(item);
					n++;
				}
		}
	}
	*out = found;
	LEAVE;
}

OSStatus SecItemUpdate(Ref query, Ref attributes) {
	ENTER("SecItemUpdate");
	if (!check(query, DICTIONARY, "SecItemUpdate") || !check(attributes, DICTIONARY, "SecItemUpdate"))
		FAIL(PARAM);
	Ref items = lookup(query, kSecMatchItemList), label = lookup(attributes, kSecAttrLabel);
	if (lookup(query, kSecClass) != kSecClassCertificate || !check(items, ARRAY, "SecItemUpdate") || attributes->n != 1 || !check(label, STRING, "SecItemUpdate"))
		FAIL(PARAM);
	for (size_t i = 0; i < items->n; i++) {
		Ref r = check(items->values[i], CERTIFICATE, "SecItemUpdate");
		if (!r || !r->item->keychain)
			FAIL(NOT_FOUND);
		if (r->item->keychain->locked)
			FAIL(INTERACTION_NOT_ALLOWED);
		r->item->label = text_of(label);
	}
	LEAVE;
}

/* Import and export. */

struct parameters {
	uint32_t version, flags;
	Ref passphrase, alert_title, alert_prompt, access, usage, attributes;
};

static bool has(Ref array, Ref value) {
	for (size_t i = 0; i < array->n; i++)
		if (array->values[i] == value)
			return true;
	return false;
}

OSStatus SecItemImport(Ref data, Ref file_name, uint32_t *format, uint32_t *type, uint32_t flags, struct parameters *p, Ref keychain, Ref *out) {
	ENTER("SecItemImport");
	if (!check(data, DATA, "SecItemImport") || *format != 12 || *type != 5 || flags || !p || p->version || p->flags || p->alert_title || p->access)
		FAIL(PARAM);
	if (!check(p->passphrase, STRING, "SecItemImport") || !check(p->attributes, ARRAY, "SecItemImport") || !check(keychain, KEYCHAIN, "SecItemImport"))
		FAIL(PARAM);
	if (!has(p->attributes, kSecAttrIsPermanent) || !has(p->attributes, kSecAttrIsSensitive))
		FAIL(PARAM);
	if (!keychain->keychain)
		FAIL(NO_SUCH_KEYCHAIN);
	if (keychain->keychain->locked)
		FAIL(INTERACTION_NOT_ALLOWED);
	const unsigned char *bytes = data->bytes;
	PKCS12 *p12 = d2i_PKCS12(NULL, &bytes, data->n);
	if (!p12)
		FAIL(DECODE);
	struct item *key = calloc(1, sizeof *key), *certificate = calloc(1, sizeof *certificate);
	char *password = text_of(p->passphrase);
	if (!PKCS12_parse(p12, password, &key->private_key, &certificate->certificate, NULL))
		FAIL(PKCS12_VERIFY);
	free(password);
	PKCS12_free(p12);
	unsigned int n;
	X509_pubkey_digest(certificate->certificate, EVP_sha1(), certificate->hash, &n);
	memcpy(key->hash, certificate->hash, 20);
	key->key = true;
	key->extractable = has(p->attributes, kSecAttrIsExtractable);
	key->label = strdup("Imported Private Key");
	if ((status = add(keychain->keychain, key)))
		goto out;
	name_by_subject(certificate);
	if (fails("SecItemImport: certificate", &status))
		goto out;
	add(keychain->keychain, certificate); /* one that is there is no error */
	if (out) {
		*out = make_array(1);
		(*out)->values[0] = described(key);
	}
	LEAVE;
}

OSStatus SecItemExport(Ref items, uint32_t format, uint32_t flags, struct parameters *p, Ref *out) {
	ENTER("SecItemExport");
	if (!check(items, ARRAY, "SecItemExport") || items->n != 2 || format != 12 || flags || !p || p->version || !check(p->passphrase, STRING, "SecItemExport"))
		FAIL(PARAM);
	Ref key = check(items->values[0], KEY, "SecItemExport"), certificate = check(items->values[1], CERTIFICATE, "SecItemExport");
	if (!key || !certificate)
		FAIL(PARAM);
	if (!key->item->keychain)
		FAIL(INVALID_ITEM);
	if (key->item->keychain->locked)
		FAIL(INTERACTION_NOT_ALLOWED);
	if (!key->item->extractable)
		FAIL(DATA_NOT_AVAILABLE);
	char *password = text_of(p->passphrase);
	int des = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
	PKCS12 *p12 = PKCS12_create(password, NULL, key->item->private_key, certificate->item->certificate, NULL, des, des, 2048, 2048, 0);
	free(password);
	unsigned char *der = NULL;
	int n = p12 ? i2d_PKCS12(p12, &der) : -1;
	if (n < 0)
		FAIL(INTERNAL);
	*out = make_data(der, n);
	OPENSSL_free(der);
	PKCS12_free(p12);
	LEAVE;
}

/* Signatures: real ones, by OpenSSL. */

static const struct algorithm { const Ref *name; int kind; const EVP_MD *(*digest)(void); } algorithms[] = {
	{&kSecKeyAlgorithmRSASignatureRaw, RSA_NO_PADDING, NULL},
	{&kSecKeyAlgorithmRSASignatureDigestPKCS1v15Raw, RSA_PKCS1_PADDING, NULL},
	{&kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA1, RSA_PKCS1_PADDING, EVP_sha1},
	{&kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA224, RSA_PKCS1_PADDING, EVP_sha224},
	{&kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA256, RSA_PKCS1_PADDING, EVP_sha256},
	{&kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA384, RSA_PKCS1_PADDING, EVP_sha384},
	{&kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA512, RSA_PKCS1_PADDING, EVP_sha512},
	{&kSecKeyAlgorithmRSASignatureDigestPSSSHA1, RSA_PKCS1_PSS_PADDING, EVP_sha1},
	{&kSecKeyAlgorithmRSASignatureDigestPSSSHA224, RSA_PKCS1_PSS_PADDING, EVP_sha224},
	{&kSecKeyAlgorithmRSASignatureDigestPSSSHA256, RSA_PKCS1_PSS_PADDING, EVP_sha256},
	{&kSecKeyAlgorithmRSASignatureDigestPSSSHA384, RSA_PKCS1_PSS_PADDING, EVP_sha384},
	{&kSecKeyAlgorithmRSASignatureDigestPSSSHA512, RSA_PKCS1_PSS_PADDING, EVP_sha512},
	{&kSecKeyAlgorithmECDSASignatureDigestX962, 0, NULL},
};

static const struct algorithm *algorithm_for(Ref key, Ref name) {
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (*algorithms[i].name == name) {
			if ((EVP_PKEY_base_id(key->item->private_key) == EVP_PKEY_EC) != (algorithms[i].kind == 0))
				return NULL;
			if (algorithms[i].kind == RSA_PKCS1_PSS_PADDING && knob("no PSS"))
				return NULL;
			if (algorithms[i].kind == RSA_NO_PADDING && knob("no raw RSA"))
				return NULL;
			return &algorithms[i];
		}
	return NULL;
}

unsigned long SecKeyIsAlgorithmSupported(Ref key, CFIndex operation, Ref algorithm) {
	lock();
	bool is = operation == 0 && check(key, KEY, "SecKeyIsAlgorithmSupported") && algorithm_for(key, algorithm);
	unlock();
	return 0xABCDEF00 | is;
}

static Ref sign(Ref key, const struct algorithm *a, Ref data) {
	Ref sig = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->item->private_key, NULL);
	size_t n = EVP_PKEY_size(key->item->private_key);
	unsigned char *out = malloc(n);
	bool ok = EVP_PKEY_sign_init(ctx) > 0 && (!a->kind || EVP_PKEY_CTX_set_rsa_padding(ctx, a->kind) > 0);
	if (ok && a->digest)
		ok = EVP_PKEY_CTX_set_signature_md(ctx, a->digest()) > 0;
	if (ok && a->kind == RSA_PKCS1_PSS_PADDING)
		ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
	if (ok && EVP_PKEY_sign(ctx, out, &n, data->bytes, data->n) > 0)
		sig = make_data(out, n);
	EVP_PKEY_CTX_free(ctx);
	free(out);
	return sig;
}

Ref SecKeyCreateSignature(Ref key, Ref algorithm, Ref data, Ref *error) {
	OSStatus status = PARAM;
	Ref sig = NULL;
	lock();
	if (!fails("SecKeyCreateSignature", &status) && check(key, KEY, "SecKeyCreateSignature") && check(data, DATA, "SecKeyCreateSignature")) {
		const struct algorithm *a = algorithm_for(key, algorithm);
		if (!key->item->keychain)
			status = INVALID_ITEM;
		else if (key->item->keychain->locked)
			status = INTERACTION_NOT_ALLOWED;
		else if (a)
			sig = sign(key, a, data);
	}
	if (!sig && error && status) { /* 0: Apple's gives no reason at times */
		*error = make(ERROR);
		(*error)->number = status;
	}
	unlock();
	return sig;
}
