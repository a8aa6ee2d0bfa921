package admin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"vpn-otpd/store"
)

// A request that came past the guard has a peer; one that has none is refused.
func TestNoPeerNoAnswer(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	answer := &statusOnly{header: http.Header{}}
	request, err := http.NewRequest("POST", "/v1/users/alice/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	w.server.handler().ServeHTTP(answer, request)
	if call, _ := w.accounts.last(); answer.status != http.StatusForbidden || call != "" {
		t.Errorf("status %d, call %q", answer.status, call)
	}
}

// Nothing of a body is ever logged, whatever became of it.
func TestBodiesAreNotLogged(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	w.accounts.err = errors.New("failed")
	client := NewClient(w.socket)
	_ = client.SetPassword(t.Context(), "alice", "hunter2")
	_, _ = client.AddDevice(t.Context(), "alice", NewDevice{Secret: "ORSXG5BAORSXG5BA"})
	w.raw(t, post("/v1/users", `{"name":"a","password":"hunter2"`))
	if log := w.log.String(); strings.Contains(log, "hunter2") || strings.Contains(log, "ORSXG5BA") || !strings.Contains(log, "failed") {
		t.Errorf("log: %s", log)
	}
}

func TestMoreBadRequests(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	put := func(path, body string) string { return strings.Replace(post(path, body), "POST", "PUT", 1) }
	get := func(path string) string { return strings.Replace(post(path, ""), "POST", "GET", 1) }
	for request, want := range map[string]string{
		put("/v1/users/a/disabled", "null"):                                                 `"disabled\" is missing`,
		put("/v1/users/a/disabled", "{}"):                                                   `"disabled\" is missing`,
		put("/v1/users/a/password", "{}"):                                                   `"password\" is missing`,
		put("/v1/users/a/password", `{"password":null}`):                                    `"password\" is missing`,
		put("/v1/users/a/password", `{"password":271828}`):                                  "wrong type",
		post("/v1/users", `{"password":"x"}`):                                               `"name\" is missing`,
		post("/v1/users", `{"name":"a"}]`):                                                  "more than one",
		post("/v1/users/a/devices", `{"label":"x"}`):                                        `"secret\" is missing`,
		post("/v1/users/a/code", `{"valid_seconds":0,"uses":1}`):                            "366 days",
		post("/v1/users/a/code", `{"valid_seconds":9223372036854775807,"uses":1}`):          "366 days",
		post("/v1/users/a/invite", `{"valid_seconds":599}`):                                 "10 minutes to 30 days",
		post("/v1/users/a/invite", `{"valid_seconds":2592001}`):                             "10 minutes to 30 days",
		post("/v1/users/a/invite", `{"valid_seconds":-9223372036854775808}`):                "10 minutes to 30 days",
		post("/v1/users/a/invite", ""):                                                      "ends before",
		post("/v1/users/a/reset", strings.Repeat(" ", MaxBody+1)):                           "too_large",
		post("/v1/users/a/reset?dry_run=1", ""):                                             "dry_run",
		post("/v1/users//reset", ""):                                                        "unknown_route",
		post("/v1/users/../users/a/reset", ""):                                              "unknown_route",
		get("/v1/users?limit=0"):                                                            "1000",
		get("/v1/users?after=x&after=y"):                                                    "twice",
		get("/v1/users?after=%zz"):                                                          "query",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                        "unknown_route",
		"PATCH /v1/users/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":                "Allow: DELETE, GET, HEAD\r\n",
		"POST /v1/users/a/reset HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: what\r\n\r\n":     "HTTP/1.1 501",
		"POST /v1/users/a/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc":        "\"invalid\"",
		"POST /v1/users/a/reset HTTP/1.0\r\n\r\nGET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n": "204",
	} {
		conn := w.dial(t)
		if _, err := io.WriteString(conn, request); err != nil && !strings.Contains(want, "too_large") {
			t.Error(err)
		}
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil && !errors.Is(err, os.ErrClosed) && !strings.Contains(want, "too_large") {
			t.Error(err)
		}
		octets, _ := io.ReadAll(conn)
		if answer := string(octets); !strings.Contains(answer, want) || strings.Contains(answer, "271828") || strings.Count(answer, "HTTP/1.") != 1 {
			t.Errorf("%.80q: %q is missing in %q", request, want, answer)
		}
	}
}

// Without a page nobody is invited; what was refused shows no address.
func TestInvitationsRefused(t *testing.T) {
	t.Parallel()
	w := serve(t, func(s *Server) { s.EnrollURL = "" })
	request := post("/v1/users/a/invite", `{"valid_seconds":3600}`)
	if answer := w.raw(t, request); !strings.HasPrefix(answer, "HTTP/1.1 409") || !strings.Contains(answer, "no enrollment page") {
		t.Errorf("without a page: %q", answer)
	}
	if call, _ := w.accounts.last(); call != "" {
		t.Errorf("without a page: %s", call)
	}
	w = serve(t, nil)
	w.accounts.err = errors.New("failed")
	if answer := w.raw(t, request); !strings.HasPrefix(answer, "HTTP/1.1 500") || strings.Contains(answer, "K7QM") || strings.Contains(w.log.String(), "K7QM") {
		t.Errorf("refused: %q, logged %s", answer, w.log)
	}
}

func TestUserHasNoSecret(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	east := time.FixedZone("", 3600)
	w.accounts.accounts = []store.Account{{Name: "alice", CreatedAt: noon.In(east), PasswordHash: "$argon2id$...", Policy: store.PolicyDefault,
		Lock:    store.Lock{Failures: 5, Level: 1, Until: noon.Add(time.Minute)},
		Devices: []store.Device{{Label: "phone", Sealed: []byte("sealed"), LastStep: 7}}}}
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(w.raw(t, strings.Replace(post("/v1/users/alice", ""), "POST", "GET", 1)))), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"alice","created_at":"2026-11-23T12:00:00Z","disabled":false,"local_password":true,"policy":"default",` +
		`"enrolled":true,"ever_enrolled":false,"lock":{"locked":true,"until":"2026-11-23T12:01:00Z","failures":5,"level":1},` +
		`"devices":[{"label":"phone","algorithm":"","digits":0,"period":0}],"recovery_codes":0,"temporary_codes":0,"remembered_logins":1}` + "\n"
	if string(body) != want {
		t.Errorf("got  %swant %s", body, want)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for i := range 5 {
		w.accounts.accounts = append(w.accounts.accounts, store.Account{Name: fmt.Sprintf("user%d", i)})
	}
	client := NewClient(w.socket)
	var names []string
	after, pages := "", 0
	for ; pages == 0 || after != ""; pages++ {
		page, err := client.Users(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range page.Users {
			names = append(names, user.Name)
		}
		after = page.Next
	}
	if pages != 3 || strings.Join(names, " ") != "user0 user1 user2 user3 user4" {
		t.Errorf("%d pages: %q", pages, names)
	}
	if page, err := client.Users(t.Context(), "", 0); err != nil || len(page.Users) != 5 || page.Next != "" {
		t.Errorf("%+v %v", page, err)
	}
	first, err := client.List(t.Context(), "user1", 2)
	if err != nil || len(first.Users) != 2 || first.Users[0].Name != "user2" || first.Next != "user3" {
		t.Errorf("%+v %v", first, err)
	}
	if last, err := client.List(t.Context(), first.Next, 2); err != nil || len(last.Users) != 1 || last.Next != "" {
		t.Errorf("%+v %v", last, err)
	}
}
