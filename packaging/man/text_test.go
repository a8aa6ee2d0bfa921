package man

import "testing"

func TestText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"a sentence begins a line":    {"One. Two (a.b).", "One.\nTwo (a.b).\n"},
		"a paragraph":                 {"One.\n\nTwo.", "One.\n.Pp\nTwo.\n"},
		"no command from a text":      {".Sh NO\n'br", "\\&.Sh NO\n\\(aqbr\n"},
		"no escape from a text":       {`\fBa\n --b`, "\\efBa\\en \\-\\-b\n"},
		"indented lines stay as they": {"So:\n  a  b\n  .c", "So:\n.Bd -literal -offset indent -compact\na  b\n\\&.c\n.Ed\n"},
	} {
		if got := Text(c.text); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got, want := argument(`a "b"`), `"a \(dqb\(dq"`; got != want {
		t.Errorf("argument: got %s, want %s", got, want)
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	const content = `# What holds: 1 to 2.
# a = 1
# b = 2

[t]
# One [[t.c]] each.
#
# [[t.c]]
# d = "x"                        # first
#                                # "y": second
`
	const want = `.Bl -tag -width Ds
.It Ic a No = Li "1"
.It Ic b No = Li "2"
What holds: 1 to 2.
.El
.Ss "[t]"
.Pp
One [[t.c]] each.
.Ss "[[t.c]]"
.Bl -tag -width Ds
.It Ic d No = Li "\(dqx\(dq"
first
.Pp
"y": second
.El
`
	if got := Configuration(content); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
