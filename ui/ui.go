// Package ui is the window of Certdesk.
package ui
