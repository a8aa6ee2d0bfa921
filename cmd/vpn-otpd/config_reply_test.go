package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"vpn-otpd/radiusd/access"
)

func loadReplies(t *testing.T, text string) (*Config, []Warning) {
	t.Helper()
	config, warnings, err := loadText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return config, warnings
}

const oneClient = "[[radius.client]]\nname = \"vpn1\"\nnetworks = [\"192.0.2.1/32\"]\nsecret = \"a secret that is long enough\"\n"

// Accepts that may be too large are warned of: what a user could get in all
// groups, but not what two users or two clients get together.
func TestLargeReplies(t *testing.T) {
	t.Parallel()
	half := `attributes = { Class = [` + strings.Repeat(`"`+strings.Repeat("x", 253)+`",`, 8) + "] }\n"
	for title, test := range map[string]struct {
		first, second string
		warned        bool
	}{
		"everybody twice":      {"", "", true},
		"two groups":           {"groups = [\"a\"]\n", "groups = [\"b\"]\n", true},
		"one user":             {"users = [\"alice\"]\n", "", true},
		"one user, twice":      {"users = [\"alice\"]\n", "users = [\"Alice\"]\n", true},
		"one client":           {"clients = [\"vpn1\"]\n", "", true},
		"two users":            {"users = [\"alice\"]\n", "users = [\"bob\"]\n", false},
		"two clients":          {"clients = [\"vpn1\"]\n", "clients = [\"vpn2\"]\n", false},
		"a user, and a client": {"users = [\"alice\"]\n", "clients = [\"vpn2\"]\n", true},
	} {
		clients := oneClient + strings.NewReplacer("vpn1", "vpn2", "2.1/32", "2.2/32").Replace(oneClient)
		_, warnings := loadReplies(t, clients+"[[radius.reply]]\n"+test.first+half+"[[radius.reply]]\n"+test.second+half)
		if warned := strings.Contains(fmt.Sprint(warnings), "radius.reply: the attributes of all that could match come to 4080 octets"); warned != test.warned {
			t.Errorf("%s: %v", title, warnings)
		}
	}
}

// The shipped example of a reply is one, once it is uncommented.
func TestShippedReply(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/vpn-otpd.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(shipped), "# [[radius.reply]]\n")
	example, _, _ = strings.Cut(example, "#\n")
	config, _ := loadReplies(t, oneClient+"[[radius.reply]]\n"+regexp.MustCompile(`(?m)^# ?`).ReplaceAllString(example, ""))
	got := config.Replies.For("vpn1", access.Decision{User: "alice", Groups: []string{"STAFF"}})
	if len(got) != 4 {
		t.Errorf("%v of\n%s", got, example)
	}
}

// Users are named by the rule for names that the daemon was started with.
func TestReloadKeepsTheNamesOfReplies(t *testing.T) {
	t.Parallel()
	reply := "[[radius.reply]]\nusers = [\"alice@example.org\"]\nattributes = { Class = \"a\" }\n"
	started, _ := loadReplies(t, oneClient+reply)
	changed, _ := loadReplies(t, oneClient+reply+"[names]\nrealm = \"strip\"\n")
	of := func(c *Config, user string) int { return len(c.Replies.For("vpn1", access.Decision{User: user})) }
	if of(started, "alice@example.org") != 1 || of(changed, "alice") != 1 || of(changed, "alice@example.org") != 0 {
		t.Fatal("the rule for names isn't followed")
	}
	changed.keepStatic(started)
	if of(changed, "alice@example.org") != 1 {
		t.Error("a name that follows the new rule is in force, and the old rule is")
	}
}

func TestManyReplies(t *testing.T) {
	t.Parallel()
	text := oneClient + strings.Repeat("[[radius.reply]]\nattributes.Class = \"a\"\n", mostReplies+1)
	if _, _, err := loadText(t, text); err == nil || !strings.Contains(err.Error(), "1001 of them: 1000 are the most") {
		t.Error(err)
	}
}
