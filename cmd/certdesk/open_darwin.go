package main

import "certdesk/cmd/certdesk/internal/opendoc"

// openDocuments has macOS hand over the documents that somebody opens with
// Certdesk.
func openDocuments(open func(paths []string)) error { return opendoc.Handle(open) }
