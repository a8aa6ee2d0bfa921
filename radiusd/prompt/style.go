package prompt

// Style is how one client's prompts are written.
type Style struct {
	// Word is the first word of every prompt; OpenVPN's auth-pam matches on
	// it. "": the language's own.
	Word     string
	Language string // "en", "de", "fr", "nl"; "": "en"
	// Support is a line that tells users where help is; it is shown where it fits.
	Support string
}
