package access

import "testing"

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1[34161]": "192.0.2.1", "192.0.2.1:34161": "192.0.2.1", " 192.0.2.1 ": "192.0.2.1",
		"2001:db8::1": "2001:db8::1", "[2001:db8::1]:34161": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "2001:db8::1[500]": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1",
		"":                 "invalid IP", "00-11-22-33-44-55": "invalid IP", "a phone number": "invalid IP", "192.0.2.1.5": "invalid IP", "[": "invalid IP",
	} {
		if got := sourceOf(text).String(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := networkOf(sourceOf("192.0.2.77")).String(); got != "192.0.2.0/24" {
		t.Error(got)
	}
	if got := networkOf(sourceOf("2001:db8:1:2:3::9")).String(); got != "2001:db8:1:2::/64" {
		t.Error(got)
	}
}
