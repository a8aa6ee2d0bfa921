package enroll

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
)

//go:embed locales/*.toml
var localeFiles embed.FS

// fallback is the language of those who ask for none of ours; it says which
// texts there are.
const fallback = "en"

// catalog is the texts of one language, by section and key.
type catalog map[string]map[string]string

// of returns a text. The tests see to it that there is one.
func (c catalog) of(section, key string) string { return c[section][key] }

// languageName is a language as those call it who speak it.
type languageName struct{ Code, Name string }

// texts are all languages.
type texts struct {
	catalogs map[string]catalog
	names    []languageName // the fallback first, then by code
	matcher  language.Matcher
}

func newTexts() (*texts, error) {
	files, err := fs.Glob(localeFiles, "locales/*.toml")
	if err != nil {
		return nil, err
	}
	t := &texts{catalogs: make(map[string]catalog)}
	codes := []string{fallback}
	for _, file := range files {
		code := strings.TrimSuffix(path.Base(file), ".toml")
		var read catalog
		if _, err := toml.DecodeFS(localeFiles, file, &read); err != nil {
			return nil, fmt.Errorf("texts of %s: %w", code, err)
		}
		t.catalogs[code] = read
		if code != fallback {
			codes = append(codes, code)
		}
	}
	var tags []language.Tag
	for _, code := range codes {
		if err := t.catalogs[code].complete(t.catalogs[fallback]); err != nil {
			return nil, fmt.Errorf("texts of %s: %w", code, err)
		}
		t.names = append(t.names, languageName{code, t.catalogs[code].of("language", "name")})
		tags = append(tags, language.Make(code))
	}
	t.matcher = language.NewMatcher(tags)
	return t, nil
}

// complete checks that a catalog has each text of another, with as many places
// for arguments, and no more.
func (c catalog) complete(other catalog) error {
	count, want := 0, 0
	for _, keys := range c {
		count += len(keys)
	}
	for section, keys := range other {
		want += len(keys)
		for key, text := range keys {
			there := c[section][key]
			if there == "" {
				return fmt.Errorf("%s.%s is missing", section, key)
			}
			for _, verb := range []string{"%s", "%d"} {
				if strings.Count(there, verb) != strings.Count(text, verb) {
					return fmt.Errorf("%s.%s has not as many %s", section, key, verb)
				}
			}
		}
	}
	if count != want {
		return fmt.Errorf("%d texts, not %d", count, want)
	}
	return nil
}
