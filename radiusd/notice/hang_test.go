package notice

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// hanging is a server that says something and then nothing more; ended is
// closed when its one client has gone.
func hanging(t *testing.T, says string, endless bool) (address string, ended chan struct{}) {
	t.Helper()
	listener, ended := listen(t), make(chan struct{})
	go func() {
		defer close(ended)
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = io.WriteString(connection, says)
		for endless {
			if _, err := io.WriteString(connection, says); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, connection)
	}()
	return listener.Addr().String(), ended
}

func TestMailServerHangs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ security, says string }{
		"silent":                {"none", ""},
		"silent, STARTTLS":      {"starttls", ""},
		"silent, TLS":           {"tls", ""},
		"after the greeting":    {"none", "220 mail.example.org\r\n"},
		"in its extensions":     {"starttls", "220 mail.example.org\r\n250-mail.example.org\r\n"},
		"in the TLS handshake":  {"starttls", "220 mail.example.org\r\n250-mail.example.org\r\n250 STARTTLS\r\n220 go on\r\n"},
		"before the recipient":  {"none", "220 mail.example.org\r\n250 mail.example.org\r\n250 ok\r\n"},
		"before the text is in": {"none", "220 mail.example.org\r\n250 mail.example.org\r\n250 ok\r\n250 ok\r\n354 go on\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, ended := hanging(t, test.says, false)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			begun := time.Now()
			err := mailTo(t, Mail{Server: address, Security: test.security}, Options{}).deliver(ctx, phone)
			final := (*finalError)(nil)
			if err == nil || errors.As(err, &final) || time.Since(begun) > connectWithin/2 {
				t.Errorf("after %s: %v", time.Since(begun), err)
			}
			awaitEnd(t, ended)
		})
	}
}

// A server that greets without end is left, long before the delivery's time.
func TestMailServerWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, says := range []string{"220-" + strings.Repeat("x", 1000) + "\r\n", strings.Repeat("x", 1000)} {
		address, ended := hanging(t, says, true)
		err := mailTo(t, Mail{Server: address, Security: "none"}, Options{}).deliver(t.Context(), phone)
		if err == nil || !strings.Contains(err.Error(), "more than 262144 octets") {
			t.Errorf("the error is %v", err)
		}
		awaitEnd(t, ended)
	}
}

// awaitEnd waits until the server has seen its client go.
func awaitEnd(t *testing.T, ended chan struct{}) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the connection was left open")
	}
}

// What a server has taken is delivered, whatever it says afterwards.
func TestMailServerFailsAtTheFarewell(t *testing.T) {
	t.Parallel()
	address, ended := hanging(t, "220 mail.example.org\r\n250 mail.example.org\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n502 what?\r\n502 what?\r\n", false)
	if err := mailTo(t, Mail{Server: address, Security: "none"}, Options{}).deliver(t.Context(), phone); err != nil {
		t.Errorf("it would be sent again: %v", err)
	}
	awaitEnd(t, ended)
}
