package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
	"vpn-otpd/store"
	"vpn-otpd/store/sqlite"
)

// BenchmarkStart starts the daemon over a store with many enrolled users: how
// long until it is ready, and how much memory it has then and after logins.
func BenchmarkStart(b *testing.B) {
	for _, users := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			folder := b.TempDir()
			program := filepath.Join(folder, "vpn-otpd")
			if output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, output)
			}
			config := filepath.Join(folder, "vpn-otpd.toml")
			text := "two_factor_methods = [\"totp\"]\nrequire_two_factor = true\n" + codeClient +
				"[store]\npath = \"vpn-otpd.sqlite\"\nkey_file = \"key/store.key\"\n[admin]\nsocket = \"admin.sock\"\n"
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			fillStore(b, folder, users)
			var ready time.Duration
			var atStart, afterLogins int
			b.ResetTimer()
			for range b.N {
				began := time.Now()
				daemon := exec.Command(program, "serve", "--config", config)
				address := waitForReady(b, daemon)
				ready += time.Since(began)
				atStart = resident(b, daemon)
				tryLogins(b, address, users)
				afterLogins = resident(b, daemon)
				daemon.Process.Signal(syscall.SIGTERM)
				if err := daemon.Wait(); err != nil {
					b.Error(err)
				}
			}
			b.ReportMetric(float64(ready.Milliseconds())/float64(b.N), "ms-to-ready")
			b.ReportMetric(float64(atStart), "MiB-at-start")
			b.ReportMetric(float64(afterLogins), "MiB-after-logins")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fillStore makes a store with enrolled users user0, user1, ...
func fillStore(b *testing.B, folder string, users int) {
	keys, err := store.CreateKeyFile(filepath.Join(folder, "key", "store.key"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := sqlite.Open(b.Context(), filepath.Join(folder, "vpn-otpd.sqlite"), keys, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	// As at a first start: the names that follow are canonical.
	if err := adoptNameRule(b.Context(), s, access.Names{Realm: access.RealmKeep}); err != nil {
		b.Fatal(err)
	}
	addUsers(b, s, users)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// addUsers adds enrolled users user0, user1, ..., rounded up to thousands.
func addUsers(b *testing.B, s *store.Store, users int) {
	for from := 0; from < users; from += 1000 {
		err := s.Update(b.Context(), func(tx *store.Tx) error {
			for n := from; n < from+1000; n++ {
				name := fmt.Sprint("user", n)
				if _, err := tx.AddAccount(name); err != nil {
					return err
				}
				device := store.Device{User: name, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}
				if _, err := tx.AddDevice(device, testKey.Secret); err != nil {
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

// waitForReady starts the daemon and returns the address that it answers on.
func waitForReady(b *testing.B, daemon *exec.Cmd) string {
	pipe, err := daemon.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if match := radiusAddress.FindStringSubmatch(lines.Text()); match != nil {
			go func() { // or it would wait for us to read its log
				for lines.Scan() {
				}
			}()
			return strings.Fields(match[1] + match[2])[0]
		}
	}
	b.Fatal("it was never ready")
	return ""
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident is the memory that a process has now, in MiB.
func resident(b *testing.B, daemon *exec.Cmd) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", daemon.Process.Pid))
	if err != nil {
		b.Skip("there is no /proc to read the memory from")
	}
	kibibytes, _ := strconv.Atoi(string(bytes.TrimSpace(residentLine.FindSubmatch(status)[1])))
	return kibibytes / 1024
}

// tryLogins makes logins of users all over the store, 64 in progress.
func tryLogins(b *testing.B, address string, users int) {
	conn, err := client.Dial(b.Context(), client.Server{Address: address, Secret: []byte(testSecret)})
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	const logins = 2000
	var next atomic.Int64
	done := make(chan error, 64)
	code := codeNow(b)
	for range cap(done) {
		go func() {
			for n := next.Add(1); n <= logins; n = next.Add(1) {
				user := fmt.Sprint("user", int(n)*(users/logins+1)%users)
				if _, err := conn.Exchange(b.Context(), loginRequest(user, code)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}
