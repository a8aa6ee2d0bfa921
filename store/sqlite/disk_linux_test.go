package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

// ownDisk tells a child process where to mount a small disk of its own.
const ownDisk = "VPN_OTPD_TEST_DISK"

// On a disk that is full, and on one that is read-only, nothing is said to be
// kept that isn't; with room again the store goes on.
func TestDisk(t *testing.T) {
	if folder := os.Getenv(ownDisk); folder != "" {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=4m"); err != nil {
			t.Skipf("no disk of our own: %v", err)
		}
		t.Run("Full", func(t *testing.T) { testFullDisk(t, folder) })
		t.Run("ReadOnly", func(t *testing.T) { testReadOnlyDisk(t, folder) })
		return
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=^TestDisk$", "-test.v")
	child.Env = append(os.Environ(), ownDisk+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{ // its mounts go with it
		Cloneflags:   syscall.CLONE_NEWUSER,
		Unshareflags: syscall.CLONE_NEWNS,
		UidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	output, err := child.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &failed):
		t.Skipf("no user namespace of our own: %v", err)
	case strings.Contains(string(output), "--- SKIP: TestDisk"):
		t.Skipf("%s", output)
	case err != nil || !strings.Contains(string(output), "--- PASS: TestDisk/ReadOnly"):
		t.Errorf("%v\n%s", err, output)
	}
}

// fill writes a file until no octet more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size := 1 << 16; size > 0; {
		if n, err := file.Write(make([]byte, size)); err != nil && n == 0 {
			size /= 2
		}
	}
}

func testFullDisk(t *testing.T, folder string) {
	path, ballast := filepath.Join(folder, "store.sqlite"), filepath.Join(folder, "ballast")
	s := open(t, path)
	storetest.Full(t, s, "alice")
	alice, _, err := s.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	fill(t, ballast)
	said, refusals, step := int64(0), 0, int64(0)
	kept := make(map[string]bool)
	for refusals < 20 && step < 10_000 {
		step++
		name := fmt.Sprint("user", step)
		won := false
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			_, added := tx.AddAccount(name)
			burnt, burning := tx.BurnStep(alice.Devices[0], step, nil)
			won = burnt
			return errors.Join(added, burning, tx.SetPasswordHash(name, strings.Repeat("x", 3000)), tx.Audit(store.Record{Event: "login"}))
		})
		if err != nil {
			refusals++
		} else if said = step; !won {
			t.Errorf("step %d was lost", step)
		}
		kept[name] = err == nil
	}
	if refusals == 0 {
		t.Fatal("the disk never was full")
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("a probe of a full disk")
	}
	sameAsSaid(t, s, kept, said)
	if other, err := Open(t.Context(), filepath.Join(folder, "other.sqlite"), store.Keys{storetest.Key(1)}, store.Options{}); err == nil {
		t.Error("a store was made on a full disk")
		other.Close()
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Probe(t.Context()), addUser(s, "bob")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	s.Close()
	s = open(t, path)
	sameAsSaid(t, s, kept, said)
	s.Close()
}

// sameAsSaid checks that what Update returned nil for is there, and no more.
func sameAsSaid(t *testing.T, s *store.Store, kept map[string]bool, said int64) {
	t.Helper()
	for name, want := range kept {
		if _, found, err := s.Account(t.Context(), name); found != want || err != nil {
			t.Errorf("%s: said to be kept: %v, found: %v, %v", name, want, found, err)
		}
	}
	alice, _, err := s.Account(t.Context(), "alice")
	if err != nil || alice.Devices[0].LastStep != said {
		t.Errorf("said that step %d is burnt; %+v, %v", said, alice.Devices, err)
	}
	chains, err := s.VerifyAudit(t.Context(), nil)
	if err != nil || len(chains) == 1 && chains[0].Broken != 0 {
		t.Errorf("the audit chain: %+v, %v", chains, err)
	}
}

// testReadOnlyDisk goes on with the store that testFullDisk left.
func testReadOnlyDisk(t *testing.T, folder string) {
	path := filepath.Join(folder, "store.sqlite")
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, filepath.Join(folder, "new.sqlite")} {
		if s, err := Open(t.Context(), path, store.Keys{storetest.Key(1)}, store.Options{}); err == nil {
			t.Errorf("%s was opened on a read-only disk", path)
			s.Close()
		}
	}
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if err := addUser(open(t, path), "carol"); err != nil {
		t.Errorf("writable again: %v", err)
	}
}
