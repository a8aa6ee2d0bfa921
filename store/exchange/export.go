package exchange

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteURIs writes the devices of an account as otpauth URIs, one a line, for
// another system. The caller brings the form of a URI. What wouldn't be read
// back by [URIs] as the same device isn't written and is an error; a name that
// reads back as another one, for the form has no place for its colon, is
// written and reported.
func WriteURIs(out io.Writer, account Account, uri func(name string, d Device) string) ([]Skipped, error) {
	var reports []Skipped
	for _, d := range account.Devices {
		line := uri(account.Name, d)
		name, read, fault := parseURI(line)
		same := bytes.Equal(read.Secret, d.Secret) && read.Algorithm == d.Algorithm && read.Digits == d.Digits && read.Period == d.Period
		if fault != "" || !same || strings.ContainsAny(line, "\r\n") || len(line) >= maxLine {
			return reports, fmt.Errorf("writing device %q of user %q: its URI can't be read back", d.Label, printable(account.Name))
		}
		if name != account.Name {
			reports = append(reports, Skipped{Place: d.Place, Name: printable(account.Name),
				Reason: fmt.Sprintf("written under the name %q: a label has no other place for the user's own", printable(name))})
		}
		if _, err := io.WriteString(out, line+"\n"); err != nil {
			return reports, fmt.Errorf("writing the URIs: %w", err)
		}
	}
	return reports, nil
}
