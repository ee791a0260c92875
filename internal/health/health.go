// Package health looks at whole stores and says what is not in order there:
// certificates in the wrong store, expired and expiring ones, duplicates, keys
// without certificates and certificates without keys, weak algorithms, a list
// of trusted issuers that is too long.
package health
