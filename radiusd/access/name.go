package access

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// RealmRule says what becomes of the realm in a typed name.
type RealmRule string

const (
	RealmKeep  RealmRule = "keep"  // alice@example.org is not alice
	RealmStrip RealmRule = "strip" // alice@example.org and DOM\alice are alice
)

// Names makes the canonical form of names: the one form under which a user is
// known everywhere.
type Names struct{ Realm RealmRule }

// MaxNameLength is the most characters a canonical name has.
const MaxNameLength = 256

// ErrNameInvalid: no user can have this name.
var ErrNameInvalid = errors.New("a name is 1 to 256 characters of UTF-8 without control characters")

// Canonicalize returns the canonical form: without surrounding blanks, with or
// without realm by the rule, case folded, in Unicode's normalization form C.
// The canonical form of a canonical name is that name.
func (n Names) Canonicalize(typed string) (string, error) {
	if !utf8.ValidString(typed) || strings.ContainsFunc(typed, forbidden) {
		return "", ErrNameInvalid
	}
	name := fold(strings.TrimSpace(typed))
	if n.Realm == RealmStrip {
		name = strings.TrimSpace(stripRealm(name))
	}
	if name == "" || utf8.RuneCountInString(name) > MaxNameLength || strings.ContainsFunc(name, forbidden) {
		return "", ErrNameInvalid
	}
	return name, nil
}

// fold is Unicode's canonical caseless form (Unicode 3.13, D145), composed.
// Names of letters a to z, digits and the usual signs take the short way.
func fold(name string) string {
	plain := true
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return name
	}
	for range 4 { // folding can undo normalization and the other way round
		folded := norm.NFC.String(cases.Fold().String(norm.NFD.String(name)))
		if folded == name {
			break
		}
		name = folded
	}
	return name
}

func stripRealm(name string) string {
	name, _, _ = strings.Cut(name, "@")
	return name[strings.LastIndex(name, `\`)+1:]
}

// forbidden are characters that nobody sees: controls, format and bidirectional
// marks, line and paragraph separators, and what stands for a broken octet.
func forbidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r == utf8.RuneError
}
