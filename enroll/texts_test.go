package enroll

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// constants are the values of all constants of a package that match, by their
// type's name, or else by the constant's.
func constants(t *testing.T, folder, typeName string, name *regexp.Regexp) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			typed, _ := spec.Type.(*ast.Ident)
			if !ok || literal.Kind != token.STRING || typed != nil && typed.Name != typeName || typed == nil && (name == nil || !name.MatchString(spec.Names[0].Name)) {
				return true
			}
			value, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
			return true
		})
	}
	return values
}

// Every word of the vocabulary has a text in every language.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	all, err := newTexts()
	if err != nil {
		t.Fatal(err)
	}
	const access = "../radiusd/access"
	for section, words := range map[string][]string{
		"fault":  constants(t, access, "EnrollmentFault", nil),
		"closed": constants(t, access, "Closed", nil),
		"reason": constants(t, access, "Reason", nil),
		"event":  constants(t, access, "none", regexp.MustCompile(`^Event`)),
	} {
		if len(words) < 4 {
			t.Fatalf("only %d words for %s", len(words), section)
		}
		for _, word := range words {
			if word == "login" {
				continue // it is told by its reason
			}
			for language, c := range all.catalogs {
				if c.of(section, word) == "" {
					t.Errorf("%s has no %s.%s", language, section, word)
				}
			}
		}
	}
}

// Every text is used, and every text that is used is there.
func TestTextsAreUsed(t *testing.T) {
	t.Parallel()
	all, err := newTexts()
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				sources.Write(text)
			}
		}
	}
	for _, match := range regexp.MustCompile(`\.T\.([a-z]+)\.([a-z_]+)`).FindAllStringSubmatch(sources.String(), -1) {
		used[match[1]+"."+match[2]] = true
		if all.catalogs[fallback].of(match[1], match[2]) == "" {
			t.Errorf("there is no text %s.%s", match[1], match[2])
		}
	}
	for section, keys := range all.catalogs[fallback] {
		for key := range keys {
			quoted := strings.Contains(sources.String(), `"`+key+`"`) || strings.HasSuffix(key, "_title") || key == "title"
			if !used[section+"."+key] && !quoted && section != "reason" && section != "event" && section != "fault" && section != "closed" && section != "alert" && section != "problem" {
				t.Errorf("nothing uses %s.%s", section, key)
			}
		}
	}
}

func TestIncompleteTexts(t *testing.T) {
	t.Parallel()
	whole := catalog{"a": {"b": "c %s", "d": "e"}}
	for name, c := range map[string]catalog{
		"missing": {"a": {"b": "c %s"}}, "empty": {"a": {"b": "c %s", "d": ""}}, "more": {"a": {"b": "c %s", "d": "e", "f": "g"}}, "places": {"a": {"b": "c", "d": "e"}}, "nothing": {},
	} {
		if c.complete(whole) == nil {
			t.Errorf("%s: taken for complete", name)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for asked, want := range map[string]string{
		"": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.5": "de", "fr-CA": "fr", "nl-BE;q=0.8, fr;q=0.4": "nl", "es, pt;q=0.5": "en", "es, nl;q=0.2": "nl",
		"en-GB": "en", "*": "en", "junk;;;": "en", "de" + strings.Repeat(", fr;q=0.1", 100): "en",
	} {
		b := w.browser(t)
		b.header.Set("Accept-Language", asked)
		if a := b.get("").is(http.StatusOK); !strings.Contains(a.body, `<html lang="`+want+`">`) || a.header.Get("Content-Language") != want {
			t.Errorf("%.40q: not %s", asked, want)
		}
	}
	b := w.browser(t)
	b.header.Set("Accept-Language", "de")
	b.get("").is(http.StatusOK, "Passwort", `value="fr" lang="fr"`)
	b.post("language", "language", "fr").leadsTo("")
	b.get("").is(http.StatusOK, "Mot de passe", `<html lang="fr">`)
	b.post("language", "language", "xx").is(http.StatusBadRequest)
	b.post("language").is(http.StatusBadRequest)
}

// The switch leads back to our own pages only.
func TestLanguageLeadsBack(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser(t)
	for page, want := range map[string]string{
		"": "", "enroll": "enroll", "K7QM-4XHT": "K7QM-4XHT", "enroll?x=1": "enroll", "signout": "", "change?do=add": "",
		"//evil.example": "", "https://evil.example": "", "/evil": "", "..": "", "?return=https://evil.example/": "",
		"?return=https%3A%2F%2Fportal.example.org%2Fvpn": "?return=https%3A%2F%2Fportal.example.org%2Fvpn", "\r\nX: y": "", "?%zz": "",
	} {
		b.post("language", "language", "en", "page", page).leadsTo(want)
	}
}
