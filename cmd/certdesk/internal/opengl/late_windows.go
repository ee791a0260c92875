package opengl

import "C" // has late_windows.c compiled and linked
