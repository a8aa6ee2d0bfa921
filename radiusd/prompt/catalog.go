package prompt

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed locales/*.toml
var locales embed.FS

// catalog is one language.
type catalog struct {
	Word string `toml:"word"`

	Months    [12]string `toml:"months"`
	FirstDay  string     `toml:"first_day"`   // of a month
	Day       string     `toml:"day"`         // any other: a layout of package time
	Time      string     `toml:"time"`        // a layout of package time
	TimeOnDay string     `toml:"time_on_day"` // of a time and a day

	CodeNeeded    string `toml:"code_needed"`
	CodeWrong     string `toml:"code_wrong"`
	CodeUsed      string `toml:"code_used"`
	CodeMalformed string `toml:"code_malformed"`
	PasswordAsks  string `toml:"password_asks"` // where the first factor doesn't say what it wants
	Locked        string `toml:"locked"`
	LockedUntil   string `toml:"locked_until"` // of a moment

	PageRequired string `toml:"page_required"` // of an address with its ticket
	PageNotBegun string `toml:"page_not_begun"`
	PageWrong    string `toml:"page_wrong"`
	KeyRequired  string `toml:"key_required"` // of a secret in groups
	KeyWrong     string `toml:"key_wrong"`

	LastTry    string `toml:"last_try"`
	EnrollBy   string `toml:"enroll_by"`    // of a moment
	EnrollAtBy string `toml:"enroll_at_by"` // of an address and a moment

	Failed               string `toml:"failed"`
	EnrollmentRequired   string `toml:"enrollment_required"`
	EnrollmentRequiredAt string `toml:"enrollment_required_at"` // of an address
	EnrollmentClosed     string `toml:"enrollment_closed"`
	PasswordExpired      string `toml:"password_expired"`
	AccountLocked        string `toml:"account_locked"`
}

// readCatalog reads the texts of one language; a key that isn't a catalog's is
// an error.
func readCatalog(language string) (catalog, error) {
	var c catalog
	data, err := locales.ReadFile("locales/" + language + ".toml")
	if err != nil {
		return catalog{}, fmt.Errorf("reading the texts of %s: %w", language, err)
	}
	meta, err := toml.Decode(string(data), &c)
	if err != nil {
		return catalog{}, fmt.Errorf("reading the texts of %s: %w", language, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return catalog{}, fmt.Errorf("reading the texts of %s: unknown key %s", language, unknown[0])
	}
	return c, nil
}

// Languages are the languages that there are texts in, in order.
func Languages() []string {
	files, err := fs.Glob(locales, "locales/*.toml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	languages := make([]string, len(files))
	for i, file := range files {
		languages[i] = strings.TrimSuffix(path.Base(file), ".toml")
	}
	return languages
}
