package main

import (
	"flag"
	"testing"

	"vpn-otpd/packaging/man"
)

//go:generate go test -count=1 -run ^TestManualPage$ . -args -update

var update = flag.Bool("update", false, "write the manual page anew")

// The manual page says what the tool says.
func TestManualPage(t *testing.T) {
	root := (&tool{}).command()
	if err := man.Compare("../../packaging/man/vpn-otpctl.8.in", map[string]string{
		"GLOBAL":   man.Flags(root.PersistentFlags()),
		"COMMANDS": man.Commands(root),
	}, *update); err != nil {
		t.Error(err)
	}
}
