package enroll

import (
	"bytes"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vpn-otpd/store"
	"vpn-otpd/store/sqlite"
)

// storedSessions keeps sessions in a database on the disk.
func storedSessions(tb testing.TB) *store.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "store.sqlite"), store.Keys{bytes.Repeat([]byte{7}, store.KeySize)}, store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Sessions in the real store: from signing in to signing out.
func TestStoredSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Sessions = storedSessions(t) })
	w.enrolled("Phone")
	b := w.browser(t)
	b.signIn(w)
	b.get("").is(http.StatusOK, "Phone")
	b.post("signout").leadsTo("")
	b.get("").is(http.StatusOK, `name="password"`)
}

// BenchmarkPage asks for pages over HTTP, with sessions on the disk, and reports
// the median.
func BenchmarkPage(b *testing.B) {
	w := newWorld(b, func(o *Options) { o.Sessions = storedSessions(b) })
	signedOut, signedIn := w.browser(b), w.browser(b)
	signedIn.signIn(w)
	signedIn.post("enroll").leadsTo("enroll")
	w.with(func(f *fake) { f.busy() })
	for name, ask := range map[string]func() answer{
		"signin":  func() answer { return signedOut.get("") },
		"account": func() answer { return signedIn.get("") },
		"enroll":  func() answer { return signedIn.get("enroll") },
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begun := time.Now()
				ask().is(http.StatusOK)
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}
