// Package version says which release this is.
package version

// Number is what both programs answer to --version; FyneApp.toml and
// bundling/darwin/Info.plist have the same.
const Number = "0.1.0"
