// Package opendoc receives the documents that macOS hands to a program: the
// open-document event of a double-click in Finder, of "Open With" and of a
// file dropped on the icon. They come as messages, not as arguments.
//
// It is empty on other systems.
package opendoc
