package ldap_test

import (
	"runtime"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

// BenchmarkVerify asks a server that takes 5 ms for each answer, as often at
// once as the daemon has workers. A login is a search and a bind.
func BenchmarkVerify(b *testing.B) {
	f := (&fake{search: alice, delay: 5 * time.Millisecond}).start(b)
	l := open(b, ldap.Options{Servers: []string{f.url}, BindDN: "cn=reader", BindPassword: "secret"})
	const workers = 256
	b.SetParallelism(workers / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Verify(b.Context(), access.Question{Name: "alice", Password: []byte("secret")}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
}
