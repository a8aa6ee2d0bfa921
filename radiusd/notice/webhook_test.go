package notice

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/store"
)

var phone = store.Notice{
	ID: 1 << 60, User: "müller", Event: "device_added", At: noon.In(time.FixedZone("CET", 3600)),
	Address: "192.0.2.7", Device: "Phone", Actor: "self",
}

func webhookTo(t *testing.T, w Webhook) *webhookCarrier {
	t.Helper()
	c, err := newWebhookCarrier(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.CloseIdleConnections)
	return c
}

func receiver(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	secret := []byte("a secret of ours")
	requests := make(chan *http.Request, 2)
	bodies := make(chan []byte, 2)
	server := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
		requests <- r
	})
	for _, secret := range [][]byte{secret, nil} {
		if err := webhookTo(t, Webhook{URL: server.URL + "/hook", Secret: secret}).deliver(t.Context(), phone); err != nil {
			t.Fatal(err)
		}
		r, body := <-requests, <-bodies
		const want = `{"id":"1152921504606846976","event":"device_added","user":"müller","time":"2026-11-23T12:00:00Z",` +
			`"address":"192.0.2.7","device":"Phone","actor":"self"}`
		if string(body) != want {
			t.Errorf("body %s, want %s", body, want)
		}
		if r.Method != "POST" || r.URL.Path != "/hook" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Vpn-Otpd-Delivery") != "1152921504606846976" {
			t.Errorf("%s %s with %v", r.Method, r.URL.Path, r.Header)
		}
		signature := ""
		if secret != nil {
			mac := hmac.New(sha256.New, secret)
			mac.Write(body)
			signature = "sha256=" + hex.EncodeToString(mac.Sum(nil))
		}
		if got := r.Header.Get("X-Vpn-Otpd-Signature"); got != signature {
			t.Errorf("signature %q, want %q", got, signature)
		}
	}
}

func TestWebhookStatus(t *testing.T) {
	t.Parallel()
	const done, later, never = "done", "later", "never"
	for status, want := range map[int]string{
		200: done, 201: done, 204: done, 299: done,
		301: later, 302: later, 307: later, 308: later, 304: later,
		400: never, 413: never, 415: never, 422: never,
		401: later, 403: later, 404: later, 410: later, 499: later, 408: later, 425: later, 429: later, 500: later, 502: later, 503: later, 599: later,
	} {
		server := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
		})
		err := webhookTo(t, Webhook{URL: server.URL}).deliver(t.Context(), phone)
		got := done
		if final := (*finalError)(nil); errors.As(err, &final) {
			got = never
		} else if err != nil {
			got = later
		}
		if got != want {
			t.Errorf("status %d: %s, want %s (%v)", status, got, want, err)
		}
	}
}

func TestWebhookFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var strangers atomic.Int32
	elsewhere := receiver(t, func(http.ResponseWriter, *http.Request) { strangers.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		if err := webhookTo(t, Webhook{URL: server.URL}).deliver(t.Context(), phone); err == nil {
			t.Errorf("a redirect by %d counts as done", status)
		}
	}
	if strangers.Load() != 0 {
		t.Error("the notice went elsewhere")
	}
}

// A receiver that answers without end is cut off, and one that doesn't answer
// ends with the delivery's time.
func TestWebhookBounds(t *testing.T) {
	t.Parallel()
	endless := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	if err := webhookTo(t, Webhook{URL: endless.URL}).deliver(t.Context(), phone); err != nil {
		t.Error(err)
	}
	silent := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := webhookTo(t, Webhook{URL: silent.URL}).deliver(ctx, phone); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent receiver: %v", err)
	}
}

func TestWebhookTLS(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	other, _ := certificate(t)
	if err := webhookTo(t, Webhook{URL: server.URL, RootCAs: other}).deliver(t.Context(), phone); err == nil || calls.Load() != 0 {
		t.Errorf("a stranger's certificate is taken: %v", err)
	}
	own := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if err := webhookTo(t, Webhook{URL: server.URL, RootCAs: own}).deliver(t.Context(), phone); err != nil || calls.Load() != 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestWebhookURL(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"https://hooks.example.org/a/token": true, "http://127.0.0.1:8080/": true, "http://[::1]/x": true, "http://localhost/": true, "http://127.1.2.3/": true,
		"": false, "hooks.example.org": false, "http://hooks.example.org/token": false, "http://localhost.example.org/": false, "ftp://127.0.0.1/": false,
		"https://": false, "https:hooks": false, "http://10.0.0.1/": false, "://token": false, "https://a b/token": false, "HTTP://example.org/": false,
	} {
		err := Webhook{URL: url}.Check()
		if (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "token") {
			t.Errorf("%q: the error shows the token: %v", url, err)
		}
	}
}

// The URL of a webhook often is its password.
func TestWebhookErrorHidesURL(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	err := webhookTo(t, Webhook{URL: server.URL + "/token"}).deliver(t.Context(), phone)
	if err == nil || strings.Contains(err.Error(), "token") {
		t.Errorf("the error is %v", err)
	}
}

// receiverOf is a receiver's address; it tells of each call.
func receiverOf(t *testing.T, called chan<- struct{}) string {
	t.Helper()
	return receiver(t, func(http.ResponseWriter, *http.Request) { called <- struct{}{} }).URL
}
