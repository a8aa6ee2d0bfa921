package prompt

// MaxEnrollURL is the length of an enrollment page's address, in octets, up to
// which every challenge of a first use holds it whole, in every language: with
// a ticket of 9 octets behind it and a Word of 32 octets before it.
const MaxEnrollURL = 100

// Style is how one client's prompts are written.
type Style struct {
	// Word is the first word of every prompt, at most 32 octets; OpenVPN's
	// auth-pam matches on it. "": the language's own.
	Word     string
	Language string // "en", "de", "fr", "nl"; "": "en"
	// Support is a line that tells users where help is; it is shown where it fits.
	Support string
	// EnrollURL is the enrollment page as configured, at most MaxEnrollURL
	// octets and with "/" at its end; "": there is none. Where a longer one
	// doesn't fit, it is left out as a whole.
	EnrollURL string
}
