package notice

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"vpn-otpd/radiusd/access"
)

//go:embed locales/*.toml
var locales embed.FS

// fallback is the language where none is named.
const fallback = "en"

// catalog is one language.
type catalog struct {
	Date          string             `toml:"date"`
	Time          string             `toml:"time"`
	Account       string             `toml:"account"`
	Device        string             `toml:"device"`
	Address       string             `toml:"address"`
	Actor         string             `toml:"actor"`
	Self          string             `toml:"self"`
	Administrator string             `toml:"administrator"`
	NotYou        string             `toml:"not_you"`
	NotExpected   string             `toml:"not_expected"`
	Page          string             `toml:"page"`
	Automatic     string             `toml:"automatic"`
	Events        map[string]wording `toml:"events"`
}

// wording is what is said about one event.
type wording struct {
	Subject string `toml:"subject"`
	Text    string `toml:"text"`
}

// anyEvent is the wording of events that have none of their own.
const anyEvent = "any"

// events are those that have a wording of their own, by the names in the audit log.
func events() []string {
	return []string{
		access.EventDeviceAdded, access.EventDeviceRemoved, access.EventDeviceReplaced, access.EventReset, access.EventResetByHand,
		access.EventRecoveryCodes, access.EventTicketMade, access.EventTicketOther, access.EventAlarm, access.EventCodeGiven, access.EventUnlocked,
		access.EventUserDisabled, access.EventPasswordSet, access.EventDeviceExported, anyEvent,
	}
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

// readCatalog reads the texts that the program carries in a language.
func readCatalog(language string) (catalog, error) {
	if language == "" {
		language = fallback
	}
	if !slices.Contains(Languages(), language) {
		return catalog{}, fmt.Errorf("no texts in language %q, only in %s", language, strings.Join(Languages(), ", "))
	}
	data, err := locales.ReadFile("locales/" + language + ".toml")
	if err != nil {
		return catalog{}, err
	}
	c, err := parseCatalog(data)
	if err != nil {
		return catalog{}, fmt.Errorf("texts of %s: %w", language, err)
	}
	return c, nil
}

func parseCatalog(data []byte) (c catalog, err error) {
	meta, err := toml.Decode(string(data), &c)
	if err != nil {
		return c, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return c, fmt.Errorf("unknown key %s", unknown[0])
	}
	for event := range c.Events {
		if !slices.Contains(events(), event) {
			return c, fmt.Errorf("unknown event %s", event)
		}
	}
	return c, nil
}
