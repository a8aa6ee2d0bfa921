package main

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"vpn-otpd/enroll"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

const (
	exampleSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	exampleURI    = "otpauth://totp/vpn.example.org:alice?secret=" + exampleSecret + "&issuer=vpn.example.org"
)

// startExample serves the page of a site that is always the same.
func startExample(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address = "http://" + server.Listener.Addr().String() + "/2fa/"
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := enroll.New(enroll.Options{
		Gate: exampleUser{}, Enroller: exampleUser{}, Sessions: &keptSessions{data: make(map[string][]byte)},
		URL: parsed, Site: "vpn.example.org", Support: "helpdesk@example.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return address
}

// exampleUser has opened a ticket. Whatever the page doesn't need is nil.
type exampleUser struct {
	enroll.Gate
	enroll.Enroller
}

func (exampleUser) OpenTicket(context.Context, string, access.Pass, netip.Addr) (access.Pass, error) {
	return access.Pass{User: "alice", Kind: store.EnrollmentFirstUse, Enrollment: []byte("example")}, nil
}

func (exampleUser) Pending(context.Context, access.Pass) (access.Pending, error) {
	return access.Pending{
		Kind: store.EnrollmentFirstUse, User: "alice", Secret: exampleSecret, URI: exampleURI, Digits: 6,
		ExpiresAt: time.Date(2026, 3, 2, 9, 40, 0, 0, time.Local),
	}, nil
}

// keptSessions keeps sessions in memory.
type keptSessions struct {
	lock sync.Mutex
	data map[string][]byte
}

func (k *keptSessions) SaveSession(_ context.Context, token string, _, data []byte, _ time.Time) (bool, error) {
	k.lock.Lock()
	defer k.lock.Unlock()
	k.data[token] = data
	return true, nil
}

func (k *keptSessions) Session(_ context.Context, token string) ([]byte, bool, error) {
	k.lock.Lock()
	defer k.lock.Unlock()
	data, found := k.data[token]
	return data, found, nil
}

func (k *keptSessions) RemoveSession(_ context.Context, token string, _ []byte) (bool, error) {
	k.lock.Lock()
	defer k.lock.Unlock()
	delete(k.data, token)
	return true, nil
}
