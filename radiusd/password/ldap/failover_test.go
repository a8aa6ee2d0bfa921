package ldap_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

// silence accepts connections and says nothing.
func silence(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
		}
	}()
	return listener.Addr().String()
}

// Servers that can't answer are passed over; nobody waits beyond the timeout.
func TestFailover(t *testing.T) {
	t.Parallel()
	good := (&fake{search: alice}).start(t)
	busy := (&fake{search: func(string, string) ([]*goldap.Entry, result) { return nil, result{code: 51} }}).start(t)
	quiet := (&fake{search: func(string, string) ([]*goldap.Entry, result) { return nil, result{silent: true} }}).start(t)
	endless := (&fake{search: func(string, string) ([]*goldap.Entry, result) {
		return []*goldap.Entry{goldap.NewEntry("cn=a", map[string][]string{"uid": {strings.Repeat("a", 2<<20)}})}, result{}
	}}).start(t)
	dead, mute := "ldap://"+freeAddress(t), silence(t)
	for name, test := range map[string]struct {
		servers  []string
		template string
		err      error
	}{
		"dead first":             {[]string{dead, good.url}, "", nil},
		"silent first":           {[]string{"ldap://" + mute, good.url}, "", nil},
		"silent first, TLS":      {[]string{"ldaps://" + mute, good.url}, "", nil},
		"silent first, template": {[]string{"ldap://" + mute, good.url}, "uid={name},dc=org", nil},
		"silent searches":        {[]string{quiet.url, good.url}, "", nil},
		"busy first":             {[]string{busy.url, good.url}, "", nil},
		"endless answer first":   {[]string{endless.url, good.url}, "", nil},
		"all three":              {[]string{dead, "ldap://" + mute, good.url}, "", nil},
		"dead":                   {[]string{dead}, "", access.ErrBackend},
		"silent":                 {[]string{"ldap://" + mute}, "", access.ErrBackend},
		"silent, TLS":            {[]string{"ldaps://" + mute}, "", access.ErrBackend},
		"silent, template":       {[]string{"ldap://" + mute}, "uid={name},dc=org", access.ErrBackend},
		"endless answer":         {[]string{endless.url}, "", access.ErrBackend},
		"all down":               {[]string{dead, "ldap://" + mute, "ldaps://" + mute}, "", access.ErrBackend},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const timeout = 2 * time.Second // for machines that are busy
			l := open(t, ldap.Options{Servers: test.servers, BindTemplate: test.template, Timeout: timeout})
			began := time.Now()
			identity, err := verify(t, l, "alice", "secret")
			if took := time.Since(began); took > timeout+time.Second {
				t.Errorf("it took %s", took)
			}
			if !errors.Is(err, test.err) || (err == nil) != (identity.Name == "Alice") {
				t.Fatalf("got %+v, %v", identity, err)
			}
			if test.err != nil || name == "busy first" {
				return
			}
			// The server is remembered, and costs the next login nothing.
			if l.States()[0].DeadUntil.IsZero() {
				t.Error("the first server counts as alive")
			}
			began = time.Now()
			if _, err := verify(t, l, "alice", "secret"); err != nil || time.Since(began) > timeout/3 {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		})
	}
}

// A refusal is the last word, and a bind is not sent a second time, even where
// its answer is lost.
func TestNoSecondBind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		result
		err error
	}{
		"refused":  {result{code: 49}, access.ErrPasswordWrong},
		"silent":   {result{silent: true}, access.ErrBackend},
		"hangs up": {result{hangUp: true}, access.ErrBackend},
		"busy":     {result{code: 51}, access.ErrBackend},
	} {
		for _, template := range []string{"", "uid={name},dc=org"} {
			t.Run(name+" "+template, func(t *testing.T) {
				t.Parallel()
				second := (&fake{search: alice}).start(t)
				first := (&fake{search: alice, bind: func(string, string) result { return test.result }}).start(t)
				l := open(t, ldap.Options{Servers: []string{first.url, second.url}, BindTemplate: template, Timeout: 500 * time.Millisecond})
				if _, err := verify(t, l, "alice", "secret"); !errors.Is(err, test.err) {
					t.Errorf("got %v", err)
				}
				if n, m := len(first.binds()), len(second.binds()); n != 1 || m != 0 {
					t.Errorf("bound %d times here, %d times there", n, m)
				}
			})
		}
	}
}

// A service account that is refused isn't tried again and again: it might be locked.
func TestServiceAccountRefused(t *testing.T) {
	t.Parallel()
	f := (&fake{search: alice, bind: func(string, string) result { return result{code: 49} }}).start(t)
	l := open(t, ldap.Options{Servers: []string{f.url}, BindDN: "cn=reader", BindPassword: "wrong"})
	for range 5 {
		if _, err := verify(t, l, "alice", "secret"); !errors.Is(err, access.ErrBackend) {
			t.Errorf("got %v", err)
		}
	}
	if binds := f.binds(); len(binds) != 1 {
		t.Errorf("it was bound %d times", len(binds))
	}
}

// A connection that the server closed while nobody used it costs no login, and a
// server that comes back is asked again.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	var clock struct {
		sync.Mutex
		ahead time.Duration
	}
	now := func() time.Time {
		clock.Lock()
		defer clock.Unlock()
		return time.Now().Add(clock.ahead)
	}
	for _, later := range []time.Duration{0, time.Minute} { // known to be closed, and asked first
		f := (&fake{search: alice}).start(t)
		l := open(t, ldap.Options{Servers: []string{f.url}, Now: now})
		for range 3 {
			if _, err := verify(t, l, "alice", "secret"); err != nil {
				t.Fatal(err)
			}
			f.hangUp()
			time.Sleep(20 * time.Millisecond) // the server's FIN is on its way
			clock.Lock()
			clock.ahead += later
			clock.Unlock()
		}
		if binds := f.binds(); len(binds) != 3 {
			t.Errorf("%d binds for 3 logins", len(binds))
		}
	}
}

// More logins than connections wait for each other, and not for ever.
func TestAllConnectionsInUse(t *testing.T) {
	t.Parallel()
	f := (&fake{search: alice, delay: 30 * time.Millisecond}).start(t)
	l := open(t, ldap.Options{Servers: []string{f.url}, Connections: 2})
	var logins sync.WaitGroup
	for range 20 {
		logins.Go(func() {
			if _, err := verify(t, l, "alice", "secret"); err != nil {
				t.Error(err)
			}
		})
	}
	logins.Wait()
	hanging := (&fake{search: func(string, string) ([]*goldap.Entry, result) { return nil, result{silent: true} }}).start(t)
	l = open(t, ldap.Options{Servers: []string{hanging.url}, Connections: 1, Timeout: 300 * time.Millisecond})
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			_, err := l.Verify(context.Background(), access.Question{Name: "alice", Password: []byte("secret")})
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, access.ErrBackend) && !errors.Is(err, access.ErrBusy) {
			t.Errorf("got %v", err)
		}
	}
}

// Nobody waits for an answer that the caller no longer wants.
func TestCancel(t *testing.T) {
	t.Parallel()
	l := open(t, ldap.Options{Servers: []string{"ldap://" + silence(t)}})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	if _, err := l.Verify(ctx, access.Question{Name: "alice", Password: []byte("secret")}); !errors.Is(err, access.ErrBackend) {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if state := l.States()[0]; !state.DeadUntil.IsZero() || state.Abandoned != 1 {
		t.Errorf("that is held against the server: %+v", state)
	}
}

// After Close nobody is asked.
func TestClose(t *testing.T) {
	t.Parallel()
	f := (&fake{search: alice}).start(t)
	l := open(t, ldap.Options{Servers: []string{f.url}})
	if _, err := verify(t, l, "alice", "secret"); err != nil {
		t.Fatal(err)
	}
	l.Close()
	asked := len(f.log())
	if _, err := verify(t, l, "alice", "secret"); !errors.Is(err, access.ErrBackend) || len(f.log()) != asked {
		t.Errorf("got %v, it was asked %q", err, f.log()[asked:])
	}
}
