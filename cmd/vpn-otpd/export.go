package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
	"vpn-otpd/store/exchange"
)

// exportDevices hands over devices as otpauth URIs that an import reads again.
func (d *server) exportDevices(ctx context.Context, actor store.Actor, user string, write func(admin.ExportLine) error) error {
	issuer := d.current().Settings.Issuer
	return d.accounts.Export(ctx, actor, user, func(name string, devices []access.ExportedDevice) error {
		for _, device := range devices {
			line, err := exportLine(issuer, name, device)
			if err == nil {
				err = write(line)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func exportLine(issuer, name string, device access.ExportedDevice) (admin.ExportLine, error) {
	account := exchange.Account{Name: name, Devices: []exchange.Device{{Label: device.Label, Secret: device.Secret,
		Algorithm: device.Algorithm, Digits: device.Digits, Period: device.Period}}}
	var text strings.Builder
	notes, err := exchange.WriteURIs(&text, account, func(name string, e exchange.Device) string {
		return totp.URI(issuer, name, totp.Key{Secret: e.Secret, Algorithm: e.Algorithm, Digits: e.Digits, Period: e.Period})
	})
	line := admin.ExportLine{User: name, Device: device.Label, URI: strings.TrimSuffix(text.String(), "\n")}
	for _, note := range notes {
		line.Note = note.Reason
	}
	return line, err
}

// importFolder is where sources of imports lie, secrets in clear among them: in
// the runtime folder, which no backup takes and no disk keeps, or beside the
// database.
func importFolder(database string) string {
	runtime, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":")
	return cmp.Or(runtime, filepath.Dir(database))
}
