//go:build cgo

/* The toolkit's OpenGL bindings take this one function out of OPENGL32.dll by
 * an import. Windows does not start a program when a DLL that it imports is
 * missing or blocked, and then nobody would get to the check for OpenGL. So
 * the import is answered here, and the DLL is looked for when it is used. */

typedef int (__stdcall *procedure)(void);
typedef procedure (__stdcall *lookup)(const char *name);

__declspec(dllimport) void *__stdcall LoadLibraryA(const char *name);
__declspec(dllimport) procedure __stdcall GetProcAddress(void *module, const char *name);

procedure __stdcall wglGetProcAddress(const char *name)
{
	static lookup real;
	if (!real) {
		void *module = LoadLibraryA("opengl32.dll");
		if (module)
			real = (lookup)GetProcAddress(module, "wglGetProcAddress");
	}
	return real ? real(name) : 0;
}

void *__imp_wglGetProcAddress = (void *)wglGetProcAddress;
