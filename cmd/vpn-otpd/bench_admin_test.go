package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vpn-otpd/radiusd/admin"
	"vpn-otpd/store"
)

const benchmarkUsers = 100_000

// BenchmarkAdministration asks a daemon of 100,000 enrolled users, who have 300,000
// audit records, through its socket. The whole list should take less than 1 s;
// what is asked about one user, 10 ms.
func BenchmarkAdministration(b *testing.B) {
	d := startDaemon(b, codeClient)
	populate(b, d.store, benchmarkUsers)
	client := admin.NewClient(d.current().Admin.Socket)
	name := fmt.Sprintf("user%06d", benchmarkUsers/2)
	for what, ask := range map[string]func() error{
		"list": func() error { return listAll(b, client) },
		"show": func() error {
			_, err := client.User(b.Context(), name)
			return err
		},
		"explain": func() error {
			_, err := client.Explain(b.Context(), name, "nas", "192.0.2.7")
			return err
		},
		"log_user": func() error {
			page, err := client.Log(b.Context(), admin.LogQuery{User: name})
			if err == nil && len(page.Records) != 3 {
				err = fmt.Errorf("%d records", len(page.Records))
			}
			return err
		},
		"log_newest": func() error {
			_, err := client.Log(b.Context(), admin.LogQuery{})
			return err
		},
		"verify": func() error {
			_, err := client.VerifyLog(b.Context(), "", nil)
			return err
		},
	} {
		b.Run(what, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func listAll(b *testing.B, client *admin.Client) error {
	users := 0
	for after := ""; ; {
		page, err := client.List(b.Context(), after, admin.MaxPage)
		if err != nil {
			return err
		}
		users += len(page.Users)
		if after = page.Next; after == "" {
			break
		}
	}
	if users != benchmarkUsers {
		return fmt.Errorf("%d users are listed", users)
	}
	return nil
}

// BenchmarkRollout is the whole of vpn-otpctl rollout, of 100,000 users of whom every
// tenth is enrolled, under a hundred rules. It should take less than 3 s.
func BenchmarkRollout(b *testing.B) {
	tool := filepath.Join(b.TempDir(), "vpn-otpctl")
	if output, err := exec.Command("go", "build", "-o", tool, "vpn-otpd/cmd/vpn-otpctl").CombinedOutput(); err != nil {
		b.Fatalf("building vpn-otpctl: %v\n%s", err, output)
	}
	configuration := codeClient
	for n := range 100 {
		configuration += fmt.Sprintf("[[policy]]\nname = \"group %d\"\ngroups = [\"group %d\"]\ntwo_factor = \"required\"\n", n, n)
	}
	d := startDaemon(b, configuration)
	err := d.store.Update(b.Context(), func(tx *store.Tx) error {
		for n := range benchmarkUsers {
			if err := addRolloutUser(tx, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	const want = "10000 enrolled, 90000 must enroll (0 late), 0 exempt, 0 may do without, 0 disabled\n"
	for b.Loop() {
		report, err := exec.CommandContext(b.Context(), tool, "--socket", d.current().Admin.Socket, "rollout").Output()
		if err != nil || !strings.HasSuffix(string(report), want) {
			b.Fatalf("%v: %.200s", err, report)
		}
	}
}

// addRolloutUser adds a user of one of the groups, with a device or without.
func addRolloutUser(tx *store.Tx, n int) error {
	name := fmt.Sprintf("user%06d", n)
	_, err := tx.AddAccount(name)
	err = errors.Join(err, tx.SetGroups(name, "bench", []string{fmt.Sprintf("group %d", n%100)}))
	if n%10 == 0 {
		_, deviceErr := tx.AddDevice(store.Device{User: name, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}, testKey.Secret)
		err = errors.Join(err, deviceErr)
	}
	return err
}

// populate adds users with a device, recovery codes and three records each.
func populate(b *testing.B, s *store.Store, users int) {
	b.Helper()
	const batch = 1000
	for first := 0; first < users; first += batch {
		err := s.Update(b.Context(), func(tx *store.Tx) error {
			for n := first; n < first+batch; n++ {
				if err := addBenchmarkUser(tx, fmt.Sprintf("user%06d", n)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func addBenchmarkUser(tx *store.Tx, name string) error {
	_, err := tx.AddAccount(name)
	_, deviceErr := tx.AddDevice(store.Device{User: name, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}, testKey.Secret)
	err = errors.Join(err, deviceErr, tx.ReplaceRecoveryCodes(name, [][]byte{{1}, {2}, {3}}))
	for _, event := range []string{"user_added", "device_added", "login"} {
		err = errors.Join(err, tx.Audit(store.Record{Event: event, User: name, Actor: store.Actor{UID: -1}}))
	}
	return err
}
