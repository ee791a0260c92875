// Package pipe listens on Windows' named pipes. It has nothing on other
// systems, which have sockets.
package pipe
