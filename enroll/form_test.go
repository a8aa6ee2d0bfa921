package enroll

import (
	"net/http"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

const formType = "application/x-www-form-urlencoded"

func TestForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	for name, test := range map[string]struct {
		kind, body string
		status     int
	}{
		"too large":     {formType, "username=" + strings.Repeat("x", maxBody), http.StatusRequestEntityTooLarge},
		"largest":       {formType, "x=" + strings.Repeat("x", maxBody-2), http.StatusUnprocessableEntity},
		"other type":    {"multipart/form-data; boundary=x", "--x--", http.StatusUnsupportedMediaType},
		"JSON":          {"application/json", `{"username":"alice"}`, http.StatusUnsupportedMediaType},
		"no type":       {"", "username=alice", http.StatusUnsupportedMediaType},
		"percent":       {formType, "username=%zz", http.StatusBadRequest},
		"semicolon":     {formType, "username=a;password=b", http.StatusBadRequest},
		"charset":       {formType + "; charset=utf-8", "username=alice", http.StatusUnprocessableEntity},
		"unknown field": {formType, "username=alice&password=x&admin=1", http.StatusUnprocessableEntity},
		"nothing":       {formType, "", http.StatusUnprocessableEntity},
	} {
		if a := b.do(http.MethodPost, "signin", test.kind, strings.NewReader(test.body)); a.status != test.status || !strings.Contains(a.body, "<h1>") {
			t.Errorf("%s: status %d, not %d:\n%s", name, a.status, test.status, a.body)
		}
	}
	// What stands in the query is no field.
	b.do(http.MethodPost, "signin?username=alice&password="+strings.ReplaceAll(fakePassword, " ", "+"), formType, strings.NewReader("")).
		is(http.StatusUnprocessableEntity)
}

// What the gate could not take is refused like what is wrong, and not asked.
func TestOverlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	wrong := b.post("signin", "username", "alice", "password", "wrong").is(http.StatusUnprocessableEntity)
	asked := len(w.requests)
	long := b.post("signin", "username", "alice", "password", strings.Repeat("x", maxPassword+1))
	if long.status != wrong.status || long.body != wrong.body {
		t.Errorf("a long password is told from a wrong one:\n%s", long.body)
	}
	b.post("signin", "username", strings.Repeat("x", maxUserName+1), "password", fakePassword).is(http.StatusUnprocessableEntity, "The sign-in failed")
	if len(w.requests) != asked {
		t.Error("the gate was asked")
	}
	b.post("signin", "username", strings.Repeat("x", maxUserName), "password", strings.Repeat("x", maxPassword)).is(http.StatusUnprocessableEntity)
	if len(w.requests) != asked+1 {
		t.Error("the gate was not asked about the longest")
	}
	w.enrolled("Phone")
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
	asked = len(w.requests)
	b.post("code", "code", strings.Repeat("1", 129)).is(http.StatusUnprocessableEntity, "not a code")
	if len(w.requests) != asked {
		t.Error("the gate was asked about a long code")
	}
	b.post("code", "code", fakeCode).leadsTo("")
	b.post("change", "do", "recovery", "code", strings.Repeat("1", 1000)).is(http.StatusUnprocessableEntity)
	b.get("change?do=remove&device=" + strings.Repeat("x", maxLabel+1)).is(http.StatusNotFound)
	b.post("ticket", "ticket", fakeTicket+strings.Repeat(" ", maxTicket)).is(http.StatusUnprocessableEntity)
	if w.typed != "" {
		t.Errorf("a ticket of %d octets was passed on", len(w.typed))
	}
	if w.state() == "" || w.standing.Account.RecoveryCodes != 10 || w.requests[0].Client.Name != access.WebClient {
		t.Error("something changed")
	}
}
