package man

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Compare fills the lines "@NAME@" of a page's source, such as "vpn-otpd.8.in",
// and makes sure that the page beside it, "vpn-otpd.8", says the same. With update
// it writes the page. The error says how to bring the page up to date.
func Compare(source string, parts map[string]string, update bool) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("reading the source of a manual page: %w", err)
	}
	filled := string(content)
	for name, part := range parts {
		line := "@" + name + "@\n"
		if !strings.Contains(filled, line) {
			return fmt.Errorf("%s has no line %q", source, line)
		}
		filled = strings.ReplaceAll(filled, line, part)
	}
	target := strings.TrimSuffix(source, ".in")
	if update {
		return os.WriteFile(target, []byte(filled), 0o644)
	}
	old, err := os.ReadFile(target)
	if err == nil && !bytes.Equal(old, []byte(filled)) {
		err = errors.New("it is not what the program says")
	}
	if err != nil {
		return fmt.Errorf("%s: %w (go generate ./cmd/... writes it)", target, err)
	}
	return nil
}
