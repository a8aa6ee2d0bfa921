package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// The imports go one way. A package may import of ours what stands here, and
// of others nothing that is kept for somebody else.
var mayImport = map[string][]string{
	"cmd/vpn-otpd":           {"*"},
	"cmd/vpn-otpctl":         {"radiusd/admin", "radiusd/client"},
	"cmd/radius-load":        {"radiusd/client", "radiusd/totp"},
	"radiusd":                {"radiusd/access", "radiusd/attribute", "radiusd/prompt"},
	"radiusd/client":         {},
	"radiusd/access":         {"radiusd/totp", "store"},
	"radiusd/attribute":      {"radiusd/access"},
	"radiusd/totp":           {},
	"radiusd/password":       {"radiusd/access", "store"},
	"radiusd/password/local": {"radiusd/access", "store"},

	"radiusd/password/ldap":     {"radiusd/access"},
	"radiusd/password/upstream": {"radiusd/access", "radiusd/client"},

	"radiusd/prompt":              {"radiusd/access"},
	"radiusd/admin":               {"radiusd/access", "store"},
	"radiusd/notice":              {"radiusd/access", "store"},
	"radiusd/clock":               {},
	"enroll":                      {"enroll/signin/oidc", "radiusd/access", "store"},
	"store":                       {},
	"store/sqlite":                {"store"},
	"store/postgres":              {"store"},
	"store/postgres/postgrestest": {},
	"store/storetest":             {"store"},
	"store/exchange":              {},
	"packaging/man":               {},

	"enroll/signin/oidc":   {"radiusd/access"},
	"enroll/signin/header": {"radiusd/access"},
}

// keptFor are packages that only some of ours may import.
var keptFor = map[string][]string{
	"layeh.com/radius":       {"cmd/radius-load", "radiusd", "radiusd/client"},
	"github.com/jackc/pgx":   {"store/postgres"},
	"modernc.org/sqlite":     {"store/sqlite", "store/exchange"},
	"database/sql":           {"store", "store/sqlite", "store/postgres", "store/exchange"},
	"net/http":               {"enroll", "enroll/signin/oidc", "enroll/signin/header", "radiusd/admin", "radiusd/notice", "cmd/vpn-otpd"},
	"github.com/pquerna/otp": {"radiusd/totp"},

	"github.com/go-ldap/ldap":     {"radiusd/password/ldap"},
	"github.com/alexedwards/scs":  {"enroll"},
	"github.com/wneessen/go-mail": {"radiusd/notice"},
	"github.com/coreos/go-oidc":   {"enroll/signin/oidc"},
	"golang.org/x/oauth2":         {"enroll/signin/oidc"},
}

// never are packages that one of ours must not import.
var never = map[string][]string{
	"radiusd/access": {"net", "net/http", "database/sql"},
}

type listedPackage struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("go", "list", "-json=ImportPath,Imports", "vpn-otpd/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := json.NewDecoder(strings.NewReader(string(output)))
	seen := 0
	for {
		var p listedPackage
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		checkImports(t, p)
	}
	if seen < len(mayImport) {
		t.Errorf("go list named %d packages, the table has %d", seen, len(mayImport))
	}
}

func checkImports(t *testing.T, p listedPackage) {
	own := strings.TrimPrefix(p.ImportPath, "vpn-otpd/")
	allowed, listed := mayImport[own]
	if !listed {
		t.Errorf("package %s has no place in the table of imports", own)
	}
	for _, path := range p.Imports {
		if ours, ok := strings.CutPrefix(path, "vpn-otpd/"); ok && !contains(allowed, ours) && !contains(allowed, "*") {
			t.Errorf("%s must not import %s", own, ours)
		}
		for kept, users := range keptFor {
			if (path == kept || strings.HasPrefix(path, kept+"/")) && !contains(users, own) {
				t.Errorf("%s must not import %s: it is kept for %v", own, path, users)
			}
		}
		if contains(never[own], path) {
			t.Errorf("%s must not import %s", own, path)
		}
	}
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
