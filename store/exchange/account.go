package exchange

// Account is one user of another system, as it stood there.
type Account struct {
	Name     string // as written there: 1 to 256 characters of UTF-8 without controls
	Place    string // "line 12", "users row 3"
	Disabled bool
	// PasswordHash has the form of bcrypt ($2a$, $2b$, $2y$) or Argon2id; ""
	// for none. Whether such a hash can be checked at a bearable cost is for the
	// password backend to say.
	PasswordHash string
	// Password is in clear, to be hashed by whoever applies the Batch; nil for
	// none. No account has both.
	Password []byte
	Devices  []Device
}

// Device is one TOTP device (RFC 6238) of an account.
type Device struct {
	Label     string // at most 64 octets; "" where the source names none
	Secret    []byte // 10 to 80 octets
	Algorithm string // "SHA1", "SHA256" or "SHA512"
	Digits    int    // 6 to 8
	Period    int    // seconds, 15 to 300
	// LastStep is the newest step that may have been used there, as it stood in
	// the source, also where that is in the future; 0: unknown.
	LastStep int64
	Place    string
}

// Skipped is something of the source that isn't in the Batch: an account, a
// device, or a part of one.
type Skipped struct {
	Place  string
	Name   string // of the user, shortened and made printable; "" where it isn't known
	Reason string // in words, for the administrator
}

// Batch is what a source holds, in its order. No two accounts have the same
// Name, but names of one canonical form may be among them.
type Batch struct {
	Accounts []Account
	Skipped  []Skipped
}
