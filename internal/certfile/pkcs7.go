package certfile

// netscapeSequence is Netscape's list of certificates, which openssl calls
// "nseq".
const netscapeSequence = "2.16.840.1.113730.2.5"

// pkcs7 reads a ContentInfo with the certificates of a SignedData (RFC 5652
// section 5.1). The certificates are cut out of it as they are.
func (r *reader) pkcs7(el []byte) error {
	r.c.Format = PKCS7
	info, err := split(el)
	if err != nil {
		return err
	}
	inner, err := split(info[1])
	if err != nil || len(inner) != 1 {
		return errMalformed
	}
	parts, err := split(inner[0])
	switch id := contentType(el); {
	case id == netscapeSequence && err == nil:
		return r.certificateSet(parts)
	case id == oidSignedData || id == "1.2.156.10197.6.1.4.2.2": // the latter is that of GM/T 0010
		if err != nil {
			return err
		}
	case id == oidEnvelopedData:
		return cause{ErrUnknown, "an encrypted message"}
	default:
		return cause{ErrUnknown, "content type " + id}
	}
	for _, p := range parts[min(3, len(parts)):] { // after version, digestAlgorithms and contentInfo
		if p[0] != 0xa0 && p[0] != 0xa1 {
			continue
		}
		list, err := split(p)
		if err != nil {
			return err
		}
		if p[0] == 0xa0 {
			err = r.certificateSet(list)
		} else {
			err = r.crls(len(list))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// certificateSet reads a CertificateSet (RFC 5652 section 10.2.3).
func (r *reader) certificateSet(list [][]byte) error {
	for _, el := range list {
		var err error
		if el[0] == 0x30 {
			err = r.addCert(el, attributes{})
		} else {
			err = r.addOther("attribute-certificate")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) crls(n int) error {
	for range n {
		if err := r.addOther("crl"); err != nil {
			return err
		}
	}
	return nil
}
