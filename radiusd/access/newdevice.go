package access

// NewDevice is a TOTP device whose secret exists elsewhere already: a token
// that came with its seed, or an app that was set up with another server. Zero
// values stand for what authenticator apps take for granted.
type NewDevice struct {
	Label     string // unique among the user's devices; "": "device"
	Secret    string // Base32 (RFC 4648, section 6), padding optional; needed
	Algorithm string // "SHA1", "SHA256" or "SHA512"; "": "SHA1"
	Digits    int    // 6 to 8; 0: 6
	Period    int    // seconds; 0: 30
}
