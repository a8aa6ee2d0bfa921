package enroll

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// Strangers' wrong passwords don't push off the page what was changed.
func TestRefusalsLeaveRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolled("Phone")
	w.standing.Records = []store.Record{{Event: access.EventDeviceAdded, At: time.Now().Add(-time.Hour)}}
	for n := range 20 {
		w.standing.Refusals = append(w.standing.Refusals, store.Refusals{Minute: time.Now().Add(-time.Duration(n) * time.Minute),
			Reason: string(access.PasswordWrong), Client: "vpn1", Source: fmt.Sprintf("198.51.%d.0/24", n), Count: 1})
	}
	b := w.browser(t)
	b.signIn(w)
	b.get("").is(http.StatusOK, "198.51.0.0/24", w.handler.texts.catalogs["en"].of("event", access.EventDeviceAdded)).without("198.51.4.0/24")
}
