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
	logInOver(b, nodes)
}

// logInOver logs b.N users in, 64 in progress.
func logInOver(b *testing.B, nodes []*running) {
	const abreast = 64
	var next, accepted atomic.Int64
	var all sync.WaitGroup
	code := codeNow(b)
	b.ResetTimer()
	began := time.Now()
	for worker := range abreast {
		conn, err := client.Dial(b.Context(), nodes[worker%len(nodes)].target())
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

// BenchmarkReplays sends every code a thousand times, to two daemons at once that
// share a PostgreSQL, 2,048 requests in progress: it fails where one is accepted
// twice, or never. -benchtime=100000x.
func BenchmarkReplays(b *testing.B) {
	nodes := startNodes(b, startPostgres(b).Database(b), 2, codeClient)
	const replays, abreast, shared = 1000, 2048, 64
	users := b.N/replays + 1
	addUsers(b, nodes[0].store, users)
	accepted := make([]atomic.Int64, users)
	codes := make([]func() string, users) // that of the moment when the first asks
	for user := range codes {
		codes[user] = sync.OnceValue(func() string { return codeNow(b) })
	}
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	began := time.Now()
	for socket := range abreast / shared {
		target := nodes[socket%2].target()
		conn, err := client.Dial(b.Context(), target)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		for range shared {
			all.Go(func() {
				for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
					user := int(n / replays)
					reply, err := conn.Exchange(b.Context(), loginRequest(fmt.Sprint("user", user), codes[user]()))
					if err != nil {
						b.Error(err)
					} else if reply.Code == radius.CodeAccessAccept {
						accepted[user].Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "replays/s")
	for user := range (b.N + replays - 1) / replays {
		if n := accepted[user].Load(); n != 1 {
			b.Errorf("user%d's code was accepted %d times", user, n)
		}
	}
}
