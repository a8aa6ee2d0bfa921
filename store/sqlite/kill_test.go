package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"vpn-otpd/store"
	"vpn-otpd/store/storetest"
)

// burnPath tells a child process which store to burn steps in.
const burnPath = "VPN_OTPD_TEST_BURN"

func TestMain(m *testing.M) {
	if path := os.Getenv(burnPath); path != "" {
		if err := burnForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// burnForever prints each step after it was burnt.
func burnForever(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, store.Keys{storetest.Key(1)}, store.Options{})
	if err != nil {
		return err
	}
	account, _, err := s.Account(ctx, "alice")
	if err != nil {
		return err
	}
	device := account.Devices[0]
	for step := device.LastStep + 1; ; step++ {
		var won bool
		err := s.Update(ctx, func(tx *store.Tx) (err error) {
			won, err = tx.BurnStep(device, step, nil)
			return err
		})
		if err != nil || !won {
			return fmt.Errorf("step %d: %v, %w", step, won, err)
		}
		fmt.Println(step)
	}
}

// What was said to be burnt is burnt after kill -9, at whatever moment.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.sqlite")
	s := open(t, path)
	storetest.Full(t, s, "alice")
	s.Close()
	for round := range 8 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), burnPath+"="+path)
		child.Stderr = os.Stderr
		output, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var said int64
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if said == 0 { // it is up, however slow the machine
				time.AfterFunc(rand.N(150*time.Millisecond), func() { child.Process.Kill() })
			}
			fmt.Sscan(lines.Text(), &said)
		}
		child.Wait()
		s := open(t, path)
		account, _, err := s.Account(t.Context(), "alice")
		if err != nil || said == 0 || account.Devices[0].LastStep < said {
			t.Errorf("round %d: said %d, kept %+v, %v", round, said, account.Devices, err)
		}
		s.Close()
	}
}
