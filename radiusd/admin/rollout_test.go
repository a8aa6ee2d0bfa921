package admin

import (
	"reflect"
	"testing"
	"time"
)

func TestRolloutPart(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	part, err := NewClient(w.socket).Rollout(t.Context(), "alice", 7)
	if call, _ := w.accounts.last(); err != nil || call != `Rollout "alice" 7` {
		t.Fatalf("%s, %v", call, err)
	}
	want := Rollout{
		Due: []DueUser{
			{Name: "bob", RequiredBy: "the rule staff", Since: noon, Deadline: noon.Add(time.Hour), Late: true, Closed: "deadline"},
			{Name: "carol", RequiredBy: "the global policy", Closed: "no page"},
		},
		Totals: RolloutTotals{Enrolled: 1, Due: 2, Late: 3, Exempt: 4, NotRequired: 5, Disabled: 6},
		Next:   "carol",
	}
	if !reflect.DeepEqual(part, want) {
		t.Errorf("%+v\nwant %+v", part, want)
	}
}

func TestRememberedLogins(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	client := NewClient(w.socket)
	live, err := client.RememberedLogins(t.Context(), oddName)
	if want := (RememberedLogin{Client: "vpn1", CallingStation: "192.0.2.7", Since: noon, Until: noon.Add(time.Hour)}); err != nil || len(live) != 1 || live[0] != want {
		t.Errorf("%+v, %v", live, err)
	}
	forgotten, err := client.ForgetLogins(t.Context(), "alice")
	if call, actor := w.accounts.last(); err != nil || forgotten != 2 || call != `ForgetLogins "alice"` || actor.Name == "" {
		t.Errorf("%d, %v, %s by %+v", forgotten, err, call, actor)
	}
	user, err := client.User(t.Context(), "alice")
	if err != nil || user.RememberedLogins != 1 {
		t.Errorf("%+v, %v", user, err)
	}
}
