package opendoc

import (
	"errors"

	"github.com/ebitengine/purego/objc"
)

// delegate is the class of the application's delegate, which GLFW makes. It
// has no method for the event, so AppKit would tell the person that Certdesk
// cannot open files of this type.
const delegate = "GLFWApplicationDelegate"

// Handle has macOS call open with the absolute paths of documents, each call
// in a goroutine of its own. It has to be called before the window is made:
// AppKit asks a delegate only once what it can do, and a document that
// Certdesk was started with comes while the toolkit starts.
func Handle(open func(paths []string)) error {
	class := objc.GetClass(delegate)
	if class == 0 {
		return errors.New("documents from Finder cannot be received: the toolkit has no " + delegate)
	}
	count, objectAtIndex := objc.RegisterName("count"), objc.RegisterName("objectAtIndex:")
	isFile, path := objc.RegisterName("isFileURL"), objc.RegisterName("fileSystemRepresentation")
	// - (void)application:(NSApplication *)sender openURLs:(NSArray<NSURL *> *)urls
	imp := objc.NewIMP(func(_ objc.ID, _ objc.SEL, _, urls objc.ID) {
		var paths []string
		for i := range objc.Send[uint](urls, count) {
			url := urls.Send(objectAtIndex, i)
			if objc.Send[bool](url, isFile) {
				paths = append(paths, objc.Send[string](url, path)) // a copy: the array is AppKit's
			}
		}
		if len(paths) > 0 {
			go open(paths) // AppKit waits for us on the main thread
		}
	})
	if !class.AddMethod(objc.RegisterName("application:openURLs:"), imp, "v@:@@") {
		return errors.New("documents from Finder cannot be received: " + delegate + " has a method of its own for them")
	}
	return nil
}
