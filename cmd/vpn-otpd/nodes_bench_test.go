package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/client"
)

// BenchmarkPostgresLogins makes durable logins, each of another user, over two
// daemons that share a PostgreSQL on this machine, 64 in progress. Every code is
// used within its minute: -benchtime=10000x.
func BenchmarkPostgresLogins(b *testing.B) {
	nodes := startNodes(b, startPostgres(b).Database(b), 2, codeClient)
	addUsers(b, nodes[0].store, b.N)
	const abreast = 64
	var next, accepted atomic.Int64
	var all sync.WaitGroup
	code := codeNow(b)
	b.ResetTimer()
	began := time.Now()
	for worker := range abreast {
		conn, err := client.Dial(b.Context(), nodes[worker%2].target())
		if err != nil {
			b.Fatal(err)
		}
		all.Go(func() {
			defer conn.Close()
			for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
				reply, err := conn.Exchange(b.Context(), loginRequest(fmt.Sprint("user", n), code))
				if err != nil {
					b.Error(err)
				} else if reply.Code == radius.CodeAccessAccept {
					accepted.Add(1)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(accepted.Load())/time.Since(began).Seconds(), "logins/s")
	if accepted.Load() != int64(b.N) {
		b.Errorf("%d of %d were accepted", accepted.Load(), b.N)
	}
}
