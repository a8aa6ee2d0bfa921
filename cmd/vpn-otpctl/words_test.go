package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"vpn-otpd/radiusd/admin"
)

// reasonsOfTheGate reads the constants where they stand: the tool itself doesn't
// import the gate.
func reasonsOfTheGate(t *testing.T) (reasons []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../radiusd/access/reason.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, value := range spec.Values {
				reason, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Error(err)
				}
				reasons = append(reasons, reason)
			}
		}
		return true
	})
	slices.Sort(reasons)
	if len(reasons) < 30 {
		t.Fatalf("only %d reasons found", len(reasons))
	}
	return reasons
}

func TestHappened(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]admin.Record{
		"the code was wrong - check the phone's clock": {Event: "login", Reason: "code_wrong", Detail: "verdict=reject device=\"phone\" clock=off failures=1"},
		"the code was wrong":                           {Event: "login", Reason: "code_wrong", Detail: `verdict=reject device="a \" clock=off b" failures=1`},
		"new reason":                                   {Event: "login", Reason: "new_reason"},
		"reset by helen (uid 1042)":                    {Event: "reset", Actor: &admin.Actor{UID: 1042, Name: "helen"}},
		"unlocked by uid 1042":                         {Event: "unlocked", Actor: &admin.Actor{UID: 1042}},
		"device added by self":                         {Event: "device_added", Actor: &admin.Actor{UID: -1, Name: "self"}},
		"reset by hand":                                {Event: "reset_by_hand"},
		"ALARM: stolen?":                               {Event: "alarm", Reason: "code_wrong", Detail: "stolen?"},
	} {
		if got := happened(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}
