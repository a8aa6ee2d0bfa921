package access_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

// benchUsers is how many enrolled users a benchmark's store has.
const benchUsers = 10_000

// benchWorld has users user0, user1, ... with one secret, whose codes are right
// at any time: the clock moves on by a step a round.
func benchWorld(b *testing.B) *world {
	w := enforced(b)
	secretOctets, err := totp.ParseSecret(secret)
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < benchUsers; from += 1000 {
		err := w.store.Update(b.Context(), func(tx *store.Tx) error {
			for n := from; n < from+1000; n++ {
				name := fmt.Sprint("user", n)
				w.first.users[name] = name
				if _, err := tx.AddAccount(name); err != nil {
					return err
				}
				if _, err := tx.AddDevice(store.Device{User: name, Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30}, secretOctets); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return w
}

// BenchmarkDecision is one login in each mode, the first factor at no cost, 64
// in progress. What it burns and records is on the disk before it counts.
func BenchmarkDecision(b *testing.B) {
	for _, mode := range []access.Mode{access.ModeCode, access.ModeAppend, access.ModeChallenge} {
		b.Run(string(mode), func(b *testing.B) {
			w := benchWorld(b)
			var next atomic.Int64
			b.SetParallelism(32)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := next.Add(1)
					if n%benchUsers == 0 {
						w.clock.Add(30 * time.Second)
					}
					w.login(b, mode, fmt.Sprint("user", n%benchUsers))
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
		})
	}
}

// login is a whole login. At the change of a step a code can be spent already:
// the next one is taken then.
func (w *world) login(b *testing.B, mode access.Mode, user string) {
	client := access.Client{Name: "bench", Mode: mode}
	r := access.Request{Client: client, UserName: user}
	if mode == access.ModeChallenge {
		r.Password = []byte(password)
		d, err := w.gate.Check(b.Context(), r)
		if err != nil || d.Verdict != access.Challenge {
			b.Errorf("%+v, %v", d, err)
			return
		}
		r.State = d.State
	}
	r.Password = []byte(codeOf(w, secret, 0))
	if mode == access.ModeAppend {
		r.Password = append([]byte(password), r.Password...)
	}
	d, err := w.gate.Check(b.Context(), r)
	if err != nil || d.Verdict != access.Accept && d.Reason != access.CodeUsed && !strings.HasPrefix(string(d.Reason), "code_") {
		b.Errorf("%+v, %v", d, err)
	}
}
