package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vpn-otpd/store"
)

// Webhook is an address that notices are posted to, as JSON.
type Webhook struct {
	URL    string // https, or http to a loopback address
	Secret []byte // signs the body (HMAC-SHA256); empty: unsigned
	// RootCAs are who may certify the receiver; nil: those of the system.
	RootCAs *x509.CertPool
}

// Headers of a webhook's request.
const (
	signatureHeader = "X-Vpn-Otpd-Signature" // "sha256=" and hexadecimal digits
	deliveryHeader  = "X-Vpn-Otpd-Delivery"  // the same again when a delivery is repeated
)

// Check returns what is wrong with the webhook.
func (w Webhook) Check() error {
	target, err := url.Parse(w.URL)
	switch {
	case err != nil || target.Host == "" || target.Opaque != "": // the error would show the URL, which may hold a token
		return errors.New("webhook: the URL isn't one")
	case target.Scheme == "https", target.Scheme == "http" && isLoopback(target.Hostname()):
		return nil
	}
	return errors.New("webhook: the URL must begin with https:// (http:// only to a loopback address)")
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

type webhookCarrier struct {
	webhook Webhook
	client  *http.Client
}

func newWebhookCarrier(w Webhook) (*webhookCarrier, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	return &webhookCarrier{webhook: w, client: &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: connectWithin}).DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    connectWithin,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    parallel,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		// Elsewhere is not who the administrator named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// message is the body. The id is text: as a number it would be more than
// JavaScript can count to.
type message struct {
	ID      string `json:"id"`
	Event   string `json:"event"`
	User    string `json:"user"`
	Time    string `json:"time"` // RFC 3339, UTC
	Address string `json:"address"`
	Device  string `json:"device"`
	Actor   string `json:"actor"`
}

func (c *webhookCarrier) deliver(ctx context.Context, n store.Notice) error {
	request, err := c.request(ctx, n)
	if err != nil {
		return fmt.Errorf("making the webhook's request: %w", err)
	}
	response, err := c.client.Do(request)
	if err != nil {
		if fault := (*url.Error)(nil); errors.As(err, &fault) {
			err = fault.Err // without the URL, which may hold a token
		}
		return fmt.Errorf("calling the webhook: %w", err)
	}
	defer response.Body.Close()
	// A short answer is read so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10)
	return judge(response.StatusCode)
}

func (c *webhookCarrier) request(ctx context.Context, n store.Notice) (*http.Request, error) {
	id := strconv.FormatInt(n.ID, 10)
	body, err := json.Marshal(message{
		ID: id, Event: n.Event, User: n.User, Time: n.At.UTC().Format(time.RFC3339), Address: n.Address, Device: n.Device, Actor: n.Actor,
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.webhook.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "vpn-otpd")
	request.Header.Set(deliveryHeader, id)
	if len(c.webhook.Secret) > 0 {
		mac := hmac.New(sha256.New, c.webhook.Secret)
		mac.Write(body)
		request.Header.Set(signatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return request, nil
}

// judge says what a status means: done, later, or never.
func judge(status int) error {
	err := fmt.Errorf("the webhook answered with status %d", status)
	switch status {
	// It is about this notice. What is about the address, or who may use it, can
	// be set right in time.
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return &finalError{err}
	}
	if status >= 200 && status < 300 {
		return nil
	}
	return err
}
