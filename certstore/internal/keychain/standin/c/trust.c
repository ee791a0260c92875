#include "standin.h"

#include <stdlib.h>
#include <string.h>

/* Trust settings: for each domain a list of certificates and their rules. */

enum { PARAM = -50, NOT_FOUND = -25300, NO_TRUST_SETTINGS = -25263, SYSTEM_DOMAIN = -25253 };

extern const Ref kSecPolicyOid, kSecPolicyClient;

struct rule { char *policy, *name; int32_t result; bool has_result, more; };

struct settings {
	struct settings *next;
	uint32_t domain;
	unsigned char *der;
	int length;
	size_t n;
	struct rule *rules;
};

static struct settings *all;

/* find returns where the settings of a certificate hang in the list. */
static struct settings **find(Ref certificate, uint32_t domain) {
	unsigned char *der = NULL;
	int n = i2d_X509(certificate->item->certificate, &der);
	struct settings **s = &all;
	while (*s && !((*s)->domain == domain && (*s)->length == n && memcmp((*s)->der, der, n) == 0))
		s = &(*s)->next;
	OPENSSL_free(der);
	return s;
}

unsigned long SecPolicyGetTypeID(void) { return POLICY; }

Ref SecPolicyCreateWithProperties(Ref oid, Ref properties) {
	OSStatus status;
	Ref r = NULL;
	lock();
	if (check(oid, STRING, "SecPolicyCreateWithProperties") && !fails("SecPolicyCreateWithProperties", &status) && memcmp(oid->bytes, "1.2.840.113635.100.1.", 21) == 0) {
		r = make(POLICY);
		r->bytes = (unsigned char *)text_of(oid);
		r->n = oid->n;
		r->number = properties && check(properties, DICTIONARY, "SecPolicyCreateWithProperties") && lookup(properties, kSecPolicyClient);
	}
	unlock();
	return r;
}

Ref SecPolicyCopyProperties(Ref policy) {
	Ref d = NULL;
	lock();
	if (check(policy, POLICY, "SecPolicyCopyProperties")) {
		d = make_dictionary(1);
		d->keys[0] = retain(kSecPolicyOid);
		d->values[0] = make_string((char *)policy->bytes);
	}
	unlock();
	return d;
}

static void put(Ref dictionary, const char *key, Ref value) {
	dictionary->keys[dictionary->n] = make_string(key);
	dictionary->values[dictionary->n++] = value;
}

OSStatus SecTrustSettingsCopyCertificates(uint32_t domain, Ref *out) {
	OSStatus status = 0;
	lock();
	if (!fails("SecTrustSettingsCopyCertificates", &status)) {
		size_t n = 0;
		for (struct settings *s = all; s; s = s->next)
			n += s->domain == domain;
		if (n == 0) {
			status = NO_TRUST_SETTINGS;
		} else {
			*out = make_array(n);
			n = 0;
			for (struct settings *s = all; s; s = s->next)
				if (s->domain == domain)
					(*out)->values[n++] = certificate_from(s->der, s->length);
		}
	}
	unlock();
	return status;
}

OSStatus SecTrustSettingsCopyTrustSettings(Ref certificate, uint32_t domain, Ref *out) {
	OSStatus status = 0;
	lock();
	if (!fails("SecTrustSettingsCopyTrustSettings", &status) && check(certificate, CERTIFICATE, "SecTrustSettingsCopyTrustSettings")) {
		struct settings *s = *find(certificate, domain);
		if (!s) {
			status = NOT_FOUND;
		} else {
			*out = make_array(s->n);
			for (size_t i = 0; i < s->n; i++) {
				Ref d = (*out)->values[i] = make_dictionary(4);
				d->n = 0;
				if (s->rules[i].policy) {
					Ref policy = make(POLICY);
					policy->bytes = (unsigned char *)strdup(s->rules[i].policy);
					policy->n = strlen(s->rules[i].policy);
					put(d, "kSecTrustSettingsPolicy", policy);
				}
				if (s->rules[i].name)
					put(d, "kSecTrustSettingsPolicyName", make_string(s->rules[i].name));
				if (s->rules[i].has_result)
					put(d, "kSecTrustSettingsResult", make_number(s->rules[i].result));
				if (s->rules[i].more)
					put(d, "kSecTrustSettingsPolicyString", make_string("www.example.test"));
			}
		}
	}
	unlock();
	return status;
}

static Ref value(Ref dictionary, const char *key) {
	Ref k = make_string(key), v = lookup(dictionary, k);
	release(k);
	return v;
}

/* set_rules checks as Apple does: one word for trust in self-signed
   certificates, another for others. */
static OSStatus set_rules(struct settings *s, Ref list, bool self_signed) {
	s->n = list->n;
	s->rules = calloc(list->n + 1, sizeof *s->rules);
	for (size_t i = 0; i < list->n; i++) {
		Ref d = check(list->values[i], DICTIONARY, "SecTrustSettingsSetTrustSettings");
		if (!d)
			return PARAM;
		struct rule *r = &s->rules[i];
		Ref result = value(d, "kSecTrustSettingsResult"), policy = value(d, "kSecTrustSettingsPolicy");
		r->has_result = result != NULL;
		r->result = result ? result->number : 1;
		if (r->result == (self_signed ? 2 : 1))
			return PARAM;
		if (policy) {
			if (!check(policy, POLICY, "SecTrustSettingsSetTrustSettings"))
				return PARAM;
			r->policy = strdup((char *)policy->bytes);
			if (strcmp(r->policy, "1.2.840.113635.100.1.3") == 0)
				r->name = policy->number ? "sslClient" : "sslServer";
		}
		r->more = value(d, "kSecTrustSettingsPolicyString") != NULL;
	}
	return 0;
}

OSStatus SecTrustSettingsSetTrustSettings(Ref certificate, uint32_t domain, Ref list) {
	OSStatus status = 0;
	lock();
	if (fails("SecTrustSettingsSetTrustSettings", &status) || !check(certificate, CERTIFICATE, "SecTrustSettingsSetTrustSettings"))
		goto out;
	if (domain > 1) {
		status = SYSTEM_DOMAIN;
		goto out;
	}
	bool self_signed = X509_self_signed(certificate->item->certificate, 1) == 1;
	struct settings *made = calloc(1, sizeof *made), **s = find(certificate, domain);
	made->domain = domain;
	made->length = i2d_X509(certificate->item->certificate, &made->der);
	if (!list)
		status = self_signed ? 0 : PARAM;
	else if (!check(list, ARRAY, "SecTrustSettingsSetTrustSettings"))
		status = PARAM;
	else
		status = set_rules(made, list, self_signed);
	if (status == 0) {
		made->next = *s ? (*s)->next : NULL;
		*s = made;
	}
out:
	unlock();
	return status;
}

OSStatus SecTrustSettingsRemoveTrustSettings(Ref certificate, uint32_t domain) {
	OSStatus status = 0;
	lock();
	if (!fails("SecTrustSettingsRemoveTrustSettings", &status) && check(certificate, CERTIFICATE, "SecTrustSettingsRemoveTrustSettings")) {
		struct settings **s = find(certificate, domain);
		if (*s)
			*s = (*s)->next;
		else
			status = NOT_FOUND;
	}
	unlock();
	return status;
}
